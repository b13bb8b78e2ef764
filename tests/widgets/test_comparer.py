import base64
import io

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError, data, evaluation, widgets
from sr_utils.data.windows import telling_window


@pytest.fixture
def images(picture):
    hr = picture(96, 120)
    return {"lr": data.downscale(hr), "srcnn": hr // 2, "hr": hr}


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def sent(comparer, label):
    """The picture that the browser gets."""
    return decoded(getattr(comparer, comparer.scenes[comparer.image]["pictures"][label]))


def test_pictures_are_sent_as_they_are_and_bicubic_is_added(images):
    comparer = widgets.compare(images)
    assert comparer.labels == comparer.shown == ["lr", "bicubic", "srcnn", "hr"]
    assert comparer.titles == ["LR", "bicubic", "SRCNN", "HR"]
    for label in images:
        assert np.array_equal(sent(comparer, label), images[label]), label
    assert np.array_equal(sent(comparer, "bicubic"), data.upsample(images["lr"]))


def test_the_crop_is_what_the_traits_say_and_stays_inside_the_picture(images):
    comparer, seen = widgets.compare(images, crop=48), []
    comparer.x, comparer.y = 8, 16
    assert np.array_equal(comparer.crop("hr"), images["hr"][16:64, 8:56])
    assert np.array_equal(comparer.crop("lr"), np.kron(images["lr"], np.ones((4, 4, 1)))[16:64, 8:56])
    comparer.x, comparer.y = 1000, -5
    assert (comparer.x, comparer.y) == (72, 0)
    comparer.observe(lambda change: seen.append(change.new), "x")
    comparer.size = 100  # the nearest below
    assert (comparer.size, comparer.x) == (96, 24) and seen == [24]
    assert widgets.compare(images, crop=500).size == 96


def test_arms_are_computed_once_and_only_when_shown(images):
    calls = []

    def slow():
        calls.append(1)
        return images["hr"]

    comparer = widgets.compare({"one": images | {"residual": slow}, "two": images | {"residual": slow}})
    assert len(calls) == 1  # of the image that is shown
    comparer.shown = ["lr", "srcnn"]
    comparer.image = "two"
    assert len(calls) == 1 and set(comparer.scenes["two"]["pictures"]) == {"lr", "srcnn", "hr"}  # HR for the scores
    comparer.shown = ["residual"]
    comparer.image = "one"
    assert len(calls) == 2


def test_the_still_picture_shows_crops_and_scores(images):
    comparer = widgets.compare(images)
    bundle, _ = comparer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "The same crop of these pictures of image: LR, bicubic, SRCNN, HR."
    page = decoded(base64.b64decode(bundle["image/png"]))
    assert np.array_equal(page[2:192:4, 602:792:4], comparer.crop("hr"))  # the fourth of four cells
    assert comparer.score("srcnn") == f"{evaluation.psnr(comparer.crop('srcnn'), comparer.crop('hr')):.2f} dB"
    assert comparer.score("hr") == widgets.compare({"a": images["hr"], "b": images["hr"]}).score("a") == ""


def test_hr_of_odd_size_is_cut_to_what_its_lr_covers(picture):
    hr = picture(97, 123)
    comparer = widgets.compare({"lr": data.downscale(hr), "hr": hr})
    assert comparer.scene.shape == (96, 120) and np.array_equal(sent(comparer, "hr"), hr[:96, :120])
    with pytest.raises(StudyError, match="srcnn is 119×97; all images must be 120×96"):
        widgets.compare({"lr": data.downscale(hr), "srcnn": picture(97, 119), "hr": hr})
    with pytest.raises(StudyError, match="srcnn is 120×96; all images must be 123×97"):
        widgets.compare({"srcnn": picture(96, 120), "hr": hr})  # no LR, nothing to cut to


@pytest.mark.parametrize(("wrong", "message"), [
    (lambda i: [i["hr"], i["hr"]], "Give a dict from label to image, not a list"),
    (lambda i: {}, "nothing to compare; give a dict"),
    (lambda i: {"one": {}}, "nothing to compare; give a dict"),
    (lambda i: i | {"srcnn": i["hr"][:50]}, "srcnn is 120×50; all images must be 120×96, or a quarter"),
    (lambda i: {"hr": i["hr"][:12, :12]}, "at least 16×16"),
    (lambda i: {"srcnn": i["hr"] * 2.0}, r"srcnn must be \(H, W, 3\)"),
    (lambda i: i | {"srcnn": lambda: i["hr"][:50]}, "srcnn is 120×50; all images must be 120×96"),
    (lambda i: {"one": i, "two": {"hr": i["hr"]}}, "different labels; give every image the same"),
    (lambda i: {1: i["hr"], "1": i["hr"]}, "read the same"),
])  # fmt: skip
def test_other_pictures_are_refused_in_a_sentence(images, wrong, message):
    with pytest.raises(StudyError, match=message):
        widgets.compare(wrong(images))


def test_a_label_that_is_not_there_is_refused_and_a_picture_that_fails_later_is_told_in_the_widget(images):
    comparer = widgets.compare({"one": images, "two": images | {"srcnn": lambda: images["hr"][:50]}})
    comparer.image = "two"
    assert comparer.message == "srcnn is 120×50; all images must be 120×96, or a quarter of it (LR)."
    comparer.image = "one"
    assert comparer.message == ""
    with pytest.raises(StudyError, match="no 'edsr' here; choose from lr, bicubic, srcnn, hr"):
        comparer.left = "edsr"
    with pytest.raises(StudyError, match="no 'three' here; choose from one, two"):
        comparer.image = "three"


def test_arms_open_on_the_telling_window_of_the_smallest_image(monkeypatch):
    shown, pairs = [], data.load("sample").valid[:2]
    monkeypatch.setattr("sr_utils.widgets.comparer.display", shown.append)
    widgets.compare_arms(pairs, {"bilinear": "bilinear"})
    (comparer,) = shown
    assert comparer.image == "chelsea" and comparer.shown == ["lr", "bicubic", "bilinear", "hr"]
    assert set(comparer.scenes) == {"chelsea"}
    assert (comparer.y, comparer.x) == telling_window(pairs[0].lr, pairs[0].hr, 48)
