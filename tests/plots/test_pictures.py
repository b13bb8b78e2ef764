"""Crops and whole pictures: every pixel is where it should be, and nothing is smoothed."""

import numpy as np
import pytest
from PIL import Image

from sr_utils import paths, plots
from sr_utils.data.images import downscale, upsample
from sr_utils.data.windows import telling_window
from sr_utils.evaluation.metrics import psnr


@pytest.fixture
def scene(picture):
    hr = picture(160, 200)
    lr = downscale(hr)
    noisy = np.clip(hr.astype(int) + np.random.default_rng(0).integers(-2, 3, hr.shape), 0, 255).astype(np.uint8)
    return {"lr": lr, "bicubic": upsample(lr), "srcnn": noisy, "hr": hr}


def size(image):
    """Width and height in pixels of the screen."""
    left, right, bottom, top = image.get_extent()
    return right - left, bottom - top


def words(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_crops_are_one_window_at_an_integer_zoom(scene):
    fig = plots.crops({"a scene": scene}, psnr, {"srcnn": "1,500 steps"})
    _, *panels = fig.axes[0].images
    y, x = telling_window(scene["lr"], scene["hr"], 60)
    window = np.s_[y : y + 60, x : x + 60]
    for panel, label in zip(panels, scene, strict=True):
        image = upsample(scene["lr"], "nearest") if label == "lr" else scene[label]
        assert np.array_equal(panel.get_array(), image[window])
        assert size(panel) == (180, 180) and panel.get_interpolation() == "nearest"
    place = words(fig).index("SRCNN")
    score = f"{psnr(scene['srcnn'][window], scene['hr'][window]):.2f} dB"
    assert words(fig)[place : place + 3] == ["SRCNN", "1,500 steps", score]
    frame, scale = fig.axes[0].patches[-1], 180 / 200  # the scene has the room of a window
    assert frame.get_xy() == pytest.approx((x * scale, y * scale)) and frame.get_width() == pytest.approx(60 * scale)


def test_a_saved_crop_has_each_hr_pixel_as_nine_of_the_screen(scene):
    plots.save(plots.crops({"a scene": scene}, psnr), "crops", "smoke", "note")
    with Image.open(paths.figures() / "smoke/crops.png") as page:
        pixels = np.asarray(page.convert("RGB"))
    y, x = telling_window(scene["lr"], scene["hr"], 60)
    crop = np.kron(scene["hr"][y : y + 60, x : x + 60], np.ones((3, 3, 1), np.uint8))
    right = pixels[:, -186:-6]
    assert any(np.array_equal(right[y : y + 180], crop) for y in range(len(right) - 179))


def test_the_smallest_scene_is_shown_whole(scene, picture):
    hr = picture(240, 320)
    other = {label: hr for label in scene} | {"lr": downscale(hr)}
    fig = plots.whole({"large": other, "small": scene}, ["bicubic", "srcnn", "hr"], psnr)
    for image, label in zip(fig.axes[0].images, ("bicubic", "srcnn", "hr"), strict=True):
        assert np.array_equal(image.get_array(), scene[label]) and size(image) == (200, 160)
    assert fig.get_suptitle() == "All of small, pixel by pixel"
    assert plots.whole({"large": other}, ["srcnn", "bicubic", "hr", "hr"], psnr).bbox.width <= 1148
