import cv2
import numpy as np
import pytest

from sr_utils import StudyError, data, evaluation, widgets


@pytest.fixture
def images(picture):
    hr = picture(96, 120)
    return {"lr": data.downscale(hr), "srcnn": hr // 2, "hr": hr}


def shown(comparer, label):
    """The picture that the reader sees, decoded."""
    picture, _ = comparer._shown[label]
    return cv2.imdecode(np.frombuffer(picture.value, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_the_crop_is_what_the_sliders_say(images):
    comparer = widgets.compare(images, crop=48)
    assert list(comparer.arms.value) == ["lr", "bicubic", "srcnn", "hr"]
    comparer.x.value, comparer.y.value = 8, 16
    hr = images["hr"]
    assert np.array_equal(comparer.crop("hr"), hr[16:64, 8:56])
    assert np.array_equal(shown(comparer, "hr")[::4, ::4], hr[16:64, 8:56])
    assert np.array_equal(shown(comparer, "lr")[::4, ::4], np.kron(images["lr"], np.ones((4, 4, 1)))[16:64, 8:56])
    assert f"{evaluation.psnr(comparer.crop('srcnn'), comparer.crop('hr')):.2f} dB" in comparer._shown["srcnn"][1].value


def test_size_keeps_the_window_inside(images):
    comparer = widgets.compare(images)
    comparer.x.value = comparer.x.max
    comparer.size.value = 96
    assert comparer.x.value + 96 <= 120 and comparer.crop("hr").shape == (96, 96, 3)


def test_arms_are_computed_once_and_only_when_shown(images):
    calls = []

    def slow():
        calls.append(1)
        return images["hr"]

    comparer = widgets.compare({**images, "residual": slow})
    comparer.arms.value = ["lr", "hr"]
    before = len(calls)
    comparer.arms.value = ["residual", "hr"]
    comparer.x.value += 4
    assert len(calls) == max(before, 1) == 1


def test_error_maps_are_dark_where_equal(images):
    comparer = widgets.compare({**images, "srcnn": images["hr"]})
    comparer.errors.value = True
    assert len(np.unique(shown(comparer, "srcnn").reshape(-1, 3), axis=0)) == 1
    assert "inf" in comparer._shown["srcnn"][1].value


def test_other_pictures_are_converted_or_refused(images):
    grey = images["hr"][..., 0]
    comparer = widgets.compare({"srcnn": grey, "hr": images["hr"] / 255.0})
    assert np.array_equal(comparer.crop("srcnn")[..., 1], comparer.crop("srcnn")[..., 0])
    with pytest.raises(StudyError, match="nothing to compare"):
        widgets.compare({})
    with pytest.raises(StudyError, match="all images must be 120×96"):
        widgets.compare({**images, "srcnn": images["hr"][:50]})
    with pytest.raises(StudyError, match="at least 16×16"):
        widgets.compare({"hr": images["hr"][:12, :12]})
    with pytest.raises(StudyError, match=r"srcnn must be uint8"):
        widgets.compare({"srcnn": images["hr"].astype(int)})


def test_the_still_picture_stands_where_no_kernel_runs(images):
    comparer = widgets.compare(images)
    page = cv2.imdecode(np.frombuffer(comparer.still(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.array_equal(page[:192:4, 600:792:4], comparer.crop("hr"))  # the fourth of four cells
    assert page[192:, :192].min() < 100  # words under the first
