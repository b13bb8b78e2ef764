from dataclasses import replace

import numpy as np
import pytest

from sr_utils.data.sets import load
from sr_utils.evaluation import metrics, probes, upscale
from sr_utils.models import layers
from sr_utils.training import runs


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SR_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield [runs.train(arm, 0, "smoke", "sample") for arm in ("srcnn", "srcnn_edge_input")]


def test_the_distances_of_pictures(trained):
    """Between arms of one seed, and between an arm's seeds; kept beside the weights."""
    sets = {"sample": load("sample").valid[:1]}
    again = replace(trained[1], config={"seed": 1, "arm": "srcnn", "loss": "mse"})  # a stand-in for another seed
    again.model = trained[1].model
    arms = ("srcnn", "srcnn_edge_input")
    table = probes.picture_distances([*trained, again], sets, arms)
    first, second = (upscale(run.model, sets["sample"][0].lr) for run in trained)
    assert list(table[["arm", "other", "seed"]].itertuples(index=False, name=None)) == [
        ("srcnn", "srcnn_edge_input", 0), ("srcnn", "srcnn", 0), ("srcnn", "srcnn", 1),
    ]  # fmt: skip
    rms = np.sqrt(np.mean((first.astype(float) - second) ** 2))
    assert table.rms.tolist() == pytest.approx([rms] * 3) and table.gmsd[0] == metrics.gmsd(first, second) > 0
    assert probes.picture_distances([*trained, again], sets, arms).equals(table)
    alone = probes.picture_distances([*trained, again], sets)  # only the arms of claim 8
    assert set(alone.arm) == set(alone.other) == {"srcnn"}
    assert len(list(trained[0].folder.glob("distances-*"))) == 2


def test_bilinear_interpolation_answers_a_ripple_with_itself(tmp_path):
    lr, x = layers.lr_input()
    run = runs.Run({"seed": 0, "arm": "nothing", "loss": "mse"}, {}, None, tmp_path)
    run.model = layers.sr_output(lr, layers.bilinear(x), "nothing")
    table = probes.response([run], load("sample").valid[:1])
    assert np.abs(table[[column for column in table if "gain" in column]]).max(axis=None) < 0.01


def test_the_response_of_an_untrained_network_shows_the_filter(trained):
    """Six training steps hardly change it: the edge-enhanced arm's gain is the baseline's times the filter's."""
    table = probes.response(trained, load("sample").valid[:2])
    assert len(table) == 2 * 2 * 2 and {"gain 0.125", "response"} <= set(table.columns)
    gains = table.groupby("arm")["gain 0.0625"].mean()
    lift = 20 * np.log10(7 - 6 * np.cos(2 * np.pi * 0.0625))  # of the kernel's columns, −3, 7 and −3
    assert gains["srcnn_edge_input"] - gains["srcnn"] == pytest.approx(lift, abs=2.5)


def test_the_first_layers_gain_by_hand(trained):
    """The root mean square of what each kernel answers to a wave of four pixels, along either axis."""
    table = probes.first_layer(trained)
    assert list(dict.fromkeys(table.arm)) == ["srcnn", "srcnn_edge_input"] and len(table) == 2 * 50
    kernel = np.asarray(trained[1].model.get_layer("conv_9").kernel).sum(axis=2)
    wave = 1j ** np.arange(9)
    answers = [np.abs(np.tensordot(wave, kernel.sum(axis=axis), 1)) for axis in (0, 1)]
    row = table[(table.arm == "srcnn_edge_input") & (table.frequency == 1 / 4)]
    assert row.spectrum.item() == pytest.approx(np.sqrt(np.mean(np.square(answers))), rel=1e-5)
