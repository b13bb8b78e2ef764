"""What a picture's file says besides its pixels, made true for the enlarged one."""

import re

from PIL import Image

from .reading import Photograph

ORIENTATION, EXIF, GPS, ICC, IPTC, XMP = 274, 34665, 34853, 34675, 33723, 700  # tags of EXIF and TIFF
IPTC_IN_JPEG = 0x0404  # captions and keywords, among Photoshop's resources; a PNG has them as text
DENSITY = (282, 283, 296)  # across, down, unit
SIZES = {256: 0, 257: 1, 40962: 0, 40963: 1}  # tags that hold a picture's width or height
DESCRIPTIVE = {270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, EXIF, GPS, *range(40091, 40096)}


def metadata(photo: Photograph, size: tuple[int, int]) -> tuple[dict, list[str]]:
    """What the file says besides its pixels, by Pillow's names and true for a result of (width, height); what broke."""
    values, notes, header = {"icc_profile": photo.profile, "dpi": photo.density}, [], photo.header
    if header is not None:
        values |= {"xmp": _xmp(header.info.get("xmp"), *size), "comment": header.info.get("comment")}
        in_jpeg, in_tiff = header.info.get("photoshop"), getattr(getattr(header, "tag_v2", None), "_tagdata", {})
        values["iptc"] = in_jpeg.get(IPTC_IN_JPEG) if isinstance(in_jpeg, dict) else in_tiff.get(IPTC)
        try:
            values["exif"] = _exif(header, size)
        except Exception:  # broken EXIF raises many kinds
            notes.append("has malformed EXIF data, which are left away")
    return {name: value for name, value in values.items() if value}, notes


def _exif(header: Image.Image, size) -> Image.Exif | None:
    exif = Image.Image.getexif(header)  # Pillow's own way with a PNG asks for its pixels
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
