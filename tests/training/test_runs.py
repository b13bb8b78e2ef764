import json
import random
import threading
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import StudyError, paths, profiles
from sr_utils.device import keras
from sr_utils.training import configuration, runs
from tests.conftest import SMOKE
from tools import reproduce


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.model.get_weights(), b.model.get_weights(), strict=True))


def test_a_run_is_kept_and_found_again(kept, monkeypatch):
    assert list(kept.history.index) == [1, 2] and np.isfinite(kept.history["val_mse"]).all()
    record = json.loads((kept.folder / "run.json").read_text())
    assert record["config"]["arm"] == "post_upsampling" and record["host"]["versions"]["keras"]
    assert kept.cost["parameters"] == sum(weights.size for weights in kept.model.get_weights())
    monkeypatch.setattr(runs, "_fit", lambda *_: pytest.fail("trained twice"))
    again = runs.train("post_upsampling", 0, "smoke", "sample")
    assert same(kept, again) and again.history.equals(pd.read_csv(kept.folder / "history.csv", index_col="epoch"))


def test_the_same_seed_gives_the_same_bits_also_if_it_is_watched_and_another_does_not(kept, monkeypatch, tmp_path):
    other = runs.train("post_upsampling", 1, "smoke", "sample")
    monkeypatch.setenv("SR_RUNS", str(tmp_path / "elsewhere"))
    again = runs.train(*SMOKE, callbacks=[keras.callbacks.TensorBoard(tmp_path / "events")])
    assert again.folder.name == kept.folder.name and same(kept, again) and not same(kept, other)
    assert again.history.equals(kept.history)
    assert list(tmp_path.glob("events/train/events.out.*")) and list(tmp_path.glob("events/validation/events.out.*"))


def test_other_threads_change_nothing(monkeypatch):
    """Neither a thread that trains (Keras keeps the dtype policy per thread) nor one that draws random numbers."""
    first = configuration.plan(*SMOKE).model
    untrained, built = configuration.models.build, []

    def disturbed(arm):
        random.seed(5)  # another thread's random.random() would have this effect
        return untrained(arm)

    monkeypatch.setattr(configuration.models, "build", disturbed)
    thread = threading.Thread(target=lambda: built.append(configuration.plan(*SMOKE).model))
    thread.start()
    thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), built[0].get_weights(), strict=True))
    assert [v.dtype_policy.name for v in first.layers] == [v.dtype_policy.name for v in built[0].layers]


def test_fresh_forgets_the_kept_runs_of_these_images_only(tmp_path, picture):
    """Runs of a folder with a longer name, or of another one with this name, stay; brackets are no pattern."""
    for folder in ("my[1]", "my[1]_old", "elsewhere/my[1]"):
        (tmp_path / folder).mkdir(parents=True)
        for i in range(2):
            Image.fromarray(picture(48, 48, len(folder) + i)).save(tmp_path / folder / f"{i}.png")

    def planned(folder, seed):
        return configuration.plan("srcnn", seed, "smoke", str(tmp_path / folder)).folder

    kept = [planned("my[1]", 0), planned("my[1]_old", 1), planned("elsewhere/my[1]", 1)]
    for folder in [gone := planned("my[1]", 1), *kept]:
        folder.mkdir(parents=True)
    reproduce.set_aside("smoke", str(tmp_path / "my[1]"), [1])
    assert not gone.exists() and all(folder.exists() for folder in kept)
    assert len(list(paths.runs().glob("smoke_*"))) == 4  # moved aside, not deleted


def schedule(profile):
    config = {"profile": asdict(profile), "rate": configuration.rate("srcnn", "mse", profile)}
    return configuration.optimizer(config)._learning_rate


def test_the_paper_profile_is_the_protocol():
    paper = profiles.get("paper")
    assert (paper.patch, paper.batch, paper.epochs, paper.steps) == (96, 16, 50, 1000)
    assert configuration.rate("residual", "mse", paper) == 1e-4  # the original's, for every arm
    rate = schedule(paper)
    assert float(rate(19_999)) == pytest.approx(1e-4) and float(rate(20_001)) == pytest.approx(5e-5)
    assert paper.vgg_layers == ("block1_pool", "block5_pool") and profiles.get(paper) is paper


@pytest.mark.parametrize(("arguments", "message"), [
    (("vdsr", 0, "smoke", "sample"), "no arm 'vdsr'"),
    (("srcnn", 0, "tiny", "sample"), "no profile 'tiny'; choose one of smoke, quick, standard"),
    (("srcnn", 1.5, "smoke", "sample"), "non-negative integers"),
    (("srcnn", 0, "smoke", "nowhere"), "no image set or folder 'nowhere'; choose one of sample"),
    (("srcnn", 0, "smoke", "Set5"), "Set5 is a benchmark, for scoring only; train on sample"),
    (("srcnn", 0, "smoke", "sample", "psnr"), "no loss 'psnr'"),
    (("srcnn", 0, "smoke", "sample", "perceptual"), "needs ImageNet's weights; set VGG_WEIGHTS"),
])  # fmt: skip
def test_a_training_with_a_mistake_ends_in_a_sentence(arguments, message, tmp_path, monkeypatch, picture):
    (tmp_path / "benchmark/Set5/HR").mkdir(parents=True)
    Image.fromarray(picture(40, 40)).save(tmp_path / "benchmark/Set5/HR/a.png")
    monkeypatch.setenv("SR_DATA", str(tmp_path))
    with pytest.raises(StudyError, match=message):
        runs.train(*arguments)


@pytest.mark.parametrize("seeds", ["one,two", "1,1", "", "-1", [1, 1], [], 2**32])
def test_bad_seeds(seeds):
    with pytest.raises(StudyError, match="different non-negative integers"):
        profiles.check_seeds(seeds)
