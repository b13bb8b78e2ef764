import numpy as np
import pytest

from sr_utils import StudyError, filters


def nine_shifts(image, strength):
    padded = np.pad(image.astype(float), ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = image.shape
    shifts = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    sharpened = 10 * shifts[4] - sum(shifts)
    return np.clip(np.rint((1 - strength) * image + strength * sharpened), 0, 255)


@pytest.mark.parametrize("strength", [0, 0.25, 1])
def test_against_nine_shifted_arrays(picture, strength):
    image = picture(17, 23)
    out = filters.edge_enhance(image, strength)
    assert out.dtype == np.uint8 and np.array_equal(out, nine_shifts(image, strength))


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)])
def test_other_arrays_and_strengths_are_refused(image):
    with pytest.raises(StudyError, match=r"uint8 \(H, W, 3\)"):
        filters.edge_enhance(image)
    with pytest.raises(StudyError, match="from 0 to 1"):
        filters.edge_enhance(np.zeros((4, 4, 3), np.uint8), 1.5)
