import numpy as np
import pytest
from skimage.metrics import structural_similarity

from sr_utils import StudyError
from sr_utils.data import load
from sr_utils.evaluation import gmsd, psnr, score, sharpness, ssim


@pytest.fixture
def pair_of_images(picture):
    hr = picture(60, 72)
    noise = np.random.default_rng(0).normal(0, 9, hr.shape)
    return (hr + noise).clip(0, 255).astype(np.uint8), hr


def bt601(image):
    """Luma with the coefficients of the standard (ITU-R BT.601), independent of scikit-image."""
    return 16 + image.astype(float) @ [65.481, 128.553, 24.966] / 255


def test_psnr_by_hand_and_ssim_against_scikit_image(pair_of_images):
    sr, hr = pair_of_images
    a, b = (bt601(image)[4:-4, 4:-4] for image in (sr, hr))
    assert psnr(sr, hr) == pytest.approx(10 * np.log10(255**2 / np.mean((a - b) ** 2)), abs=1e-3)
    assert psnr(hr, hr) == float("inf") and psnr(sr, hr) == psnr(hr, sr)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    assert ssim(sr, hr) == pytest.approx(structural_similarity(a, b, **settings), abs=1e-5)
    assert ssim(hr, hr) == 1 and gmsd(hr, hr) == 0


def test_set5_and_set14_bicubic_rows(sr_data):
    """Published: 28.42 / 0.8104 on Set5; on Set14 26.00 to 26.09 dB, according to the cropping of odd-sized images."""
    for name, decibels, similarity in (("Set5", 28.42, 0.8104), ("Set14", 26.05, 0.7027)):
        scores = score("bicubic", load(name).valid)
        assert scores.psnr.mean() == pytest.approx(decibels, abs=0.06 if name == "Set14" else 0.02)
        assert scores.ssim.mean() == pytest.approx(similarity, abs=0.006)


def test_mismatches_and_tiny_images_are_refused():
    a = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(StudyError, match="of one shape"):
        psnr(a, a[:16])
    for metric, side in ((psnr, 9), (gmsd, 14), (ssim, 19)):
        assert np.isfinite(metric(a[:side, :side], a[:side, :side])) or metric is psnr
        with pytest.raises(StudyError, match=f"at least {side}×{side}"):
            metric(a[: side - 1], a[: side - 1])
    with pytest.raises(StudyError, match="HR is flat"):
        sharpness(a, a)
    with pytest.raises(StudyError, match="no image to score"):
        score("bicubic", [])


def waves(*periods):
    row = 128 + sum(20 * np.cos(2 * np.pi * np.arange(200) / period) for period in periods)
    return np.repeat(np.repeat(np.rint(row)[None, :, None], 200, 0), 3, 2).astype(np.uint8)


def test_sharpness_begins_at_half_of_lrs_nyquist_frequency():
    assert sharpness(waves(12), waves(12, 40)) == pytest.approx(1, abs=0.02)
    assert sharpness(waves(40), waves(12, 40)) == pytest.approx(0, abs=0.02)
    assert sharpness(waves(12), waves(12, 5), 1 / 8) == pytest.approx(0, abs=0.02)


def test_gmsd_by_hand(pair_of_images):
    """Xue et al., 2014, written out: 2×2 means, Prewitt's kernels, similarity with c = 170, standard deviation."""

    def gradient(image):
        y = bt601(image)[4:-4, 4:-4]
        half = (y[::2, ::2] + y[1::2, ::2] + y[::2, 1::2] + y[1::2, 1::2]) / 4
        columns, rows = half[:, 2:] - half[:, :-2], half[2:] - half[:-2]
        x = (columns[:-2] + columns[1:-1] + columns[2:]) / 3
        y = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3
        return np.sqrt(x**2 + y**2)

    a, b = map(gradient, pair_of_images)
    similarity = (2 * a * b + 170) / (a**2 + b**2 + 170)
    assert gmsd(*pair_of_images) == pytest.approx(similarity.std(), rel=1e-4)
