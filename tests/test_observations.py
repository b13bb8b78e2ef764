from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sr_utils import filters
from sr_utils.data.images import upsample
from sr_utils.data.sets import load
from sr_utils.evaluation import probes as observations
from sr_utils.evaluation import scores as evaluation
from sr_utils.models import layers as bricks
from sr_utils.plots import forest
from sr_utils.training import runs as training


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(baseline, edge-enhanced arm) at `smoke`, and a place to keep what is observed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SR_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield [training.train(arm, 0, "smoke", "sample") for arm in ("srcnn", "srcnn_edge_input")]


def test_learning_measures():
    history = pd.Series([10, 4, 2, 1, 0], index=[1, 2, 3, 4, 5])
    assert observations.epochs_to(history, 0.8) == 3 and observations.epochs_to(history, 0.7) == 2.5
    assert observations.share_of_fall(history, 2) == pytest.approx(0.6)
    assert observations.epochs_to(pd.Series([1.0, 2.0], index=[1, 2])) == 2  # a loss that rises never gets there


def test_learning_has_a_row_per_run(trained):
    table = observations.learning(trained)
    mse = trained[0].history["val_mse"]
    assert list(table.arm) == ["srcnn", "srcnn_edge_input"] and table.area[0] == pytest.approx(mse.mean())
    assert table.first_fifth[0] == 0 and table.last_two_fifths[0] == 1  # of two epochs, the first is both


def test_the_parts_of_the_schedule_are_a_fifth_and_two():
    mse = pd.Series([100.0, 90, 50, 40, 30, 20, 15, 10, 5, 0], index=range(1, 11))
    run = SimpleNamespace(history=pd.DataFrame({"val_mse": mse}), label="srcnn", config={"seed": 0})
    table = observations.learning([run])
    assert table.first_fifth[0] == pytest.approx(0.1)  # two epochs: from 100 to 90
    assert table.last_two_fifths[0] == pytest.approx(0.2)  # after six: from 20 to 0


def test_final_losses_are_the_validation_loss_crop_by_crop(trained):
    table = observations.final_losses(trained[:1])
    assert len(table) == 64 and table.loss.mean() == pytest.approx(trained[0].history["val_mse"].iloc[-1], rel=1e-3)
    lr, hr = training.validation_crops(load("sample").valid, 24)
    sr = trained[0].model.predict(lr.astype(np.float32), batch_size=16, verbose=0)  # not rounded
    assert np.allclose(table.loss, np.mean((sr.astype(float) - hr) ** 2, axis=(1, 2, 3)), rtol=1e-5)
    assert observations.final_losses(trained[:1]).equals(table)  # kept beside the weights


def test_likeness_is_the_psnr_between_outputs(trained):
    pairs = load("sample").valid[:1]
    (row,) = observations.likeness(trained, {"sample": pairs}).to_dict("records")
    sr = [evaluation.upscale(run.model, pairs[0].lr) for run in trained]
    assert row["arm"] == "srcnn ~ srcnn_edge_input" and row["psnr"] == pytest.approx(evaluation.psnr(*sr))


def test_bilinear_interpolation_answers_a_ripple_with_itself(tmp_path):
    """A network that adds nothing passes every frequency on as it is: 0 dB."""
    lr, x = bricks.lr_input()
    run = SimpleNamespace(model=bricks.sr_output(lr, bricks.bilinear(x), "nothing"), folder=tmp_path, label="nothing")
    run.config = {"seed": 0}
    table = observations.response([run], load("sample").valid[:1])
    assert np.abs(table[[column for column in table if "gain" in column]]).max(axis=None) < 0.01


def test_the_response_of_an_untrained_network_shows_the_filter(trained):
    """Six steps undo nothing: the edge-enhanced arm's gain is the baseline's times the filter's."""
    table = observations.response(trained, load("sample").valid[:2])
    assert len(table) == 2 * 2 * 2 and {"gain 0.125", "response"} <= set(table.columns)
    gains = table.groupby("arm")["gain 0.0625"].mean()
    lift = 20 * np.log10(filters.wave_gain(0.0625))
    assert gains["srcnn_edge_input"] - gains["srcnn"] == pytest.approx(lift, abs=2.5)


def test_the_wave_gain_is_what_the_filter_does():
    wave = 128 + 20 * np.cos(2 * np.pi * np.arange(64) / 8)
    image = np.repeat(np.repeat(wave[None, :, None], 16, 0), 3, 2).round().astype(np.uint8)
    for strength in (0, 0.3, 1):
        middle = filters.edge_enhance(image, strength)[8, 8:56, 0].astype(float)
        assert np.ptp(middle) / 40 == pytest.approx(filters.wave_gain(1 / 8, strength), abs=0.05)


def test_the_first_layers_gain_by_hand(trained):
    kernel = np.asarray(trained[0].model.get_layer("conv_9").kernel).sum(axis=(0, 1, 2))
    assert observations.first_layer_gain(trained[0], [0.0])[0] == pytest.approx(np.sqrt(np.mean(kernel**2)), rel=1e-5)


def test_gmsd_tells_blur_from_a_shift_of_brightness(picture):
    hr = picture(96, 96).clip(0, 235).astype(np.uint8)
    blurred = upsample(upsample(hr, "bicubic")[::16, ::16], "bicubic")
    assert evaluation.gmsd(hr, hr) == 0 and evaluation.gmsd(hr + 20, hr) < 0.01
    assert evaluation.gmsd(blurred, hr) > 0.05


def test_the_figure_of_the_response_shows_the_table(trained):
    """Gains of both arms, the baseline's with the filter on top, and the spectra of the learnt first layers."""
    table = observations.response(trained, load("sample").valid[:1])
    left, right = forest.response(table, trained).axes
    lines = {line.get_label(): line for line in left.lines}
    columns = [column for column in table if column.startswith("gain ")]
    gains = table.groupby("arm")[columns].mean()
    lift = 20 * np.log10(filters.wave_gain(observations.FREQUENCIES))
    assert np.allclose(lines["SRCNN"].get_ydata(), gains.loc["srcnn"])
    assert np.allclose(lines["SRCNN, were the filter not undone"].get_ydata(), gains.loc["srcnn"] + lift)
    edge = right.lines[1]
    spectrum = observations.first_layer_gain(trained[1], edge.get_xdata())
    assert np.allclose(edge.get_ydata(), 20 * np.log10(spectrum))
