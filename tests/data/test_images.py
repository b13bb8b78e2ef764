"""LR images are made from HR images as the protocol says."""

import numpy as np
import pytest

from sr_utils import StudyError
from sr_utils.data import sets


def test_downscale_antialiases_as_the_protocol_says(picture):
    hr = picture(40, 56)
    lr = sets.downscale(hr)
    assert lr.shape == (10, 14, 3) and lr.dtype == np.uint8
    # Keys' cubic (a = -1/2) stretched by 4, written out: each LR pixel is a weighted mean of 16 HR pixels an axis
    matrices = []
    for n in (40, 56):
        distance = (np.arange(n) + 0.5) / 4 - (np.arange(n // 4)[:, None] + 0.5)
        t = np.abs(distance)
        weights = np.where(t < 1, 1.5 * t**3 - 2.5 * t**2 + 1, np.where(t < 2, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2, 0))
        matrices.append(weights / weights.sum(1, keepdims=True))
    rows, columns = matrices
    # Pillow works along one axis at a time and rounds in between
    expected = np.einsum("yh,hwc,xw->yxc", rows, hr.astype(float), columns).clip(0, 255)
    assert np.abs(lr - expected).max() < 1.5


def test_downscale_differs_from_opencv(picture):
    import cv2

    hr = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    naive = cv2.resize(hr, (16, 16), interpolation=cv2.INTER_CUBIC)
    assert np.abs(sets.downscale(hr).astype(int) - naive).mean() > 5


def test_downscale_crops_odd_sizes(picture):
    hr = picture(43, 58)
    assert np.array_equal(sets.downscale(hr), sets.downscale(hr[:40, :56]))
    with pytest.raises(StudyError, match="too small"):
        sets.downscale(hr[:3])
