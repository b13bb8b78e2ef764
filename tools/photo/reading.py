"""The enlarger's reader: any still picture as viewers show it, and what its file says besides."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image

from sr_utils import StudyError
from sr_utils.data.reading import shown

from . import decoding
from .decoding import SAVE, File

ANIMATED = ("GIF", "WEBP", "PNG", "AVIF", "FLI", "DCX")  # frames of other formats are previews or layers
PROFILE, X, Y, UNIT = 34675, 282, 283, 296  # tags of TIFF and EXIF
ROUNDING = 1e-3  # by which floating point may miss 0 and 1
COLOURS = (b"cICP", b"sRGB", b"gAMA", b"cHRM")  # what a PNG may say of its colours, beside a profile
DISPLAY_P3 = bytes([12, 13])  # in cICP: the primaries, and the curve, which is sRGB's
UNSPECIFIED = bytes([2, 2])
GAIN_MAP = re.compile(rb"hdrgm:Version|iso:ts:21496|hdrgainmap|infe.{8}tmap", re.IGNORECASE | re.DOTALL)

#: How names of pictures end. What no decoder here knows fails with a sentence, rather than being passed over.
NAMES = """apng avif avifs bmp dds dib exr gif heic heif icns ico j2k jfif jp2 jpe jpeg jpg jpx jxl mpo pbm pcx pfm pgm
    png pnm ppm psd rgb sgi tga tif tiff webp xbm xpm"""
ENDINGS = frozenset(f".{name}" for name in NAMES.split())


@dataclass(frozen=True)
class Photograph:
    """What a file holds, upright."""

    rgb: np.ndarray  # uint8 or uint16 (h, w, 3); grey is repeated
    alpha: np.ndarray | None  # of the same dtype, (h, w)
    grey: bool  # whether the file holds grey alone
    header: Image.Image | None  # as Pillow opens the file, for its metadata; None where Pillow cannot
    density: tuple[float, float] | None  # across and down in dots per inch, where the file names one
    profile: bytes | None  # the ICC profile that fits `rgb`
    colours: dict[bytes, bytes]  # what else the file says of its colours, as chunks of a PNG
    notes: list[str]  # what was guessed or left away, in sentences that begin with the file's name


def read_photograph(path) -> Photograph:
    """Any still picture, decoded whole; CMYK and Lab become sRGB, and floating point from 0 to 1 becomes 16 bits.

    Raises `StudyError` for a file that cannot be read to its end, and for what has no one meaning as a picture: an
    animation, several pages, numbers whose white is unknown, more than four channels.
    """
    try:
        return _photograph(File(Path(path).read_bytes()))
    except StudyError as error:
        raise StudyError(f"{shown(path)} {error}") from None
    except (Image.DecompressionBombError, MemoryError):
        raise StudyError(f"{shown(path)} {decoding.TOO_LARGE}") from None
    except Exception as error:  # decoders raise many kinds for bad bytes
        detail = str(getattr(error, "detail", error)).strip().splitlines()  # libvips repeats itself
        reason = getattr(error, "strerror", None) or (detail[0] if detail else type(error).__name__)
        reason = "its format is not known here" if "known format" in reason else reason
        advice = "give yourself access to it" if isinstance(error, PermissionError) else "replace or remove it"
        raise StudyError(f"{shown(path)} cannot be read as an image ({reason}); {advice}.") from None


def _photograph(file: File) -> Photograph:
    header, page, notes = file.header, file.page, file.notes
    if header and header.format in ANIMATED and getattr(header, "n_frames", 1) > 1:
        raise StudyError(f"holds {header.n_frames} frames; save one of them as a still image.")
    if header is None and file.content.startswith(b"8BPS"):
        raise StudyError("is a Photoshop file of a kind that is not read here; save it with 8 bits a channel.")
    pixels = decoding.decode(file)
    if page and page.extrasamples == (0,) and pixels.shape[2] in (2, 4):
        pixels = pixels[..., :-1]
        notes.append("has a channel without a name, which is left away")
    if GAIN_MAP.search(file.content):
        notes.append("has a gain map for HDR screens, which is left away")
    channels = pixels.shape[2]
    if channels > 4:
        raise StudyError(f"has {channels} channels; save it as grey or RGB.")
    if pixels.dtype != np.uint8:
        pixels = _sixteen_bits(pixels, file)
    grey, alpha = channels < 3, None if channels in (1, 3) else np.ascontiguousarray(pixels[..., -1])
    rgb = pixels[..., : 1 if grey else 3]
    rgb = np.ascontiguousarray(np.broadcast_to(rgb, (*rgb.shape[:2], 3)))
    profile, colours = _colours(file, grey)
    return Photograph(rgb, alpha, grey, header, _density(header), profile, colours, notes)


def _sixteen_bits(values: np.ndarray, file: File) -> np.ndarray:
    """Integers, or floats from 0 to 1 -> uint16 of the same shape, black at 0 and white at 65535."""
    flip = np.zeros(values.shape[2], np.uint16)  # what turns integers into what a file has whose white is 0, and back
    if file.page and file.page.photometric == decoding.WHITE_IS_ZERO:
        flip[0] = 65535
    if values.dtype == np.uint16:
        return _from_bits_in_use(values ^ flip, file) ^ flip
    if values.dtype.kind != "f":
        raise StudyError(f"holds {values.dtype} numbers, whose white is not known; {SAVE}")
    low, high = values.min(), values.max()
    if not np.isfinite((low, high)).all():  # NaN comes through both
        raise StudyError(f"holds NaN or infinity; replace them, and {SAVE}")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise StudyError(f"holds numbers from {low:.4g} to {high:.4g}, whose white is not known; scale them to 0…1.")
    return np.rint(values.clip(0, 1) * 65535.0).astype(np.uint16) ^ flip


def _from_bits_in_use(values: np.ndarray, file: File) -> np.ndarray:
    """A PNG says how many of 16 bits are in use, and is believed; a TIFF does not, so that is guessed."""
    largest, bits = int(values.max()), 16
    significant = min(16, max(dict(decoding.png_chunks(file.content)).get(b"sBIT") or b"\x10"))
    if file.page and file.page.bitspersample == 16 and not file.converted and 0 < largest < 2**14:
        bits = next((b for b in (8, 10, 12) if largest < 2**b), 16)
        dark = " of 65535; scale it up if it is darker than it should be"
        file.notes.append(f"has no value above {largest}" + (dark if bits == 16 else f": read as {bits} bits in 16"))
    elif largest < 2**significant and (values & (2 ** (16 - significant) - 1)).any():  # not scaled up to 16 bits
        bits = significant
        file.notes.append(f"uses {bits} bits in 16, as its sBIT chunk says")
    return values if bits == 16 else decoding.full_range(values, 2**bits - 1)


def _colours(file: File, grey: bool) -> tuple[bytes | None, dict[bytes, bytes]]:
    """The ICC profile that fits the pixels as they are now, and what the file says besides, as chunks of a PNG.

    A `colr` box of an AVIF or HEIC that has numbers in place of a profile says the same as the chunk cICP.
    """
    content, header, page = file.content, file.header, file.page
    profile = header.info.get("icc_profile") if header else page and page.tags.valueof(PROFILE)
    colours = {name: body for name, body in decoding.png_chunks(content) if name in COLOURS}
    place = content.find(b"colrnclx") if content[4:8] == b"ftyp" else -1
    if place > 0 and not profile:
        cicp = bytes(number & 255 for number in struct.unpack_from(">HH", content, place + 8))
        colours |= {} if cicp == UNSPECIFIED else {b"cICP": cicp + b"\0\1"}
    if not profile and colours.get(b"cICP", b"").startswith(DISPLAY_P3):
        profile = pyvips.Operation.call("profile_load", "p3")
    spaces = (b"RGB ", b"GRAY") if grey else (b"RGB ",)  # RGB profiles of grey files are in use
    return profile if profile and not file.converted and profile[16:20] in spaces else None, colours


def _density(header):
    """Dots per inch as the file says, by its format's own means or in its EXIF data; never a default of a library."""
    try:
        info, jpeg = header.info, header.format in ("JPEG", "MPO")
        if info.get("jfif_unit") in (1, 2) if jpeg else header.format != "TIFF" and "dpi" in info:
            density = tuple(map(float, info["dpi"]))
        else:
            tags = Image.Image.getexif(header)
            density = tuple(float(tags[way]) * {2: 1, 3: 2.54}[tags.get(UNIT, 2)] for way in (X, Y))
        return density if all(0 < dots < np.inf for dots in density) else None
    except Exception:  # absent, or no numbers
        return None
