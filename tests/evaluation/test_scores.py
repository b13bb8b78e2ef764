from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError, filters
from sr_utils.data import sets
from sr_utils.evaluation import psnr, scores
from sr_utils.evaluation.upscaling import upscale


@pytest.mark.parametrize(("y", "x"), [(24, 40), (56, 72)])
def test_the_hardest_crop_is_the_worst_of_all(picture, y, x):
    hr = picture(64, 80)
    hr = hr.copy()
    hr[y : y + 8, x : x + 8] = np.random.default_rng(0).integers(0, 256, (8, 8, 3))
    pair = SimpleNamespace(name="x", lr=sets.downscale(hr), hr=hr)
    error = np.square(upscale("bicubic", pair.lr) - hr.astype(float)).mean(-1)
    windows = {(y, x): error[y : y + 16, x : x + 16].mean() for y in range(0, 49, 4) for x in range(0, 65, 4)}
    assert scores.hardest_crop(pair, 16) == max(windows, key=windows.get)
    with pytest.raises(StudyError, match="x is smaller than a 68×68 crop; use larger images"):
        scores.hardest_crop(pair, 68)


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
