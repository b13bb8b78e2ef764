"""The weights that come with the study: size, scores, card, and `make weights`."""

import json
import re

import h5py
import numpy as np
import pytest

from sr_utils import models, paths
from sr_utils.data import load
from sr_utils.evaluation import scores
from sr_utils.models import pretrained
from tools import weights
from tools.readme import fill

TOLERANCE = 0.02  # dB between processors and precisions


def test_the_scores_are_the_cards_and_their_order_is_right():
    """PSNR and SSIM of the loaded weights on the sample images, against what was recorded when they were made."""
    sets, found = {"sample": load("sample").valid}, []
    for arm in ("srcnn", "combined"):
        means, recorded = weights.mean_scores(models.load(arm), sets)["sample"], pretrained.record()[arm]["scores"]
        assert means["psnr"] == pytest.approx(recorded["sample"]["psnr"], abs=TOLERANCE)
        assert means["ssim"] == pytest.approx(recorded["sample"]["ssim"], abs=0.001)
        found.append(means["psnr"])
    assert weights.mean_scores("bicubic", sets)["sample"]["psnr"] < found[0] < found[1]


@pytest.mark.parametrize("arm", weights.SHIPPED)
def test_the_scores_on_set5_are_the_cards(arm, sr_data):
    means = weights.mean_scores(models.load(arm), {"Set5": sr_data.load("Set5").valid})
    assert means["Set5"]["psnr"] == pytest.approx(pretrained.record()[arm]["scores"]["Set5"]["psnr"], abs=TOLERANCE)


def test_they_are_small_and_float16():
    files = list(pretrained.FOLDER.glob("*.h5"))
    assert len(files) == len(weights.SHIPPED) and sum(file.stat().st_size for file in files) < 4e6
    for file in files:
        kinds = []
        with h5py.File(file) as content:
            content.visititems(lambda _, item, kinds=kinds: kinds.append(getattr(item, "dtype", None)))
        assert set(kinds) == {np.dtype(np.float16), None}  # numbers, and the groups that hold them


def test_the_tables_are_the_records():
    text = (pretrained.FOLDER / "README.md").read_text()
    assert "<!-- shipped -->\n| network" in text
    assert fill(text, pretrained.record(), weights.TABLES) == text


def test_make_weights_ships_what_it_trained(tmp_path, monkeypatch, capsys):
    """The whole command on another arm, at `smoke`: the file, its record, its rounding and the pages' tables."""
    monkeypatch.setattr(weights, "SHIPPED", {"post_upsampling": ("smoke", "sample", "mse")})
    monkeypatch.setattr(weights, "on_disk", list)
    monkeypatch.setattr(scores, "on_disk", list)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    monkeypatch.setattr(pretrained, "RECORD", tmp_path / "weights.json")
    (tmp_path / "README.md").write_text("<!-- shipped -->\n<!-- /shipped -->\n<!-- made -->\n<!-- /made -->\n")
    assert weights.main("post_upsampling") == 0
    record = json.loads((tmp_path / "weights.json").read_text())["post_upsampling"]
    assert record["profile"]["name"] == "smoke" and record["scores"]["sample"]["psnr"] > 0
    assert abs(record["rounding"]["sample"]) < 0.1
    (kept,) = paths.runs().glob("*/final.weights.h5")
    whole, half = models.build("post_upsampling"), models.load("post_upsampling")
    whole.load_weights(kept)
    psnr = [weights.mean_scores(model, {"sample": load("sample").valid})["sample"]["psnr"] for model in (whole, half)]
    assert record["rounding"]["sample"] == pytest.approx(psnr[1] - psnr[0], abs=1e-9)
    for before, after in zip(whole.get_weights(), half.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before.astype(np.float16).astype(np.float32))
    assert any((before != after).any() for before, after in zip(whole.get_weights(), half.get_weights(), strict=True))
    assert re.search(r"\*\*`post_upsampling`\*\* \| 80,720", (tmp_path / "README.md").read_text())
    assert weights.main("residual") == 1 and "'residual'" in capsys.readouterr().err
