import pytest
from PIL import Image

from sr_utils import filters
from sr_utils.data import sets
from sr_utils.evaluation import psnr, scores
from sr_utils.evaluation.upscaling import upscale


def test_each_picture_of_a_sweep_has_its_own_sr(picture, tmp_path):
    """Pictures of one size: strength 0 scores as the arm does."""
    for seed in range(9):
        Image.fromarray(picture(48, 48, seed)).save(tmp_path / f"{seed}.png")
    pairs = [sets.Pair(path.stem, path) for path in sorted(tmp_path.glob("*.png"))]
    swept = scores.strength_sweep(["bicubic"], {"a": pairs}, [0])
    assert swept.psnr.tolist() == scores.score_all(["bicubic"], {"a": pairs}).psnr.tolist()


def test_pages_score_on_their_own_images_and_on_the_benchmarks_at_hand(tmp_path, monkeypatch, picture):
    for name in ("benchmark/Set5/HR", "BSDS500/images/train"):
        (tmp_path / name).mkdir(parents=True)
        Image.fromarray(picture(40, 48)).save(tmp_path / name / "a.png")
    monkeypatch.setenv("SR_DATA", str(tmp_path))
    assert list(scores.test_sets("sample")) == ["sample", "Set5"]
    assert list(scores.test_sets("bsds500")) == ["Set5"]  # it has no images of its own to validate on
    (tmp_path / "benchmark/Set5/HR/a.png").unlink()
    assert list(scores.test_sets("bsds500")) == ["sample"]


def test_a_sweep_scores_what_is_enhanced_and_finds_it_again(kept, monkeypatch):
    images = {"sample": sets.load("sample").valid[:1]}
    sweep = scores.strength_sweep(["bicubic", kept], images, [0, 0.5])
    (pair,) = images["sample"]
    for arm, sr in (("bicubic", "bicubic"), ("post_upsampling", kept.model)):
        enhanced = filters.edge_enhance(upscale(sr, pair.lr), 0.5)
        rows = sweep[(sweep.arm == arm)].set_index("strength")
        assert rows.psnr[0.5] == pytest.approx(psnr(enhanced, pair.hr))
        assert rows.psnr[0] == pytest.approx(scores.score_all([arm if arm == sr else kept], images).psnr[0])
    monkeypatch.setattr(scores, "_once", lambda arm: lambda lr: pytest.fail("computed again"))
    assert len(scores.strength_sweep([kept], images, [0, 0.5])) == 2


def test_a_sweep_keeps_pictures_of_one_size_apart(picture, tmp_path):
    """At strength 0 it gives the scores, picture by picture."""
    for i in range(4):
        Image.fromarray(picture(48, 48, i)).save(tmp_path / f"{i}.png")
    images = {"mine": [sets.Pair(str(i), tmp_path / f"{i}.png") for i in range(4)]}
    sweep = scores.strength_sweep(["bicubic"], images, [0, 1])
    at_zero = sweep[sweep.strength == 0].drop(columns="strength").reset_index(drop=True)
    assert at_zero.equals(scores.score_all(["bicubic"], images)[at_zero.columns])
