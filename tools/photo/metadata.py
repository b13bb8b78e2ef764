"""What a picture's file says besides its pixels, made true for the enlarged one."""

import re
import struct

from PIL import Image, IptcImagePlugin

from . import decoding
from .reading import Photograph

ORIENTATION, EXIF, GPS, ICC, IPTC, XMP = 274, 34665, 34853, 34675, 33723, 700  # tags of EXIF and TIFF
DENSITY = (282, 283, 296)  # across, down, unit
SIZES = {256: 0, 257: 1, 40962: 0, 40963: 1}  # tags that hold a picture's width or height
DESCRIPTIVE = {270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, EXIF, GPS, *range(40091, 40096)}


def metadata(photo: Photograph, size: tuple[int, int]) -> tuple[dict, list[str]]:
    """What the file says besides its pixels, by Pillow's names and true for a result of (width, height); what broke."""
    values, notes = {"icc_profile": photo.profile, "dpi": photo.density}, []
    if photo.header is not None:
        values |= {"xmp": _xmp(photo.header.info.get("xmp"), *size), "comment": photo.header.info.get("comment")}
        for name, read in (("exif", _exif), ("iptc", _iptc)):
            try:
                values[name] = read(photo.header, size)
            except Exception:  # broken ones raise many kinds
                notes.append(f"has malformed {name.upper()} data, which are left away")
    return {name: value for name, value in values.items() if value}, notes


def _exif(header: Image.Image, size) -> Image.Exif | None:
    exif = decoding.exif(header)
    if not len(exif) and header.info.get("exif"):
        raise ValueError("no tag can be read")
    if header.format == "TIFF":  # whose other tags say how its pixels lie in the file
        for tag in set(exif) - DESCRIPTIVE:
            del exif[tag]
    for table in (exif, exif.get_ifd(EXIF)) if EXIF in exif else (exif,):
        table.update({tag: size[side] for tag, side in SIZES.items() if tag in table})
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    exif.tobytes()  # raises here, rather than while writing
    return exif if len(exif) else None


def _iptc(header: Image.Image, size) -> bytes:
    """Captions and keywords, as JPEG and TIFF hold them; a PNG has them as text."""
    whole = b""
    if header.format in ("JPEG", "MPO", "TIFF"):
        for (record, number), values in (IptcImagePlugin.getiptcinfo(header) or {}).items():
            for value in values if isinstance(values, list) else [values]:
                whole += struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
    return whole


def _xmp(xmp: bytes | str | None, width: int, height: int) -> bytes:
    """Orientation reset, sizes those of the result, and no claim to a gain map, which is left behind."""
    xmp = xmp.encode() if isinstance(xmp, str) else xmp or b""
    for names, number in (
        (b"tiff:Orientation", 1),
        (b"tiff:ImageWidth|exif:PixelXDimension", width),
        (b"tiff:ImageLength|exif:PixelYDimension", height),
    ):
        xmp = re.sub(rb"((?:%s)(?:\s*=\s*[\"']|>)\s*)\d+" % names, rb"\g<1>%d" % number, xmp)
    return re.sub(rb"\s+hdrgm:\w+\s*=\s*([\"']).*?\1", b"", xmp)
