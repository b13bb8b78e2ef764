"""Pictures as arrays: scaled down and up."""

import numpy as np
from PIL import Image

from sr_utils import StudyError

SCALE = 4


def downscale(hr, scale: int = SCALE):
    """Antialiased bicubic, after `modcrop`: uint8 (H, W, 3) -> uint8 (H/scale, W/scale, 3).

    Pillow's BICUBIC widens its kernel with the scale, as MATLAB's imresize does (within 0.2 grey levels on the usual
    benchmarks); OpenCV's INTER_CUBIC does not.
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


def to_rgb(image, name: str = "The picture") -> np.ndarray:
    """What people have as a picture -> uint8 (H, W, 3), or uint16 where it has 16 bits a channel.

    Taken are arrays, lists and tensors of integers in 0…255, uint16, bool, or floats in 0…1; of shape (H, W), of 1, 3
    or 4 channels, last or first, or a batch of one; and Pillow's images of any mode. Grey is repeated, alpha dropped.
    Raises `StudyError` for anything else.
    """
    if isinstance(image, Image.Image):
        if image.mode[0] not in "IF":
            image = image.convert("RGB")
        elif image.mode == "I" and image.getextrema()[1] > 255:
            image = np.asarray(image).clip(0, 65535).astype(np.uint16)  # in 32 bits, Pillow keeps 16
    try:
        pixels = np.asarray(image)
    except ValueError:
        raise StudyError(f"{name} must be (H, W, 3), in 0…255 or 0…1; its rows are of different lengths.") from None
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)  # of big-endian files
    known = pixels.dtype.kind in "biuf" and pixels.size > 0
    low, high = (pixels.min(), pixels.max()) if known else (0, -1)
    if pixels.dtype.kind in "bf" and 0 <= low <= high <= 1:
        pixels = np.rint(pixels * 255.0).astype(np.uint8)
    elif pixels.dtype.kind in "iu" and pixels.dtype != np.uint16 and 0 <= low <= high <= 255:
        pixels = pixels.astype(np.uint8, copy=False)
    rgb = pixels[0] if pixels.ndim == 4 and len(pixels) == 1 else pixels
    rgb = rgb[..., None] if rgb.ndim == 2 else rgb
    if rgb.ndim == 3 and rgb.shape[2] not in (1, 3, 4):
        rgb = rgb.transpose(1, 2, 0)
    if not known or rgb.dtype not in (np.uint8, np.uint16) or rgb.ndim != 3 or rgb.shape[2] not in (1, 3, 4):
        values = f" from {low:g} to {high:g}" if known else ""
        raise StudyError(f"{name} must be (H, W, 3), in 0…255 or 0…1; this is {pixels.dtype} {pixels.shape}{values}.")
    return rgb[..., :3] if rgb.shape[2] > 1 else np.repeat(rgb, 3, axis=2)


def to_8_bits(image) -> np.ndarray:
    """uint8 or uint16 -> uint8 of the same shape, rounded."""
    return image if image.dtype == np.uint8 else ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
