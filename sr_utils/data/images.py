"""Pictures as arrays: read any still image, scale it down and up."""

import warnings

import numpy as np
from PIL import Image, ImageOps

from sr_utils import StudyError

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


def modcrop(hr, scale: int = SCALE):
    """Crop (H, W, …) at the bottom and right to multiples of `scale`. Raises `StudyError` if nothing is left."""
    height, width = (n - n % scale for n in hr.shape[:2])
    if not height or not width:
        raise StudyError(f"An image of {hr.shape[1]}×{hr.shape[0]} pixels is too small for ×{scale}; use a larger one.")
    return hr[:height, :width]


def upsample(lr, how: str = "bicubic", scale: int = SCALE):
    """Interpolate uint8 (h, w, 3) -> uint8 (h·scale, w·scale, 3); `how` is "nearest", "bilinear" or "bicubic"."""
    size = (lr.shape[1] * scale, lr.shape[0] * scale)
    return np.asarray(Image.fromarray(lr).resize(size, Image.Resampling[how.upper()]))


def read_image(path) -> np.ndarray:
    """Any still image as uint8 RGB (H, W, 3): turned upright by its EXIF tag, grey repeated, alpha dropped.

    Raises `StudyError` for a file that is missing, unreadable, truncated, animated or absurdly large.
    """
    return np.asarray(open_upright(path).convert("RGB"))


def open_upright(path) -> Image.Image:
    """Any still image, decoded whole, at 8 bits a channel and turned upright by its EXIF tag; its mode is kept.

    Pillow reads, not OpenCV: it refuses a truncated file where OpenCV returns half a picture.

    Raises `StudyError` for a file that is missing, unreadable, truncated, animated or absurdly large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if getattr(image, "n_frames", 1) > 1:
                    raise StudyError(f"{path} holds {image.n_frames} frames; save one of them as a still image.")
                image = ImageOps.exif_transpose(image)
                if image.mode.startswith("I"):  # 16 bits: Pillow would clip at 255 where it should scale
                    image = Image.fromarray((np.asarray(image, np.uint32) >> 8).clip(0, 255).astype(np.uint8))
                image.load()
                return image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise StudyError(f"{path} claims more than {Image.MAX_IMAGE_PIXELS:,} pixels; scale it down first.") from None
    except StudyError:
        raise
    except Exception as error:  # Pillow's decoders raise many kinds for bad bytes
        raise StudyError(f"{path} cannot be read as an image ({error}); replace or remove it.") from None
