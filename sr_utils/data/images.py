"""Pictures as arrays: read any still image, scale it down and up."""

import warnings

import numpy as np
from PIL import Image

from sr_utils import StudyError
from sr_utils.data import reading

SCALE = 4


def downscale(hr, scale: int = SCALE):
    """Antialiased bicubic: uint8 (H, W, 3) -> uint8 (H/scale, W/scale, 3).

    Pillow's BICUBIC widens its kernel with the scale, as MATLAB's imresize does (within 0.2 grey levels on the
    usual benchmarks); OpenCV's INTER_CUBIC does not. A size that is no multiple of `scale` is first cropped at the
    bottom and right ("modcrop").

    Raises `StudyError` for an image smaller than `scale`.
    """
    hr = modcrop(hr, scale)
    return np.asarray(Image.fromarray(hr).resize((hr.shape[1] // scale, hr.shape[0] // scale), Image.BICUBIC))


def resized(hr, scale: float):
    """Antialiased bicubic to `scale` of the size, rounded: uint8 (H, W, 3) -> uint8 (~scale·H, ~scale·W, 3)."""
    if scale == 1:
        return hr
    return np.asarray(Image.fromarray(hr).resize([round(n * scale) for n in hr.shape[1::-1]], Image.BICUBIC))


def modcrop(hr, scale: int = SCALE):
    """Crop (H, W, …) at the bottom and right to multiples of `scale`. Raises `StudyError` if nothing is left."""
    height, width = (n - n % scale for n in hr.shape[:2])
    if not height or not width:
        raise StudyError(f"An image of {hr.shape[1]}×{hr.shape[0]} pixels is too small for ×{scale}; use a larger one.")
    return hr[:height, :width]


def upsample(lr, how: str = "bicubic"):
    """Interpolate uint8 (h, w, 3) -> uint8 (4h, 4w, 3); `how` is "nearest", "bilinear" or "bicubic"."""
    size = (lr.shape[1] * SCALE, lr.shape[0] * SCALE)
    return np.asarray(Image.fromarray(lr).resize(size, Image.Resampling[how.upper()]))


def read_image(path) -> np.ndarray:
    """Any still picture as uint8 RGB (H, W, 3): upright, grey repeated, 16 bits rounded to 8, alpha dropped.

    What was guessed is said in a warning. Raises `StudyError` as `reading.read_photograph` does.
    """
    picture = reading.read_photograph(path)
    for note in picture.notes:
        warnings.warn(f"{reading.shown(path)} {note}.", stacklevel=2)
    return to_8_bits(picture.rgb)


def to_8_bits(image) -> np.ndarray:
    """uint8 or uint16 -> uint8 of the same shape, rounded."""
    return image if image.dtype == np.uint8 else ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
