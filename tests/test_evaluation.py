import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from sr_utils import StudyError, filters
from sr_utils.data import sets as data
from sr_utils.device import keras
from sr_utils.evaluation import scores as evaluation
from sr_utils.evaluation.upscale import MARGIN
from sr_utils.models import networks as models
from sr_utils.training import runs as training


@pytest.fixture
def pair_of_images(picture):
    hr = picture(60, 72)
    noise = np.random.default_rng(0).normal(0, 9, hr.shape)
    return (hr + noise).clip(0, 255).astype(np.uint8), hr


def bt601(image):
    """Luma by the standard's own numbers (ITU-R BT.601), independent of scikit-image."""
    return 16 + image.astype(float) @ [65.481, 128.553, 24.966] / 255


def test_psnr_by_hand(pair_of_images):
    sr, hr = pair_of_images
    difference = (bt601(sr) - bt601(hr))[4:-4, 4:-4]
    assert evaluation.psnr(sr, hr) == pytest.approx(10 * np.log10(255**2 / np.mean(difference**2)), abs=1e-3)
    assert evaluation.psnr(hr, hr) == float("inf")
    assert evaluation.psnr(sr, hr) == evaluation.psnr(hr, sr)


def test_ssim_against_scikit_image(pair_of_images):
    sr, hr = pair_of_images
    a, b = (bt601(image)[4:-4, 4:-4] for image in (sr, hr))
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    assert evaluation.ssim(sr, hr) == pytest.approx(structural_similarity(a, b, **settings), abs=1e-5)
    assert evaluation.ssim(hr, hr) == 1


def test_the_classical_mistakes_give_other_numbers(pair_of_images):
    sr, hr = pair_of_images
    ours = evaluation.psnr(sr, hr)

    def plain(a, b):
        return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))

    full_range = (image @ np.array([0.299, 0.587, 0.114]) for image in (sr, hr))
    assert abs(plain(sr, hr) - ours) > 0.5  # RGB
    assert plain(*full_range) < ours - 0.5  # luma in 0…255
    sr_border = sr.copy()
    sr_border[:4] = 0
    assert evaluation.psnr(sr_border, hr) == ours  # the shave leaves the border out


def test_set5_and_set14_bicubic_rows(sr_data):
    """Published: 28.42 / 0.8104 on Set5. Set14 is 26.00 to 26.09 dB in the literature, according to the cropping of
    its odd-sized images; the benchmark archive's LR, used here, crops HR to a multiple of 4."""
    for name, psnr, ssim in (("Set5", 28.42, 0.8104), ("Set14", 26.05, 0.7027)):
        scores = evaluation.score("bicubic", data.load(name).valid)
        assert scores.psnr.mean() == pytest.approx(psnr, abs=0.06 if name == "Set14" else 0.02)
        assert scores.ssim.mean() == pytest.approx(ssim, abs=0.006)


def test_upscale_rounds_and_clips():
    scale = keras.layers.Rescaling([-3, 0.6, 300], dtype="float32")
    model = keras.Sequential([keras.Input((None, None, 3)), scale])
    assert evaluation.upscale(model, np.ones((1, 1, 3), np.uint8)).tolist() == [[[0, 1, 255]]]


def test_a_window_is_the_whole_images(picture):
    """Up to the rounding of bfloat16, which depends on where a pixel falls in the processor's tiles."""
    hr = picture(240, 320)
    pair = data.Pair("x", None)
    pair._arrays[:] = data.downscale(hr), hr
    for arm in ("bicubic", models.build("residual")):
        whole = evaluation.upscale(arm, pair.lr).astype(int)
        for y, x in ((0, 0), (96, 132), (192, 272)):
            assert np.abs(whole[y : y + 48, x : x + 48] - evaluation.upscale_window(arm, pair, y, x, 48)).max() <= 2


def test_sharpness_knows_a_blur():
    rng = np.random.default_rng(0)
    hr = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert evaluation.sharpness(hr, hr) == pytest.approx(1)
    blurred = evaluation.upscale("bicubic", data.downscale(hr))
    assert evaluation.sharpness(blurred, hr) < 0.2


def test_mismatches_and_tiny_images_are_refused():
    a = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(StudyError, match="of one shape"):
        evaluation.psnr(a, a[:16])
    with pytest.raises(StudyError, match="nothing but border"):
        evaluation.psnr(a[:8, :8], a[:8, :8])
    with pytest.raises(StudyError, match="at least 19×19"):
        evaluation.ssim(a[:12, :12], a[:12, :12])
    with pytest.raises(StudyError, match="at least 14×14"):
        evaluation.gmsd(a[:13, :13], a[:13, :13])
    with pytest.raises(StudyError, match="HR is flat"):
        evaluation.sharpness(a, a)
    with pytest.raises(StudyError, match="no image to score"):
        evaluation.score("bicubic", [])


@pytest.mark.parametrize(("y", "x"), [(24, 40), (56, 72)])
def test_the_hardest_crop_is_the_worst_of_all(picture, y, x):
    hr = picture(64, 80)
    hr = hr.copy()
    hr[y : y + 8, x : x + 8] = np.random.default_rng(0).integers(0, 256, (8, 8, 3))
    pair = data.Pair("x", None)
    pair._arrays[:] = data.downscale(hr), hr
    error = np.square(evaluation.upscale("bicubic", pair.lr) - hr.astype(float)).mean(-1)
    windows = {(y, x): error[y : y + 16, x : x + 16].mean() for y in range(0, 49, 4) for x in range(0, 65, 4)}
    assert evaluation.hardest_crop(pair, 16) == max(windows, key=windows.get)
    with pytest.raises(StudyError, match="x is smaller than a 68×68 crop; use larger images"):
        evaluation.hardest_crop(pair, 68)


def test_pages_score_on_their_own_images_and_on_the_benchmarks_at_hand(tmp_path, monkeypatch, picture):
    for name in ("benchmark/Set5/HR", "BSDS500/images/train"):
        (tmp_path / name).mkdir(parents=True)
        Image.fromarray(picture(40, 48)).save(tmp_path / name / "a.png")
    monkeypatch.setenv("SR_DATA", str(tmp_path))
    assert list(evaluation.test_sets("sample")) == ["sample", "Set5"]
    assert list(evaluation.test_sets("bsds500")) == ["Set5"]  # it has no images of its own to validate on
    (tmp_path / "benchmark/Set5/HR/a.png").unlink()
    assert list(evaluation.test_sets("bsds500")) == ["sample"]


def test_a_sweep_scores_what_is_enhanced_and_finds_it_again(monkeypatch):
    run = training.train("post_upsampling", 0, "smoke", "sample")
    sets = {"sample": data.load("sample").valid[:1]}
    sweep = evaluation.strength_sweep(["bicubic", run], sets, [0, 0.5])
    (pair,) = sets["sample"]
    for arm, sr in (("bicubic", "bicubic"), ("post_upsampling", run.model)):
        enhanced = filters.edge_enhance(evaluation.upscale(sr, pair.lr), 0.5)
        rows = sweep[(sweep.arm == arm)].set_index("strength")
        assert rows.psnr[0.5] == pytest.approx(evaluation.psnr(enhanced, pair.hr))
        assert rows.psnr[0] == pytest.approx(evaluation.score_all([arm if arm == sr else run], sets).psnr[0])
    assert list(dict.fromkeys(evaluation.as_arms(sweep).arm))[:2] == ["bicubic enhanced 0", "bicubic enhanced 0.5"]
    monkeypatch.setattr(evaluation, "score", lambda *_: pytest.fail("scored again"))
    assert len(evaluation.strength_sweep([run], sets, [0, 0.5])) == 2


def test_the_margin_of_a_window_is_beyond_every_arms_sight():
    """With means for kernels, one bright LR pixel reaches exactly the SR pixels that see it."""
    side, sight = 61, {}
    for arm in models.MODELS:
        model = models.build(arm)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2D):
                layer.set_weights([np.full(layer.kernel.shape, 1 / np.prod(layer.kernel.shape[:3])), 0 * layer.bias])
        head = keras.Model(model.get_layer("centre").output, model.get_layer("grey_levels").input)
        spot = np.zeros((1, side, side, 3), np.float32)
        spot[:, side // 2, side // 2] = 1
        rows = np.asarray(head(spot))[0].any(axis=(1, 2)).nonzero()[0] // 4
        sight[arm] = np.abs(rows - side // 2).max()
    assert sight["combined"] == 18 == max(sight.values()) < MARGIN


def waves(*periods):
    """A grey picture of vertical waves, each ±20 grey levels."""
    row = 128 + sum(20 * np.cos(2 * np.pi * np.arange(200) / period) for period in periods)
    return np.repeat(np.repeat(np.rint(row)[None, :, None], 200, 0), 3, 2).astype(np.uint8)


def test_sharpness_does_not_take_the_borders_for_an_edge():
    """A ramp ends elsewhere than it starts, which is no detail: a picture of nothing else has none of HR's."""
    ramp = np.linspace(40, 210, 200)
    hr, sr = (np.tile(np.rint(row)[None, :, None], (200, 1, 3)).astype(np.uint8) for row in
              (ramp + 10 * np.cos(2 * np.pi * np.arange(200) / 8), ramp))  # fmt: skip
    assert evaluation.sharpness(sr, hr) < 0.02


def test_sharpness_begins_at_half_of_lrs_nyquist_frequency():
    """One cycle in 16 HR pixels: what is coarser does not count, what is finer does."""
    assert evaluation.sharpness(waves(12), waves(12, 40)) == pytest.approx(1, abs=0.02)
    assert evaluation.sharpness(waves(40), waves(12, 40)) == pytest.approx(0, abs=0.02)


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
    assert evaluation.gmsd(*pair_of_images) == pytest.approx(similarity.std(), rel=1e-4)
