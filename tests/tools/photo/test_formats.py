"""What a file says besides its pixels: kept where the format has a place, and true for the result."""

import dataclasses
import struct

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms, IptcImagePlugin, PngImagePlugin

from tests.files import saved, with_chunk
from tools.photo import formats, reading

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:Rating="5" tiff:Orientation="6" tiff:ImageWidth="30" '
    b'hdrgm:Version="1.0"><exif:PixelYDimension>20</exif:PixelYDimension></rdf:Description></x:xmpmeta>'
)
MAKE, DATE, EXPOSURE, MAKER_NOTE, WIDTH = 271, 36867, 33434, 37500, 40962
ENDINGS = [".jpg", ".png", ".webp", ".tif"]


def exif():
    exif = Image.Exif()
    exif[274], exif[MAKE] = 6, "Camera"
    exif[formats.EXIF] = {DATE: "2024:05:06 07:08:09", EXPOSURE: (1, 125), MAKER_NOTE: b"note" * 20, WIDTH: 30}
    exif[formats.GPS] = {1: "N", 2: (48.0, 51.0, 30.0)}
    return exif


def source(kind, tmp_path, mode="RGB", **options):
    """A picture of 30×20 pixels with all the metadata that Pillow can write into its kind, read."""
    array = np.arange(1800, dtype=np.uint8).reshape(20, 30, 3)
    made = exif()
    if kind == "TIFF":
        made[700] = XMP
    if kind == "PNG":
        options["pnginfo"] = text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        text.add_itxt("Title", "süß", "de", "Titel")
        text.add_text("workflow", "node " * 300_000, zip=True)
        text.add(b"gAMA", struct.pack(">I", 100_000))
    if kind in ("JPEG", "WEBP"):
        options["xmp"] = XMP
    if kind == "JPEG":
        options["comment"] = b"hello"
    file = tmp_path / "source"
    Image.fromarray(array).convert(mode).save(
        file, kind, exif=made.tobytes(), icc_profile=PROFILE, dpi=(300, 150), **options
    )
    return reading.read_photograph(file)


def written(photo, tmp_path, ending, bands=3, depth="uchar"):
    image = (pyvips.Image.black(80, 120, bands=bands) + list(range(40, 40 + bands))).cast(depth)
    notes = formats.write_picture(image, tmp_path / f"result{ending}", ending, photo)
    assert pyvips.Image.new_from_file(str(tmp_path / f"result{ending}"), fail_on="warning").avg() >= 40
    with Image.open(tmp_path / f"result{ending}") as result:
        result.load()
    return result, notes


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_metadata_come_through(kind, ending, tmp_path):
    result, notes = written(source(kind, tmp_path), tmp_path, ending)
    assert notes == [] and result.size == (80, 120)
    assert result.info["icc_profile"] == PROFILE
    found = result.getexif()
    inner = found.get_ifd(formats.EXIF)
    assert found.get(274, 1) == 1 and found[MAKE] == "Camera"
    assert (inner[DATE], inner[EXPOSURE], inner[MAKER_NOTE]) == ("2024:05:06 07:08:09", (1, 125), b"note" * 20)
    assert inner[WIDTH] == 80 and found.get_ifd(formats.GPS)[1] == "N"
    xmp = result.info["xmp"] if isinstance(result.info["xmp"], bytes) else result.info["xmp"].encode()
    assert b'xmp:Rating="5"' in xmp and b'tiff:Orientation="1"' in xmp and b"hdrgm" not in xmp
    assert b'tiff:ImageWidth="80"' in xmp and b"<exif:PixelYDimension>120<" in xmp
    if ending != ".webp" and kind != "WEBP":
        assert result.info["dpi"] == pytest.approx((300, 150), abs=0.5)


IPTC = b"\x1c\x02\x78\x00\x05hello\x1c\x02\x19\x00\x03cat"  # a caption, and a keyword


@pytest.mark.parametrize("ending", [".jpg", ".tif"])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_captions_and_keywords(kind, ending, tmp_path):
    body = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
    options = {"extra": b"\xff\xed" + struct.pack(">H", len(body) + 2) + body} if kind == "JPEG" else {}
    photo = Image.new("RGB", (30, 20))
    photo.save(tmp_path / "photo", kind, **options, **({"tiffinfo": {33723: IPTC}} if kind == "TIFF" else {}))
    result, notes = written(reading.read_photograph(tmp_path / "photo"), tmp_path, ending)
    found = IptcImagePlugin.getiptcinfo(result)
    assert (found[2, 120], found[2, 25]) == (b"hello", b"cat") and not notes


def test_the_comment_of_a_jpeg_and_text_and_gamma_of_a_png_that_every_program_reads(tmp_path, monkeypatch):
    photo = source("JPEG", tmp_path)
    assert written(photo, tmp_path, ".jpg")[0].info["comment"] == b"hello"
    assert written(photo, tmp_path, ".png")[0].info["Comment"] == "hello"
    photo = source("PNG", tmp_path)
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", 2**20)  # Pillow's own limit
    result, _ = written(photo, tmp_path, ".png")
    assert result.info["gamma"] == 1
    assert result.text["workflow"] == "node " * 300_000
    assert result.text["Title"] == "süß" and (result.text["Title"].lang, result.text["Title"].tkey) == ("de", "Titel")


RED = Image.new("RGB", (30, 20), "red")


def box(primaries, curve):
    """An AVIF whose `colr` box says this."""
    return saved(RED, "AVIF").replace(b"colrnclx\0\1\0\r", b"colrnclx" + struct.pack(">HH", primaries, curve))


#: A file, the chunk that a PNG of it has, and what is said of any other format
COLOURS = {
    "BT.2020 with PQ": (box(9, 16), b"cICP\x09\x10\0\1", "cICP 9, 16"),
    "BT.2100 with HLG in a PNG": (with_chunk(b"cICP", b"\x09\x12\0\1", saved(RED)), b"cICP\x09\x12\0\1", "cICP 9, 18"),
    "linear light": (with_chunk(b"gAMA", struct.pack(">I", 100_000), saved(RED)), b"gAMA\0\1\x86\xa0", "gAMA"),
    "Display P3": (box(12, 13), b"cICP\x0c\x0d\0\1", None),
    "sRGB": (box(1, 13), b"cICP\1\x0d\0\1", None),
    "sRGB's gamma": (with_chunk(b"gAMA", struct.pack(">I", 45_454), saved(RED)), b"gAMA", None),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", COLOURS)
def test_what_the_colours_mean_is_kept_or_told(kind, ending, tmp_path):
    content, right, said = COLOURS[kind]
    (tmp_path / "photo").write_bytes(content)
    photo = reading.read_photograph(tmp_path / "photo")
    result, notes = written(photo, tmp_path, ending)
    assert bool(result.info.get("icc_profile")) == (kind == "Display P3") and photo.notes == []
    if ending == ".png":
        assert right in (tmp_path / "result.png").read_bytes() and not notes
    else:
        assert len(notes) == bool(said) and all(f"({said})" in note for note in notes)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_no_density_is_invented(kind, ending, tmp_path):
    Image.new("RGB", (30, 20)).save(tmp_path / "bare", kind)
    photo = reading.read_photograph(tmp_path / "bare")
    if kind == "BMP":  # Pillow's own default of 96
        photo = dataclasses.replace(photo, density=None)
    result, notes = written(photo, tmp_path, ending)
    assert "dpi" not in result.info and not notes
    assert not result.getexif() or ending == ".tif"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("bands", "depth"), [(1, "uchar"), (2, "uchar"), (4, "uchar"), (1, "ushort"), (4, "ushort")])
def test_every_layout_of_pixels_holds_metadata(bands, depth, ending, tmp_path):
    if (ending == ".jpg" and bands in (2, 4)) or (depth == "ushort" and ending not in formats.DEEP):
        pytest.skip("make upscale never writes this")
    image = (pyvips.Image.black(80, 120, bands=bands) + [300 if depth == "ushort" else 30] * bands).cast(depth)
    space = {"uchar": {1: "b-w", 2: "b-w", 4: "srgb"}, "ushort": {1: "grey16", 4: "rgb16"}}[depth][bands]
    formats.write_picture(image.copy(interpretation=space), tmp_path / "result", ending, source("TIFF", tmp_path))
    back = pyvips.Image.new_from_file(str(tmp_path / "result"), fail_on="warning")
    assert back.get("vips-loader") and abs(back.avg() - (300 if depth == "ushort" else 30)) < 1
    assert (back.bands == bands and back.format == depth) or ending == ".webp"
    assert Image.open(tmp_path / "result").getexif()[MAKE] == "Camera"


def test_a_table_of_a_big_tiff_is_extended_too(tmp_path):
    image = pyvips.Image.black(80, 120, bands=3).linear(1, [40, 50, 60])
    with open(tmp_path / "big.tif", "wb+") as file:
        formats.write_pixels(image.cast("uchar"), file, ".tif", bigtiff=True, tile=True)
        made = Image.Exif()
        made.load(exif().tobytes())
        formats._add_tags(file, {"exif": made})
    with Image.open(tmp_path / "big.tif") as result:
        assert result.getpixel((79, 119)) == (40, 50, 60)
        assert result.getexif().get_ifd(formats.EXIF)[DATE] == "2024:05:06 07:08:09"


def test_what_does_not_fit_is_left_away_with_a_word(tmp_path):
    photo = source("TIFF", tmp_path)
    photo.header.info["xmp"] = b"<x>" + b" " * 70_000 + b"</x>"
    result, notes = written(photo, tmp_path, ".jpg")
    assert "xmp" not in result.info and result.info["icc_profile"] == PROFILE
    assert len(notes) == 1 and "xmp" in notes[0]


#: EXIF data -> whether something of it is left away
BROKEN_EXIF = {
    "garbage": (b"garbage and more garbage", True),
    "cut": (b"II*\0\x08\0\0\0\x05\0\x12\x01", True),
    "a wrong type": (b"II*\0\x08\0\0\0\x01\0\x13\x02\x02\0\x04\0\0\0abc\0\0\0\0\0", True),
    "a loop": (b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0", False),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("damage", BROKEN_EXIF)
def test_broken_exif_is_left_away_with_a_word(damage, ending, tmp_path):
    exif, lost = BROKEN_EXIF[damage]
    Image.new("RGB", (30, 20)).save(tmp_path / "photo", "JPEG", exif=b"Exif\0\0" + exif, comment=b"kept")
    _, notes = written(reading.read_photograph(tmp_path / "photo"), tmp_path, ending)
    assert len(notes) == lost and all("EXIF" in note for note in notes)
