"""A run's key depends on everything that changes its weights, and on nothing else."""

import functools
import hashlib
import inspect
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import code, device, losses, models, training
from sr_utils.data import images, patches, sets
from sr_utils.device import keras
from sr_utils.evaluation import metrics, scores
from sr_utils.models import layers
from sr_utils.training import configuration


def planned(data="sample", loss="mse", profile="smoke"):
    return configuration.plan("srcnn", 0, profile, str(data), loss).folder.name


@pytest.fixture
def folder(tmp_path, picture):
    (tmp_path / "photos").mkdir()
    for name in "abc":
        Image.fromarray(picture(48, 56, ord(name))).save(tmp_path / "photos" / f"{name}.png")
    return tmp_path / "photos"


def altered(monkeypatch, module, old: str, new: str):
    before = inspect.getsource
    assert old in before(module)
    edited = {module: before(module).replace(old, new)}
    monkeypatch.setattr(inspect, "getsource", lambda part: edited.get(part) or before(part))


@pytest.mark.parametrize(("module", "old", "new"), [
    (images, "Image.BICUBIC", "Image.BILINEAR"),
    (patches, "rng.integers(4)", "rng.integers(2)"),
    (losses, "ops.mean(ops.square(gram", "ops.sum(ops.square(gram"),
    (layers, "-0.5, 0.5", "-0.4, 0.5"),
])  # fmt: skip
def test_edited_code_is_another_key_and_another_recipe(monkeypatch, module, old, new):
    before, recipe = planned(), configuration.todays_recipe("srcnn", "mse", "smoke")
    altered(monkeypatch, module, old, new)
    after = planned()
    assert before != after and before.rpartition("_")[0] == after.rpartition("_")[0]
    assert configuration.todays_recipe("srcnn", "mse", "smoke") != recipe


def own_loss(profile):
    return keras.losses.Huber(delta=255)


def test_the_formula_of_a_loss_of_ones_own_is_a_part_of_the_key(monkeypatch):
    monkeypatch.setitem(losses.LOSSES, "mine", own_loss)
    before = planned(loss="mine")
    altered(monkeypatch, sys.modules[__name__], "delta=255)\n", "delta=1)\n")
    assert planned(loss="mine") != before


TYPED = """
WEIGHT = 2
def difference(hr, sr):
    return WEIGHT * abs(hr - 1 * sr)
def made(profile):
    return difference
class Dimmed(keras.layers.Layer):
    def call(self, x):
        return 0.5 * x
"""


@pytest.mark.parametrize(("old", "new"), [("WEIGHT = 2", "WEIGHT = 3"), ("1 * sr", "2 * sr"), ("0.5 * x", "0.6 * x")])
def test_what_is_typed_into_a_notebook_is_a_part_of_the_key(monkeypatch, old, new):
    monkeypatch.setitem(sys.modules, "typed", session := types.ModuleType("typed"))
    session.keras, keys = keras, []
    for source in (TYPED, TYPED, TYPED.replace(old, new)):
        exec(source, vars(session))
        monkeypatch.setitem(losses.LOSSES, "typed", functools.partial(session.made))
        network = keras.Sequential([keras.Input((None, None, 3)), session.Dimmed(), keras.layers.UpSampling2D(4)])
        monkeypatch.setitem(models.MODELS, "typed", lambda network=network: network)
        keys.append(configuration.plan("typed", 0, "smoke", "sample", "typed").folder.name)
    assert keys[0] == keys[1] != keys[2]


def test_a_recipe_knows_network_loss_and_schedule_but_no_precision(monkeypatch):
    each = ("srcnn", "mse", "quick"), ("plain", "mse", "quick"), ("srcnn", "mae", "quick"), ("srcnn", "mse", "standard")
    first, *others = (configuration.todays_recipe(*of) for of in each)
    assert len({first, *others}) == 4
    assert configuration.recipe(configuration.plan("srcnn", 3, "quick", "sample").config) == first
    other = {"bfloat16": "float32", "float32": "mixed_bfloat16"}[device.setup()["precision"]]
    monkeypatch.setattr(device, "setup", lambda: keras.config.set_dtype_policy(other))
    assert configuration.todays_recipe("srcnn", "mse", "quick") == first


def test_comments_docstrings_layout_and_own_names_are_no_code():
    one = 'def f(a, b=1):\n    """Says."""\n    total = g(a) + b  # one more\n    return total\n'
    same = "def other(x, y=1):\n\n    s = g(x) + y\n    return s\n"
    assert code._normal_form(one) == code._normal_form(same)
    for changed in (one.replace("g(a)", "h(a)"), one.replace("b=1", "b=2"), one.replace("+ b", "+ a")):
        assert code._normal_form(changed) != code._normal_form(one)


def test_code_has_one_form_on_every_python():
    """Python 3.12 writes f-strings otherwise than 3.11, so that rows recorded by one were stale on the other."""
    source = """def f(a, b: int = 1, *c, d=(), **e):
    if (n := a.b[1:]) and not None:
        raise E(f"{a!r} of {', '.join(b)}: {d:>{e}.2f}" " end") from None
    return lambda x: {**x, 1: [y async for y in z]}
"""
    assert hashlib.sha256(code._normal_form(source).encode()).hexdigest()[:12] == "e38db89f2ef6"


def test_names_that_keras_gives_are_no_part_of_a_key():
    def network():
        x = lr = keras.Input((None, None, 3))
        for filters in (8, 48):
            x = keras.layers.Conv2D(filters, 3, padding="same")(x)
        return keras.Model(lr, x)

    assert configuration._network(network()) == configuration._network(network())


def test_another_picture_of_the_same_name_and_size_is_another_key(folder, picture):
    file = folder / "d.bmp"  # not compressed
    Image.fromarray(picture(48, 56)).save(file)
    before, size, (pair,) = planned(folder), file.stat().st_size, (p for p in sets.load(folder).train if p.name == "d")
    assert np.array_equal(pair.hr, picture(48, 56))
    Image.fromarray(picture(48, 56, 1)).save(file)
    assert file.stat().st_size == size and planned(folder) != before
    assert np.array_equal(pair.hr, picture(48, 56, 1))  # nothing is trained with its old pixels


def test_a_folder_is_one_set_wherever_it_is_named_from(folder, monkeypatch):
    before = planned(folder)
    monkeypatch.chdir(folder.parent)
    assert planned("photos") == planned("./photos/") == before
    shutil.move(folder, folder.parent / "elsewhere")
    (folder.parent / "deep").mkdir()
    shutil.move(folder.parent / "elsewhere", folder.parent / "deep/photos")
    assert planned(folder.parent / "deep/photos") == before


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_text(file.read_text().replace(".", "1.", 1))])
def test_a_damaged_history_is_named_and_trained_again(kept, change, capsys):
    change(kept.folder / "history.csv")
    again = training.train("post_upsampling", 0, "smoke", "sample")
    assert "is damaged; moved aside, and trained again" in capsys.readouterr().out
    assert again.history.equals(kept.history) and len(list(kept.folder.parent.glob("*.old-*"))) == 1


def test_kept_scores_are_computed_again_when_a_metric_changes(kept, monkeypatch):
    images = {"sample": sets.load("sample").valid[:1]}
    before = scores.score_all([kept], images)
    altered(monkeypatch, metrics, "return float(np.std", "return 2 * float(np.std")
    monkeypatch.setattr(metrics, "METRICS", {name: lambda sr, hr: 7.0 for name in metrics.METRICS})
    assert set(scores.score_all([kept], images).gmsd) == {7.0}
    monkeypatch.undo()
    pd.testing.assert_frame_equal(scores.score_all([kept], images), before)
