import numpy as np
import pytest
from PIL import Image

from sr_utils import filters
from sr_utils.data import sets
from sr_utils.evaluation import psnr, scores
from sr_utils.evaluation.upscaling import upscale


def test_pages_score_on_their_own_images_and_on_the_benchmarks_at_hand(tmp_path, monkeypatch, picture):
    for name in ("benchmark/Set5/HR", "BSDS500/images/train"):
        (tmp_path / name).mkdir(parents=True)
        Image.fromarray(picture(40, 48)).save(tmp_path / name / "a.png")
    monkeypatch.setenv("SR_DATA", str(tmp_path))
    assert list(scores.test_sets("sample")) == ["sample", "Set5"]
    assert list(scores.test_sets("bsds500")) == ["Set5"]  # it has no images of its own to validate on
    (tmp_path / "benchmark/Set5/HR/a.png").unlink()
    assert list(scores.test_sets("bsds500")) == ["sample"]


def test_a_sweep_scores_what_is_enhanced_and_finds_it_again(kept):
    images = {"sample": sets.load("sample").valid[:1]}
    sweep = scores.strength_sweep(["bicubic", kept], images, [0, 0.5])
    (pair,) = images["sample"]
    for arm, sr, entry in (("bicubic", "bicubic", "bicubic"), ("post_upsampling", kept.model, kept)):
        enhanced = filters.edge_enhance(upscale(sr, pair.lr), 0.5)
        rows = sweep[sweep.arm == arm].set_index("strength")
        assert rows.psnr[0.5] == pytest.approx(psnr(enhanced, pair.hr))
        assert rows.psnr[0] == pytest.approx(scores.score_all([entry], images).psnr[0])
    files = {file: file.stat().st_mtime_ns for file in kept.folder.glob("scores-*")}
    assert len(scores.strength_sweep([kept], images, [0, 0.5])) == 2
    assert files == {file: file.stat().st_mtime_ns for file in kept.folder.glob("scores-*")} != {}


def test_a_flat_image_is_named_and_left_out(picture, tmp_path):
    Image.fromarray(np.full((48, 48, 3), 90, np.uint8)).save(tmp_path / "sky.png")
    Image.fromarray(picture(48, 48)).save(tmp_path / "town.png")
    pairs = [sets.Pair(name, tmp_path / f"{name}.png") for name in ("sky", "town")]
    with pytest.warns(UserWarning, match="sky is of one colour"):
        assert list(scores.score("bicubic", pairs).image) == ["town"]
