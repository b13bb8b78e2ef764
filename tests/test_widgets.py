import re

import cv2
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from sr_utils import StudyError
from sr_utils.data import sets as data
from sr_utils.evaluation import scores as evaluation
from sr_utils.widgets import comparer as widgets
from sr_utils.widgets import scenes


@pytest.fixture
def images(picture):
    hr = picture(96, 120)
    return {"lr": data.downscale(hr), "srcnn": hr // 2, "hr": hr}


def decoded(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def place(comparer, label):
    """(strip, column) of that label."""
    index = comparer.shown.index(label)
    return comparer._strips[index // widgets.COLUMNS], index % widgets.COLUMNS


def seen(comparer, label):
    """The picture that the reader sees."""
    strip, column = place(comparer, label)
    return decoded(strip.picture.value)[:, column * (widgets.SHOWN + widgets.GAP) :][:, : widgets.SHOWN]


def words(comparer, label):
    """What stands under it."""
    strip, column = place(comparer, label)
    return re.findall(r"<b>.*?</div>", strip.words.value)[column]


def test_the_crop_is_what_the_sliders_say(images):
    comparer = widgets.compare(images, crop=48)
    assert comparer.shown == ["lr", "bicubic", "srcnn", "hr"]
    comparer.x.value, comparer.y.value = 8, 16
    hr = images["hr"]
    assert np.array_equal(comparer.crop("hr"), hr[16:64, 8:56])
    assert np.array_equal(seen(comparer, "hr")[::4, ::4], hr[16:64, 8:56])
    assert np.array_equal(seen(comparer, "lr")[::4, ::4], np.kron(images["lr"], np.ones((4, 4, 1)))[16:64, 8:56])
    said = words(comparer, "srcnn")
    assert f"{evaluation.psnr(comparer.crop('srcnn'), comparer.crop('hr')):.2f} dB" in said
    assert f"SSIM {evaluation.ssim(comparer.crop('srcnn'), comparer.crop('hr')):.3f}" in said


def test_the_gaps_between_crops_are_transparent(images):
    strip, _ = place(widgets.compare(images), "lr")
    page = cv2.imdecode(np.frombuffer(strip.picture.value, np.uint8), cv2.IMREAD_UNCHANGED)
    opaque = np.arange(page.shape[1]) % (widgets.SHOWN + widgets.GAP) < widgets.SHOWN
    assert np.array_equal(page[..., 3], np.broadcast_to(opaque * 255, page.shape[:2]))


def test_size_keeps_the_window_inside_and_draws_once(images, monkeypatch):
    comparer = widgets.compare(images)
    comparer.x.value, comparer.y.value = comparer.x.max, comparer.y.max
    drawn = []
    monkeypatch.setattr(scenes.Scene, "scores", lambda self, *a: drawn.append(a) or dict.fromkeys(self.labels, ""))
    comparer.size.value = 96
    assert comparer.x.value + 96 <= 120 and comparer.crop("hr").shape == (96, 96, 3) and len(drawn) == 1


def test_arms_are_computed_once_and_only_when_shown(images):
    calls = []

    def slow():
        calls.append(1)
        return images["hr"]

    comparer = widgets.compare({"one": images | {"residual": slow}, "two": images | {"residual": slow}})
    assert len(calls) == 1  # of the image that is shown
    comparer.toggles["residual"].value = False
    comparer.image.value = "two"
    assert len(calls) == 1
    comparer.toggles["residual"].value = True
    comparer.x.value += 4
    comparer.image.value = "one"
    assert len(calls) == 2


def test_another_image_has_its_own_size(images, picture):
    small = picture(40, 32)
    comparer = widgets.compare({"large": images, "small": {"lr": data.downscale(small), "srcnn": small, "hr": small}})
    comparer.size.value, comparer.x.value = 96, 24
    comparer.image.value = "small"
    assert comparer.size.options == (16, 24, 32) and comparer.size.value == 32
    assert np.array_equal(comparer.crop("hr"), small[comparer.y.value : comparer.y.value + 32])
    comparer.image.value = "large"
    assert comparer.size.options == (16, 24, 32, 48, 64, 96) and comparer.crop("hr").shape == (32, 32, 3)


def test_error_maps_are_dark_where_equal_and_have_a_scale(images):
    comparer = widgets.compare(images | {"srcnn": images["hr"]})
    assert comparer._scale not in comparer._shelf.children
    comparer.errors.value = True
    assert len(np.unique(seen(comparer, "srcnn").reshape(-1, 3), axis=0)) == 1
    assert "inf" in words(comparer, "srcnn")
    assert comparer._scale in comparer._shelf.children and f"0 … {scenes.ERRORS} grey levels" in comparer._scale.value


def test_an_error_has_the_colour_that_the_scale_gives_it(images):
    hr = images["hr"].clip(0, 200)
    scene = scenes.Scene({"srcnn": hr + 20, "hr": hr})
    bar = decoded(scenes.ramp(scenes.ERRORS + 1, 1))[0]  # one column per grey level
    assert np.abs(scene.errors("srcnn", 0, 0, 16).astype(int) - bar[20]).max() <= 4
    red = scenes.Scene({"srcnn": hr + np.array([20, 0, 0], np.uint8), "hr": hr})  # the largest of the channels counts
    assert np.abs(red.errors("srcnn", 0, 0, 16).astype(int) - bar[20]).max() <= 4
    assert tuple(bar[0]) != tuple(bar[-1]) and np.array_equal(scene.errors("hr", 0, 0, 16), hr[:16, :16])


def test_the_wipe_shows_the_left_up_to_its_place(images):
    comparer = widgets.compare(images, crop=48)
    comparer.left.value, comparer.right.value, comparer.wipe.value = "srcnn", "hr", 25
    page = decoded(comparer._overlap.value)[::8, ::8]  # eight screen pixels per HR pixel
    assert np.array_equal(page[:, :12], comparer.crop("srcnn")[:, :12])
    assert np.array_equal(page[:, 13:], comparer.crop("hr")[:, 13:])
    for wipe, label in ((100, "srcnn"), (0, "hr")):
        comparer.wipe.value = wipe
        assert np.array_equal(decoded(comparer._overlap.value)[::8, ::8], comparer.crop(label))


def test_the_overview_frames_the_crop(images):
    comparer = widgets.compare(images, crop=48)
    comparer.x.value, comparer.y.value = 20, 30
    page = decoded(comparer._overview.value).astype(int)
    assert page.shape == (96, 120, 3)
    ys, xs = np.where((page == (238, 119, 51)).all(axis=2))
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (30, 78, 20, 68)


def test_the_frame_is_as_small_as_the_overview(picture):
    comparer = widgets.compare({"srcnn": picture(384, 480, 1), "hr": picture(384, 480)}, crop=48)
    comparer.x.value, comparer.y.value = 200, 100
    page = decoded(comparer._overview.value).astype(int)
    ys, xs = np.where((page == (238, 119, 51)).all(axis=2))
    zoom = page.shape[1] / 480
    assert zoom < 0.5 and abs(page.shape[0] - zoom * 384) < 1
    found = np.array((ys.min(), ys.max(), xs.min(), xs.max()))
    assert np.abs(found - zoom * np.array((100, 148, 200, 248))).max() <= 1


def test_every_control_has_words(images):
    comparer = widgets.compare({"one": images, "two": images})
    controls = [comparer.image, comparer.x, comparer.y, comparer.size, comparer.errors, comparer.left, comparer.right,
                comparer.wipe, *comparer.toggles.values()]  # fmt: skip
    assert all(len(control.description) > 1 for control in controls)
    comparer.toggles["srcnn"].value = False
    assert comparer.toggles["srcnn"].icon == "" and comparer.toggles["hr"].icon == "check"  # not by colour alone


def test_a_move_makes_no_new_widgets(images):
    comparer = widgets.compare(images)
    before = len(_instances)
    for x in range(20):
        comparer.x.value = x
    assert len(_instances) == before


def test_greyscale_and_float_pictures_are_converted(images):
    comparer = widgets.compare({"srcnn": images["hr"][..., 0], "hr": images["hr"] / 255.0})
    assert np.array_equal(comparer.crop("srcnn")[..., 1], comparer.crop("srcnn")[..., 0])
    assert np.array_equal(comparer.scene.picture("hr"), images["hr"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda i: {}, "nothing to compare; give a dict"),
        (lambda i: {"one": {}}, "nothing to compare; give a dict"),
        (lambda i: i | {"srcnn": i["hr"][:50]}, "srcnn is 120×50; all images must be 120×96, or a quarter"),
        (lambda i: {"hr": i["hr"][:12, :12]}, "at least 16×16"),
        (lambda i: {"srcnn": i["hr"].astype(int)}, "srcnn must be uint8"),
        (lambda i: {"srcnn": i["hr"] * 2.0}, "srcnn must be uint8"),
        (lambda i: {"one": i, "two": {"hr": i["hr"]}}, "different labels; give every image the same"),
    ],
)
def test_other_pictures_are_refused_in_a_sentence(images, wrong, message):
    with pytest.raises(StudyError, match=message):
        widgets.compare(wrong(images))


def test_a_crop_larger_than_the_picture_becomes_the_largest_that_fits(images):
    assert widgets.compare(images, crop=500).size.value == 96


def test_a_large_photograph_is_no_trouble(picture):
    hr = picture(1356, 2040)
    comparer = widgets.compare({"lr": data.downscale(hr), "hr": hr}, crop=192)
    comparer.x.value, comparer.y.value = comparer.x.max, comparer.y.max
    assert np.array_equal(seen(comparer, "hr"), hr[-192:, -192:])


def test_the_still_picture_stands_where_no_kernel_runs(images):
    comparer = widgets.compare(images)
    page = decoded(comparer.still())
    assert np.array_equal(page[:192:4, 600:792:4], comparer.crop("hr"))  # the fourth of four cells
    assert page[192:, :192].min() < 100  # words under the first


def test_without_a_reference_there_are_no_scores_and_no_errors(images):
    comparer = widgets.compare({"srcnn": images["srcnn"], "residual": images["hr"]})
    assert "dB" not in words(comparer, "srcnn") and comparer.errors.disabled
    comparer.errors.value = True
    assert np.array_equal(seen(comparer, "srcnn")[::4, ::4], comparer.crop("srcnn"))
