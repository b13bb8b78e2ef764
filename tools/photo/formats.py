"""What `make upscale` writes: pixels by libvips, line by line, and metadata by Pillow.

Pillow writes a picture of 8×8 pixels with all the metadata, whose header then takes the place of libvips' own. libvips
alone would write a density of 25.4 dpi, and EXIF data of its own making, into every file.
"""

import errno
import io
import os
import struct
import zlib

import numpy as np
import pyvips
from PIL import Image, PngImagePlugin

from . import decoding
from .metadata import DENSITY, ICC, IPTC, ORIENTATION, SIZES, XMP, decompressed, metadata
from .reading import Photograph

#: What can be written: the largest side that the format holds, and libvips' settings for it. JPEG keeps the colour of
#: each pixel (4:4:4). Lossy WebP has 4:2:0 alone; sharp conversion makes the best of it. PNG at zlib's level 3 behind
#: all row filters takes half the bytes of level 6 without filters, and about the same time.
FORMATS = {
    ".png": (2**31 - 1, {"compression": 3, "filter": "all"}),
    ".tif": (2**31 - 1, {"compression": "deflate", "predictor": "horizontal"}),
    ".tiff": (2**31 - 1, {"compression": "deflate", "predictor": "horizontal"}),
    ".jpg": (65_500, {"Q": 95, "subsample_mode": "off"}),
    ".jpeg": (65_500, {"Q": 95, "subsample_mode": "off"}),
    ".webp": (16_383, {"Q": 95, "smart_subsample": True}),
}
OPAQUE = (".jpg", ".jpeg")
DEEP = (".png", ".tif", ".tiff")  # hold 16 bits a channel

IPTC_IN_JPEG = 0x0404  # which of Photoshop's resources
PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")
ELSEWHERE = (b"XML:com.adobe.xmp", b"Raw profile type exif", b"Raw profile type xmp")  # text that goes another way
WEBP_PIXELS = (b"ALPH", b"VP8 ", b"VP8L")
SRGB = {b"gAMA": (45455,), b"cHRM": (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)}  # in 100,000ths
PLACES = {  # what each format has a place for, by Pillow's names
    "PNG": ("exif", "icc_profile", "xmp", "comment"),
    "WEBP": ("exif", "icc_profile", "xmp"),
    "JPEG": ("exif", "icc_profile", "xmp", "comment", "dpi", "iptc"),
}


def write_picture(image: pyvips.Image, path, ending: str, photo: Photograph) -> list[str]:
    """Write an enlarged picture, with the metadata of `photo` that the format has a place for.

    Returns what had to be left away, in sentences without a subject. Raises `OSError` where the disk is full.
    """
    values, notes = metadata(photo, image.width, image.height)
    if ending != ".png" and (said := _colours_left_away(photo)):
        notes.append(f"says what its colours mean ({said}), for which {ending} has no place; write a .png")
    with open(path, "wb+") as file:
        if ending.startswith(".tif"):
            _tiff(image, file, values)
        elif ending == ".png":
            notes += _png(image, file, values, photo)
        elif ending == ".webp":
            notes += _webp(image, file, values)
        else:
            notes += _jpeg(image, file, values)
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


def _by_pillow(kind: str, values: dict, mode: str) -> tuple[bytes, list[str]]:
    """An 8×8 picture with as much of the metadata as the format takes, and what it does not take."""

    def saved(values):
        text, options = PngImagePlugin.PngInfo(), dict(values)
        if kind == "PNG" and "xmp" in options:
            text.add_itxt("XML:com.adobe.xmp", options["xmp"].decode())
        if kind == "PNG" and "comment" in options:
            text.add_itxt("Comment", options["comment"].decode(errors="replace"))
        if iptc := options.pop("iptc", None):
            resource = b"Photoshop 3.0\0" + struct.pack(">4sHHI", b"8BIM", IPTC_IN_JPEG, 0, len(iptc)) + iptc
            options["extra"] = struct.pack(">HH", 0xFFED, len(resource) + len(iptc) % 2 + 2) + resource
            options["extra"] += bytes(len(iptc) % 2)
        file = io.BytesIO()
        Image.new(mode, (8, 8)).save(file, kind, pnginfo=text, **options)
        return file.getvalue()

    kept, notes = {}, []
    for name in PLACES[kind]:
        try:
            saved(kept | {name: values[name]})
            kept[name] = values[name]
        except KeyError:
            continue
        except Exception:  # most often it is too long
            notes.append(f"has {name} data for which {kind} has no room; they are left away")
    return saved(kept), notes


def _jpeg(image, file, values) -> list[str]:
    whole, notes = _by_pillow("JPEG", values, "L" if image.bands == 1 else "RGB")
    head = whole[: whole.index(b"\xff\xdb\x00")]  # up to the quantisation tables
    file.seek(len(head) - 2)  # libvips' first two bytes say that this is a JPEG, as those of `head` do
    write_pixels(image, file, ".jpg", **FORMATS[".jpg"][1])
    file.seek(0)
    file.write(head)
    return notes


def _png(image, file, values, photo) -> list[str]:
    whole, notes = _by_pillow("PNG", values, "L" if image.bands < 3 else "RGB")
    made = [(n, b) for n, b in decoding.png_chunks(whole) if n not in (b"IHDR", b"IDAT", b"IEND")]
    text = [decompressed(n, b) for n, b in decoding.png_chunks(photo.content) if n in PNG_TEXT]
    text = [c for c in text if not c[1].startswith(ELSEWHERE)]
    chunks = b"".join(_chunk(n, b) for n, b in [*made, *photo.colours.items(), *text])
    file.seek(len(chunks))
    write_pixels(image, file, ".png", **FORMATS[".png"][1])  # 33 bytes of signature and header, 21 of density
    file.seek(len(chunks))
    head = file.read(33)
    file.seek(0)
    x, y = (round(dots / 0.0254) for dots in photo.density or (0, 0))  # per metre
    density = struct.pack(">IIB", x, y, 1) if x and y else struct.pack(">IIB", 1, 1, 0)  # square pixels, no unit
    file.write(head + chunks + _chunk(b"pHYs", density))
    return notes


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _webp(image, file, values) -> list[str]:
    if values.get("icc_profile", b"")[16:20] == b"GRAY":  # WebP has no grey
        values = {name: value for name, value in values.items() if name != "icc_profile"}
    whole, notes = _by_pillow("WEBP", values, "RGBA" if image.bands in (2, 4) else "RGB")
    made = image.write_to_buffer(".webp", keep="none", **FORMATS[".webp"][1])
    if any(name in values for name in PLACES["WEBP"]):
        pixels = [chunk for chunk in _riff_chunks(made) if chunk[0] in WEBP_PIXELS]
        sides = b"".join(struct.pack("<I", side - 1)[:3] for side in (image.width, image.height))
        (_, head), *rest = _riff_chunks(whole)  # VP8X: flags and sides
        first, last = ([chunk for chunk in rest if (chunk[0] == b"ICCP") is early] for early in (True, False))
        last = [chunk for chunk in last if chunk[0] not in WEBP_PIXELS]
        chunks = [(b"VP8X", head[:4] + sides), *first, *pixels, *last]
        made = b"WEBP" + b"".join(n + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for n, b in chunks)
        made = b"RIFF" + struct.pack("<I", len(made)) + made
    file.write(made)
    return notes


def _riff_chunks(content: bytes):
    """(name, body) of each chunk of a WebP file."""
    place = 12
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        yield name, content[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _tiff(image, file, values) -> None:
    """Pixels, then the table of tags once more, with the metadata among them; the file's head then points to it."""
    size = image.width * image.height * image.bands * (2 if image.format == "ushort" else 1)
    big = size > 2**32 - 2**26
    write_pixels(image, file, ".tif", bigtiff=big, **FORMATS[".tif"][1])
    exif = values.get("exif") or Image.Exif()
    for tag, name in ((ICC, "icc_profile"), (XMP, "xmp"), (IPTC, "iptc")):
        if name in values:
            exif[tag] = values[name]
    exif.update(zip(DENSITY, (*values.get("dpi", (1, 1)), 2 if "dpi" in values else 1), strict=True))  # 1: no unit
    exif.endian, exif.bigtiff = "<", big
    _extend_tags(file, exif, big)


def _extend_tags(file, exif: Image.Exif, big: bool) -> None:
    count, entry, pointer, first = ("<Q", 20, "<Q", 8) if big else ("<H", 12, "<I", 4)

    def entries(content: bytes) -> dict[int, bytes]:
        (number,) = struct.unpack_from(count, content)
        begin = struct.calcsize(count)
        rows = [content[i : i + entry] for i in range(begin, begin + number * entry, entry)]
        return {struct.unpack_from("<H", row)[0]: row for row in rows}

    file.seek(first)
    (place,) = struct.unpack(pointer, file.read(struct.calcsize(pointer)))
    file.seek(place)
    tags = {tag: row for tag, row in entries(file.read()).items() if tag not in DENSITY}
    place = file.tell() + file.tell() % 2
    added = exif.tobytes(place)[6 + 2 * first :]  # without "Exif" and a TIFF head of its own
    tags |= {tag: row for tag, row in entries(added).items() if tag != ORIENTATION and tag not in SIZES}
    file.seek(place)
    file.write(added + bytes(len(added) % 2))
    place = file.tell()
    file.write(struct.pack(count, len(tags)) + b"".join(tags[tag] for tag in sorted(tags)) + struct.pack(pointer, 0))
    file.seek(first)
    file.write(struct.pack(pointer, place))
