"""The usual kinds of pictures, by Pillow, for training folders and uploads; any other is refused by name."""

import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from sr_utils import StudyError
from sr_utils.data.images import to_8_bits

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def read_image(path) -> np.ndarray:
    """A still picture as uint8 RGB (H, W, 3): upright, grey repeated, 16 bits as 8. Raises `StudyError` for others."""
    try:
        with Image.open(path) as image:
            deep = image.mode.startswith("I;16") or (image.mode, image.format) == ("I", "PPM")
            if not deep and image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
                raise StudyError(f"{shown(path)} holds {image.mode} values; save it as grey or RGB of 8 or 16 bits.")
            shape = re.search(r'shape[":= ]+[\[(]([\d, ]+)', str(getattr(image, "tag_v2", {}).get(270)))  # by tifffile
            stack = np.prod([int(n) for n in re.findall(r"\d+", shape[1])]) // np.asarray(image).size if shape else 1
            if image.format != "MPO" and (frames := max(getattr(image, "n_frames", 1), int(stack))) > 1:
                raise StudyError(f"{shown(path)} holds {frames} frames; save one of them as a still image.")
            image = ImageOps.exif_transpose(image)
            if image.has_transparency_data and (deep or np.asarray(image.convert("RGBA"))[..., 3].min() < 255):
                raise StudyError(f"{shown(path)} is transparent in places; save it without transparency.")
            whole = Image.fromarray(to_8_bits(np.asarray(image).astype(np.uint16))) if deep else image
            return np.asarray(whole.convert("RGB"))
    except StudyError:
        raise
    except Exception as error:  # decoders raise many kinds for bad bytes
        reason = getattr(error, "strerror", None) or str(error).partition(" '")[0]  # Pillow repeats the path
        raise StudyError(f"{shown(path)} cannot be read as an image ({reason}); replace or remove it.") from None


def image_files(folder: Path) -> list[Path]:
    """The files of a folder whose names end as an image's do, sorted; none where there is no folder."""
    return [p for p in sorted(folder.glob("[!.]*")) if p.suffix.lower() in ENDINGS and p.is_file()]


def shown(path) -> str:
    """A file's name for messages: in one line, and without what no terminal can print."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
