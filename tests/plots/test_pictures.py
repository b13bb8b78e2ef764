"""Crops and whole pictures: every pixel is where it should be, and nothing is smoothed."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import paths, plots
from sr_utils.data.images import downscale, upsample
from sr_utils.data.windows import telling_window
from sr_utils.evaluation.metrics import psnr
from sr_utils.plots.pictures import CELL, SIDE


@pytest.fixture
def scene(picture):
    hr = picture(160, 200)
    lr = downscale(hr)
    noisy = np.clip(hr.astype(int) + np.random.default_rng(0).integers(-2, 3, hr.shape), 0, 255).astype(np.uint8)
    return {"lr": lr, "bicubic": upsample(lr), "srcnn": noisy, "hr": hr}


def size(image):
    left, right, bottom, top = image.get_extent()
    return right - left, bottom - top


def words(fig):
    return [text.get_text() for ax in fig.axes for text in ax.texts]


def test_crops_are_one_window_at_an_integer_zoom(scene):
    fig = plots.crops({"a scene": scene}, psnr, {"srcnn": "1,500 steps"})
    _, *panels = fig.axes[0].images
    y, x = telling_window(scene["lr"], scene["hr"], SIDE)
    window = np.s_[y : y + SIDE, x : x + SIDE]
    for panel, label in zip(panels, scene, strict=True):
        image = upsample(scene["lr"], "nearest") if label == "lr" else scene[label]
        assert np.array_equal(panel.get_array(), image[window])
        assert size(panel) == (CELL, CELL) and panel.get_interpolation() == "nearest"
    place = words(fig).index("SRCNN")
    score = f"{psnr(scene['srcnn'][window], scene['hr'][window]):.2f} dB"
    assert words(fig)[place : place + 3] == ["SRCNN", "1,500 steps", score]
    frame, scale = fig.axes[0].patches[-1], CELL / 200  # the scene has the room of a window
    assert frame.get_xy() == pytest.approx((x * scale, y * scale)) and frame.get_width() == pytest.approx(SIDE * scale)


def test_a_saved_crop_has_each_hr_pixel_as_nine_of_the_screen(scene):
    plots.save(plots.crops({"a scene": scene}, psnr), "crops", "smoke", "note")
    with Image.open(paths.figures() / "smoke/crops.png") as page:
        pixels = np.asarray(page.convert("RGB"))
    y, x = telling_window(scene["lr"], scene["hr"], SIDE)
    crop = np.kron(scene["hr"][y : y + SIDE, x : x + SIDE], np.ones((3, 3, 1), np.uint8))
    right = pixels[:, -CELL - 6 : -6]
    assert any(np.array_equal(right[y : y + CELL], crop) for y in range(len(right) - CELL + 1))


def test_the_smallest_scene_is_shown_whole(scene, picture):
    hr = picture(240, 320)
    images = {"large": {label: hr for label in scene} | {"lr": downscale(hr)}, "small": scene}
    scores = pd.DataFrame({"arm": ["bicubic", "srcnn"], "psnr": [30.0, 29.0]})
    fig = plots.whole(images, ["lr", "bicubic", "srcnn", "hr"], psnr, scores)
    for image, label in zip(fig.axes[0].images[1:], ("bicubic", "srcnn", "hr"), strict=True):
        assert np.array_equal(image.get_array(), scene[label]) and size(image) == (200, 160)
    gain = psnr(scene["srcnn"], scene["hr"]) - psnr(scene["bicubic"], scene["hr"])
    title = f"In this picture, PSNR against bicubic: SRCNN +{gain:.2f} dB (all images −1.00)"
    assert fig.get_suptitle() == title and fig.key == "Below, PSNR of the picture."
    narrow = plots.whole({"large": images["large"]}, ["srcnn", "bicubic", "lr", "hr"], psnr)
    assert narrow.bbox.width <= 1148 and "shown at " in narrow.key
