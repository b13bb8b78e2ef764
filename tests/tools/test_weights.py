"""The weights that come with the study: size, scores, card, and `make weights`."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from sr_utils import models, paths
from sr_utils.data.sets import ImageSet, load, on_disk
from sr_utils.evaluation import scores
from sr_utils.models import pretrained
from tools import run, weights
from tools.readme import fill

TOLERANCE = 0.02  # dB between processors and precisions


def test_the_scores_are_the_cards_and_their_order_is_right():
    sets = {name: load(name).valid for name in ("sample", "Set5") if name in ("sample", *on_disk())}
    found = {arm: weights.mean_scores(models.load(arm), sets) for arm in ("srcnn", "combined")}
    for arm, means in found.items():
        for name, recorded in pretrained.record()[arm]["scores"].items():
            if name in sets:
                assert means[name]["psnr"] == pytest.approx(recorded["psnr"], abs=TOLERANCE)
                assert means[name]["ssim"] == pytest.approx(recorded["ssim"], abs=0.001)
    bicubic = weights.mean_scores("bicubic", sets)
    assert bicubic["sample"]["psnr"] < found["srcnn"]["sample"]["psnr"] < found["combined"]["sample"]["psnr"]


def test_the_tables_are_the_records():
    text = (pretrained.FOLDER / "README.md").read_text()
    assert "<!-- shipped -->\n| network" in text
    assert fill(text, pretrained.record(), weights.TABLES) == text


def test_make_weights_ships_what_it_trained(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(weights, "SHIPPED", {"post_upsampling": ("smoke", "sample", "mse")})
    monkeypatch.setattr(weights, "on_disk", list)
    monkeypatch.setattr(scores, "on_disk", list)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    monkeypatch.setattr(pretrained, "RECORD", tmp_path / "weights.json")
    (tmp_path / "README.md").write_text("<!-- shipped -->\n<!-- /shipped -->\n<!-- made -->\n<!-- /made -->\n")
    assert run("weights", weights.main, "post_upsampling") == 0
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
    assert run("weights", weights.main, "residual") == 1 and "'residual'" in capsys.readouterr().err


def test_the_examples_are_drawn_by_what_ships(tmp_path, monkeypatch):
    monkeypatch.setenv("SR_FIGURES", str(tmp_path))
    large = next(pair for pair in load("sample").valid if min(pair.hr.shape[:2]) >= 512)
    pairs = [replace(large, name=name) for name in {name for name, _ in weights.EXAMPLES.values()}]
    monkeypatch.setattr(weights, "load", lambda _: ImageSet("Set14", [], pairs))
    weights.examples()
    assert (tmp_path / "weights/examples.png").stat().st_size > 100_000
