"""LR images are made from HR images as the protocol says, and what people have becomes a picture."""

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError
from sr_utils.data import sets
from sr_utils.data.images import to_8_bits, to_rgb


def test_downscale_antialiases_as_the_protocol_says_and_crops_odd_sizes(picture):
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
    expected = np.einsum("yh,hwc,xw->yxc", rows, hr.astype(float), columns).clip(0, 255)
    assert np.abs(lr - expected).max() < 1.5  # Pillow rounds between the axes
    hr = picture(43, 58)
    assert np.array_equal(sets.downscale(hr), sets.downscale(hr[:40, :56]))
    with pytest.raises(StudyError, match="too small"):
        sets.downscale(hr[:3])


@pytest.mark.parametrize("given", [
    *(lambda rgb, kind=kind: rgb.astype(kind) for kind in ("int64", "int32", "int16", "uint32")),
    lambda rgb: rgb / 255,
    lambda rgb: (rgb / 255).astype(np.float32),
    lambda rgb: np.dstack([rgb, rgb[..., :1]]),
    lambda rgb: rgb[None],
    lambda rgb: rgb.transpose(2, 0, 1),
    lambda rgb: rgb[None].transpose(0, 3, 1, 2),
    lambda rgb: rgb.tolist(),
    Image.fromarray,
    lambda rgb: Image.fromarray(rgb).convert("RGBA"),
])  # fmt: skip
def test_what_people_have_becomes_the_same_picture(picture, given):
    rgb = picture(20, 28)
    assert np.array_equal(to_rgb(given(rgb)), rgb) and to_rgb(given(rgb)).dtype == np.uint8
    assert to_rgb(rgb).base is rgb  # a view: nothing is copied


def test_grey_bool_and_16_bits_become_pictures(picture):
    grey, ramp = picture(20, 28)[..., 0], np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(5, axis=0)
    repeated = np.dstack([grey] * 3)
    for given in (grey, grey[..., None], grey[None], grey[None, ..., None], Image.fromarray(grey)):
        assert np.array_equal(to_rgb(given), repeated)
    assert np.array_equal(to_rgb(grey > 99), 255 * (repeated > 99).astype(np.uint8))
    deep = (ramp * 65535).astype(np.uint16)
    big_endian = Image.frombytes("I;16B", deep.shape[::-1], deep.astype(">u2").tobytes())
    for given in (deep, Image.fromarray(deep), Image.fromarray(deep.astype(np.int32)), big_endian):  # I;16, I, I;16B
        assert np.array_equal(to_rgb(given)[..., 1], deep) and to_rgb(given).dtype == np.uint16
    assert np.array_equal(to_8_bits(deep), np.rint(deep / 257))
    assert np.array_equal(to_rgb(Image.fromarray(ramp))[..., 2], np.rint(ramp * 255))  # F


@pytest.mark.parametrize(("wrong", "message"), [
    (lambda rgb: rgb * 2.0, r"LR must be \(H, W, 3\), in 0…255 or 0…1; this is float64 .* from 0 to 510"),
    (lambda rgb: rgb.astype(int) - 1, "int64 .* from -1 to 254"),
    (lambda rgb: np.full((20, 28), np.nan), "float64"),
    (lambda rgb: np.stack([rgb, rgb]), r"uint8 \(2, 20, 28, 3\)"),
    (lambda rgb: rgb[..., :2], r"uint8 \(20, 28, 2\)"),
    (lambda rgb: rgb[0, 0], r"uint8 \(3,\)"),
    (lambda rgb: rgb[:0], r"uint8 \(0, 28, 3\)"),
    (lambda rgb: None, "object"),
    (lambda rgb: "cat.png", "<U7"),
    (lambda rgb: [[1, 2], [3]], "its rows are of different lengths"),
])  # fmt: skip
def test_what_has_no_one_meaning_is_refused_in_a_sentence(wrong, message):
    rgb = np.zeros((20, 28, 3), np.uint8)
    rgb[0, 0] = 255
    with pytest.raises(StudyError, match=message):
        to_rgb(wrong(rgb), "LR")
