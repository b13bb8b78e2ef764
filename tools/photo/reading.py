"""The one reader: any still picture as viewers show it, and what its file says besides."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sr_utils import StudyError
from sr_utils.data.reading import shown

from . import decoding
from .decoding import COMPRESSION, PHOTOMETRIC, YCBCR, Refused, check_size

ANIMATED = ("GIF", "WEBP", "PNG", "AVIF", "FLI", "DCX")  # frames of other formats are previews or layers
PROFILE, EXTRA, X, Y, UNIT = 34675, 338, 282, 283, 296  # TIFF tags
ROUNDING = 1e-3  # by which floating point may miss 0 and 1

#: How names of pictures end. What no decoder here knows fails with a sentence, rather than being passed over.
ENDINGS = frozenset(f".{ending}" for ending in (
    "apng", "avif", "avifs", "bmp", "dds", "dib", "gif", "heic", "heif", "icns", "ico", "j2k", "jfif", "jp2", "jpe",
    "jpeg", "jpg", "jpx", "jxl", "mpo", "pbm", "pcx", "pfm", "pgm", "png", "pnm", "ppm", "psd", "rgb", "sgi", "tga",
    "tif", "tiff", "webp", "xbm", "xpm",
))  # fmt: skip


@dataclass(frozen=True)
class Photograph:
    """What a file holds, upright.

    Attributes
    ----------
    rgb : uint8 or uint16 (h, w, 3); grey is repeated.
    alpha : of the same dtype, (h, w), or None.
    grey : whether the file holds grey alone.
    content, header : the file, and as Pillow opens it, for its metadata; None where Pillow cannot.
    density : (x, y) in dots per inch, or None where the file names none.
    profile : the ICC profile that fits `rgb`, or None.
    notes : what was guessed or left away, in sentences without a subject.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None
    grey: bool
    content: bytes
    header: Image.Image | None
    density: tuple[float, float] | None
    profile: bytes | None
    notes: list[str]


def read_photograph(path) -> Photograph:
    """Any still picture, decoded whole: the first one of a camera's multi-picture JPEG, the full-size one of a TIFF.

    CMYK becomes sRGB by the file's own profile, Lab becomes sRGB, and floating point from 0 to 1 becomes 16 bits.

    Raises `StudyError` for a file that is missing, unreadable, truncated or absurdly large, and for what has no one
    meaning as a picture: an animation, several pages, numbers whose white is unknown, more than four channels.
    """
    try:
        return _photograph(Path(path).read_bytes())
    except Refused as error:
        raise StudyError(f"{shown(path)} {error}") from None
    except (Image.DecompressionBombError, MemoryError):
        raise StudyError(f"{shown(path)} {decoding.TOO_LARGE}") from None
    except PermissionError as error:
        raise StudyError(
            f"{shown(path)} cannot be read ({error.strerror}); name another, or give access to it."
        ) from None
    except Exception as error:  # decoders raise many kinds for bad bytes
        detail = str(getattr(error, "detail", error)).strip().splitlines()  # libvips repeats itself
        reason = getattr(error, "strerror", None) or (detail[0] if detail else type(error).__name__)
        raise StudyError(f"{shown(path)} cannot be read as an image ({reason}); replace or remove it.") from None


def _photograph(content: bytes) -> Photograph:
    header, pages = decoding.open_header(content), decoding.tiff_pages(content)
    number, tags = pages[0] if pages else (0, {})
    if len(pages) > 1:
        raise Refused(f"holds {len(pages)} pages; save the one that you want as a file of its own.")
    if header and header.format in ANIMATED and getattr(header, "n_frames", 1) > 1:
        raise Refused(f"holds {header.n_frames} frames; save one of them as a still image.")
    profile = header.info.get("icc_profile") if header else tags.get(PROFILE)
    coded = tags.get(PHOTOMETRIC) == YCBCR and tags.get(COMPRESSION) not in decoding.JPEG  # libvips leaves it so
    pillow = header and (header.format == "HEIF" or coded)
    image, reason = (None, "") if pillow else decoding.by_libvips(content, number)
    white_is_zero = False
    if image is not None:
        check_size(image.width, image.height)
        angle = decoding.orientation(header, image)
        converted, pixels, notes = decoding.libvips_pixels(image, content)
        pixels = decoding.upright(pixels.reshape(*pixels.shape[:2], -1), angle)
        white_is_zero = tags.get(PHOTOMETRIC) == decoding.WHITE_IS_ZERO and pixels.dtype != np.uint8
        if tags.get(EXTRA) == (0,) and pixels.shape[2] in (2, 4):
            pixels, notes = pixels[..., :-1], [*notes, "has a channel without a name, which is left away"]
    elif header is not None:
        check_size(*header.size)
        converted, pixels, notes = decoding.pillow_pixels(header)
    else:
        raise ValueError(reason)
    channels = pixels.shape[2]
    if channels > 4:
        raise Refused(f"has {channels} channels; save it as grey or RGB.")
    grey = channels < 3
    if white_is_zero and pixels.dtype == np.uint16:
        pixels[..., 0] = 65535 - pixels[..., 0]  # as the file has it, which tells how many bits are in use
    pixels, note = _to_integers(pixels)
    if white_is_zero:
        pixels[..., 0] = 65535 - pixels[..., 0]
    alpha = None if channels in (1, 3) else np.ascontiguousarray(pixels[..., -1])
    colours = pixels[..., : 1 if grey else 3]
    rgb = np.ascontiguousarray(np.broadcast_to(colours, (*colours.shape[:2], 3)))
    profile = profile if not converted and _fits(profile, grey) else None
    return Photograph(rgb, alpha, grey, content, header, _density(header, tags), profile, notes + note)


def _to_integers(values: np.ndarray):
    """(uint8 or uint16 of the same shape, notes), black at 0 and white at the type's maximum."""
    if values.dtype == np.uint8:
        return values, []
    if values.dtype == np.uint16:
        largest = int(values.max())
        bits = next((b for b in (8, 10, 12) if largest < 2**b), 16)
        if largest == 0 or largest >= 2**14:
            return values, []
        if bits == 16:
            return values, [f"has no value above {largest} of 65535; scale it up if it is darker than it should be"]
        scaled = np.rint(values * (65535 / (2**bits - 1))).astype(np.uint16)
        return scaled, [f"has no value above {largest}: read as {bits} bits in 16"]
    if values.dtype.kind != "f":
        raise Refused(f"holds {values.dtype} numbers, whose white is not known; save it with 8 or 16 bits a channel.")
    if not np.isfinite(values).all():
        raise Refused("holds NaN or infinity; replace them, and save it with 8 or 16 bits a channel.")
    low, high = values.min(), values.max()
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise Refused(f"holds numbers from {low:.4g} to {high:.4g}, whose white is not known; scale them to 0…1.")
    return np.rint(values.clip(0, 1) * 65535.0).astype(np.uint16), []


def _fits(profile: bytes | None, grey: bool) -> bool:
    """Whether an ICC profile can describe the pixels; RGB profiles of grey files are in use."""
    return bool(profile) and profile[16:20] in ((b"RGB ", b"GRAY") if grey else (b"RGB ",))


def _density(header, tags: dict):
    """Dots per inch as the file says, by its format's own means or in its EXIF data; never a default of a library."""
    try:
        own = header.info.get("jfif_unit") in (1, 2) if header.format in ("JPEG", "MPO") else "dpi" in header.info
        if own and not tags:
            density = tuple(map(float, header.info["dpi"]))
        else:
            tags = tags or decoding.exif(header)
            density = tuple(float(tags[way]) * {2: 1, 3: 2.54}[tags.get(UNIT, 2)] for way in (X, Y))
        return density if all(0 < dots < np.inf for dots in density) else None
    except Exception:  # absent, or no numbers
        return None
