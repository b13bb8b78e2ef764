"""Crops, error maps, patches and the grid: every pixel is where it should be, and nothing is smoothed."""

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError, paths, plots
from sr_utils.data.images import downscale, upsample
from sr_utils.evaluation.metrics import psnr
from sr_utils.plots import artefacts
from sr_utils.plots.pictures import clearest_window


@pytest.fixture
def scene(picture):
    hr = picture(160, 200)
    lr = downscale(hr)
    noisy = np.clip(hr.astype(int) + np.random.default_rng(0).integers(-2, 3, hr.shape), 0, 255).astype(np.uint8)
    return {"lr": lr, "bicubic": upsample(lr), "srcnn": noisy, "hr": hr}


def texts(fig):
    return [*fig.texts, *(text for ax in fig.axes for text in ax.texts)]


def size(image):
    """Width and height in pixels of the screen."""
    left, right, bottom, top = image.get_extent()
    return right - left, bottom - top


def words(fig):
    return [text.get_text() for text in texts(fig)]


def test_crops_are_one_window_at_an_integer_zoom_and_the_best_is_bold(scene):
    fig = plots.crops({"a scene": scene}, psnr, {"a scene": (40, 60)})
    whole, *panels = fig.axes[0].images
    window = np.s_[40:104, 60:124]
    for panel, label in zip(panels, scene, strict=True):
        image = upsample(scene["lr"], "nearest") if label == "lr" else scene[label]
        assert np.array_equal(panel.get_array(), image[window])
        assert size(panel) == (192, 192) and panel.get_interpolation() == "nearest"
    best = [text.get_text() for text in fig.axes[0].texts if text.get_weight() == "bold"]
    assert best == [f"{psnr(scene['srcnn'][window], scene['hr'][window]):.2f} dB"]
    assert plots.crops({"a": scene, "b": scene}, psnr).get_suptitle() == (
        "By PSNR, SRCNN comes nearest to HR in 2 of 2 windows"
    )
    frame = fig.axes[0].patches[-1]
    scale = size(whole)[1] / 160
    assert frame.get_xy() == pytest.approx((60 * scale, 40 * scale))
    assert frame.get_width() == pytest.approx(64 * scale)


def test_a_saved_crop_has_each_hr_pixel_as_nine_of_the_screen(scene):
    plots.save(plots.crops({"a scene": scene}, psnr, {"a scene": (40, 60)}), "crops", "smoke", "note")
    with Image.open(paths.figures() / "smoke/crops.png") as page:
        pixels = np.asarray(page.convert("RGB"))
    crop = np.kron(scene["hr"][40:104, 60:124], np.ones((3, 3, 1), np.uint8))
    right = pixels[:, -192:]
    assert any(np.array_equal(right[y : y + 192], crop) for y in range(len(right) - 191))


def test_the_window_is_where_an_edge_can_be_recovered():
    """Beside a clear edge stands noise with a larger error, which nobody can recover."""
    hr = np.full((256, 256, 3), 100, np.uint8)
    hr[60:100, :128] = 190  # an edge at the left
    noise = np.random.default_rng(0).integers(60, 141, (256, 90, 1), np.uint8)
    hr[:, 166:] = np.repeat(noise, 3, axis=2)
    lr = downscale(hr)
    y, x = clearest_window(lr, hr, 64)
    assert x + 64 <= 166 and 0 <= y <= 100
    assert y % 4 == x % 4 == 0
    error = np.square(upsample(lr) - hr.astype(float)).mean(-1)
    assert error[:, 166:].mean() > error[40:120, :128].mean()  # so that the largest error alone would miss it


def test_an_image_smaller_than_the_window_is_told(picture):
    hr = picture(60, 80)
    with pytest.raises(StudyError, match="80×60 pixels is smaller than a 64×64 crop; use larger images"):
        clearest_window(downscale(hr), hr, 64)


@pytest.mark.parametrize(
    ("dataset", "stem", "name"),
    [("Set5", "img_003", "butterfly"), ("Set14", "img_014", "zebra"), ("BSD100", "img_003", "img_003"),
     ("Set5", "img_009", "img_009"), ("sample", "chelsea", "chelsea")],
)  # fmt: skip
def test_benchmark_pictures_have_their_usual_names(dataset, stem, name):
    assert plots.picture_name(dataset, stem) == name


def test_error_maps_show_the_difference_of_luma(scene):
    fig = plots.error_maps({"a scene": scene}, psnr)
    maps = [image for image in fig.axes[0].images if image.get_array().ndim == 2]
    y, x = clearest_window(scene["lr"], scene["hr"], 60)
    window = np.s_[y : y + 60, x : x + 60]
    luma = {k: np.asarray(Image.fromarray(scene[k][window]).convert("L"), int) for k in ("bicubic", "srcnn", "hr")}
    for image, label in zip(maps[:2], ("bicubic", "srcnn"), strict=True):
        assert np.abs(image.get_array().astype(int) - np.abs(luma[label] - luma["hr"])).max() <= 1
        assert image.get_clim() == (0, 48)
    means = [text for text in texts(fig) if text.get_text().startswith("mean error")]
    assert [text.get_weight() for text in means] == ["normal", "bold"]


def test_training_patches_stand_above_their_lr(picture):
    hr = np.stack([picture(48, 48, i) for i in range(3)])
    lr = np.stack([downscale(each) for each in hr])
    fig = plots.training_patches(lr, hr)
    shown = [image.get_array() for image in fig.axes[0].images]
    assert [len(each) for each in shown] == [48] * 3 + [12] * 3 and np.array_equal(shown[4], lr[1])
    assert {size(image) for image in fig.axes[0].images} == {
        (96, 96)
    }  # two screen pixels per HR pixel, eight per LR pixel
    assert {"HR\n48²", "LR\n12²"} <= set(words(fig))


def test_the_grid_is_measured_and_found():
    """A pattern of period four with a standard deviation of two grey levels, in one corner of a flat picture."""
    hr = np.full((96, 128, 3), 120, np.uint8)
    tile = np.tile(np.array([[2, -2, 2, -2], [-2, 2, -2, 2]] * 2), (8, 8))[..., None]
    sr = hr.astype(int)
    sr[64:, 96:] += tile
    sr = sr.astype(np.uint8)
    assert artefacts.pattern(sr)[2, 3] == pytest.approx(2, abs=0.01) and artefacts.pattern(hr).max() < 1e-6
    slope = np.repeat(np.tile(np.arange(128, dtype=np.uint8)[None, :, None], (96, 1, 1)), 3, axis=2)
    edge = hr.copy()
    edge[:, 57:] = 250
    assert artefacts.pattern(slope)[1, 1:3].max() < 0.01 and artefacts.pattern(edge).max() < 0.01  # no grid in them
    rng = np.random.default_rng(0)
    tile = rng.integers(-5, 6, (4, 4))
    other = (hr.astype(int) + np.tile(tile, (24, 32))[..., None]).astype(np.uint8)
    assert artefacts.pattern(other)[0, 0] == pytest.approx(tile.std(), abs=0.01)  # all of it, whatever its shape
    images = {"one": {"srcnn": hr, "hr": hr}, "two": {"lr": downscale(hr), "srcnn": hr, "pre_upsampling": sr, "hr": hr}}
    scene, label, y, x = artefacts.strongest(images)
    assert (scene, label, y, x) == ("two", "pre_upsampling", 64, 96)
    fig = plots.grid_artefact(images)
    assert words(fig)[1:6] == ["SRCNN", "grid 0.0 grey levels", "pre-upsampling", "grid 2.0 grey levels", "grid"]
    assert words(fig).count("grid") == 1
    assert "2.0 grey levels in pre-upsampling's two" in fig.get_suptitle()
    none = plots.grid_artefact({"one": {"srcnn": hr, "hr": hr}})
    assert "strongest: 0.0 grey levels" in none.get_suptitle() and "grid" not in words(none)
