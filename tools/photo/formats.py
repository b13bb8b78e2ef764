"""What `make upscale` writes: pixels by libvips, line by line, and metadata, true for the result, by Pillow.

Pillow writes 8×8 pixels with all the metadata, whose header takes the place of libvips' own: that would have a density
of 25.4 dpi, and EXIF data that no file had.
"""

import errno
import io
import os
import re
import struct

import numpy as np
import pyvips
from PIL import Image, PngImagePlugin, TiffImagePlugin

from .reading import Photograph

#: What can be written: Pillow's name of the format, the largest side that it holds, and libvips' settings for it. JPEG
#: keeps the colour of each pixel (4:4:4). Lossy WebP has 4:2:0 alone; sharp conversion makes the best of it. PNG at
#: zlib's level 3 behind all row filters takes half the bytes of level 6 without filters, and about the same time.
TIFF = ("TIFF", 2**31 - 1, {"compression": "deflate", "predictor": "horizontal", "tile": True})
JPEG = ("JPEG", 65_500, {"Q": 95, "subsample_mode": "off"})
FORMATS = {
    ".png": ("PNG", 2**31 - 1, {"compression": 3, "filter": "all"}),
    ".tif": TIFF,
    ".tiff": TIFF,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".webp": ("WEBP", 16_383, {"Q": 95, "smart_subsample": True}),
}
OPAQUE = (".jpg", ".jpeg")
DEEP = (".png", ".tif", ".tiff")  # hold 16 bits a channel

ELSEWHERE = ("XML:com.adobe.xmp", "Raw profile type exif", "Raw profile type xmp")  # a PNG's text that goes another way
SRGB = {b"gAMA": (45455,), b"cHRM": (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)}  # in 100,000ths
PLACES = {  # what each format has a place for, by Pillow's names
    "PNG": ("exif", "icc_profile", "xmp", "comment"),
    "WEBP": ("exif", "icc_profile", "xmp"),
    "JPEG": ("exif", "icc_profile", "xmp", "comment", "dpi", "iptc"),
}
ORIENTATION, EXIF, GPS, ICC, IPTC, XMP = 274, 34665, 34853, 34675, 33723, 700  # tags of EXIF and TIFF
IPTC_IN_JPEG = 0x0404  # captions and keywords, among Photoshop's resources; a PNG has them as text
DENSITY = (282, 283, 296)  # across, down, unit
SIZES = {256: 0, 257: 1, 40962: 0, 40963: 1}  # tags that hold a picture's width or height
DESCRIPTIVE = {270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, EXIF, GPS, *range(40091, 40096)}


def write_picture(image: pyvips.Image, path, ending: str, photo: Photograph) -> list[str]:
    """Write an enlarged picture, with the metadata of `photo` that the format has a place for.

    Returns what had to be left away, in sentences that begin with the file's name. Raises `OSError` for a full disk.
    """
    values, notes = metadata(photo, (image.width, image.height))
    if ending != ".png" and (said := _colours_left_away(photo)):
        notes.append(f"says what its colours mean ({said}), for which {ending} has no place; write a .png")
    kind = FORMATS[ending][0]
    if kind != "TIFF":
        values, unfit = _fitting(values, kind, photo)
        notes += unfit
    with open(path, "wb+") as file:
        {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "TIFF": _tiff}[kind](image, file, values, photo)
    return notes


def _colours_left_away(photo: Photograph) -> str:
    """What `photo` says of its colours beside a profile, if that is more than sRGB."""
    primaries, curve = photo.colours.get(b"cICP", b"\2\2")[:2]
    if (primaries, curve) != (12, 13) and (primaries not in (1, 2) or curve not in (1, 2, 6, 13, 14, 15)):
        return f"cICP {primaries}, {curve}"
    if photo.profile or b"sRGB" in photo.colours:
        return ""
    return ", ".join(
        name.decode()
        for name, usual in SRGB.items()
        if name in photo.colours and not np.allclose(np.frombuffer(photo.colours[name], ">u4"), usual, rtol=0.02)
    )


def write_pixels(image: pyvips.Image, file, ending: str, **options) -> None:
    """Write pixels alone, from where the file stands. Raises `OSError` where the disk is full."""
    file.flush()
    try:
        target = pyvips.Target.new_to_descriptor(file.fileno())
        image.write_to_target(target, ending, keep="none", **options)
    except pyvips.Error as error:  # which tells the system's error in words
        number = errno.ENOSPC if os.strerror(errno.ENOSPC) in str(error) else errno.EIO
        raise OSError(number, os.strerror(number)) from None


def _fitting(values: dict, kind: str, photo: Photograph) -> tuple[dict, list[str]]:
    """What the format has a place and room for, and sentences on what it has no room for."""
    kept, notes = {}, []
    for name in filter(values.get, PLACES[kind]):
        try:
            _by_pillow(kept | {name: values[name]}, kind, photo)
            kept[name] = values[name]
        except Exception:  # most often it is too long
            notes.append(f"has {name} data for which {kind} has no room; they are left away")
    return kept, notes


def _by_pillow(values: dict, kind: str, photo: Photograph, mode: str = "RGB") -> bytes:
    """An 8×8 picture with these metadata, and in a PNG what `photo` says in chunks of its own."""
    text, options, file = PngImagePlugin.PngInfo(), dict(values), io.BytesIO()
    if kind == "PNG":
        for name, body in photo.colours.items():
            text.add(name, body)
        for name, words in photo.header.info.items() if photo.header and photo.header.format == "PNG" else ():
            if isinstance(words, str) and name not in ELSEWHERE:
                text.add_text(name, words)
        if "xmp" in options:
            text.add_itxt("XML:com.adobe.xmp", options["xmp"].decode())
        if "comment" in options:
            text.add_text("Comment", options["comment"].decode(errors="replace"))
    if iptc := options.pop("iptc", None):
        iptc += bytes(len(iptc) % 2)
        resource = b"Photoshop 3.0\0" + struct.pack(">4sHHI", b"8BIM", IPTC_IN_JPEG, 0, len(iptc)) + iptc
        options["extra"] = struct.pack(">HH", 0xFFED, len(resource) + 2) + resource
    Image.new(mode, (8, 8)).save(file, kind, pnginfo=text, **options)
    return file.getvalue()


def _jpeg(image, file, values, photo) -> None:
    whole = _by_pillow(values, "JPEG", photo, "L" if image.bands == 1 else "RGB")
    head = whole[: whole.index(b"\xff\xdb\x00")]  # up to the quantisation tables
    file.seek(len(head) - 2)  # libvips' first two bytes say that this is a JPEG, as those of `head` do
    write_pixels(image, file, ".jpg", **JPEG[2])
    file.seek(0)
    file.write(head)


def _png(image, file, values, photo) -> None:
    whole = _by_pillow(values, "PNG", photo, "L" if image.bands < 3 else "RGB")
    chunks = whole[33 : whole.rindex(b"IDAT") - 4]  # from behind signature and header to the pixels
    file.seek(len(chunks))
    write_pixels(image, file, ".png", **FORMATS[".png"][2])  # 33 bytes of signature and header, 21 of density
    file.seek(len(chunks))
    head = file.read(33)
    file.seek(0)
    file.write(head + chunks)
    x, y = (round(dots / 0.0254) for dots in photo.density or (0, 0))  # per metre
    density = (x, y, 1) if x and y else (1, 1, 0)  # square pixels, no unit
    PngImagePlugin.putchunk(file, b"pHYs", struct.pack(">IIB", *density))


def _webp(image, file, values, photo) -> None:
    """Pillow's file with libvips' pixels in the place of its own."""
    if values.get("icc_profile", b"")[16:20] == b"GRAY":  # WebP has no grey
        values = {name: value for name, value in values.items() if name != "icc_profile"}
    mode = "RGBA" if image.bands in (2, 4) else "RGB"
    made = image.write_to_buffer(".webp", keep="none", **FORMATS[".webp"][2])
    if values:
        whole, plain = (_by_pillow(each, "WEBP", photo, mode) for each in (values, {}))
        ours, theirs = (each[30 if each[12:16] == b"VP8X" else 12 :] for each in (made, plain))
        sides = b"".join(struct.pack("<I", side - 1)[:3] for side in (image.width, image.height))
        body = b"WEBP" + whole[12:24] + sides + whole[30:].replace(theirs, ours)  # first of all VP8X: flags and sides
        made = b"RIFF" + struct.pack("<I", len(body)) + body
    file.write(made)


def _tiff(image, file, values, photo) -> None:
    size = image.width * image.height * image.bands * (2 if image.format == "ushort" else 1)
    write_pixels(image, file, ".tif", bigtiff=size > 2**32 - 2**26, **TIFF[2])
    _add_tags(file, values)


def _add_tags(file, values) -> None:
    """Write a TIFF's table of tags once more, with the metadata among them; the file's head then points to it."""
    file.seek(0)
    tags, exif = TiffImagePlugin.TiffImageFile(file).tag_v2, values.get("exif", {})
    dict(tags)  # reads them all
    for tag in exif.keys() - SIZES.keys() - {ORIENTATION}:
        tags[tag] = exif.get_ifd(tag) if tag in (EXIF, GPS) else exif[tag]
    for tag, name in ((ICC, "icc_profile"), (XMP, "xmp"), (IPTC, "iptc")):
        if name in values:
            tags[tag] = values[name]
    tags.update(zip(DENSITY, (*values.get("dpi", (1, 1)), 2 if "dpi" in values else 1), strict=True))  # 1: no unit
    place = file.seek(0, os.SEEK_END)
    place += place % 2
    file.seek(place)
    file.write(tags.tobytes(place))
    file.seek(8 if tags._bigtiff else 4)
    file.write(struct.pack("<Q" if tags._bigtiff else "<I", place))


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
