"""The reader against pictures whose pixels are known: format × mode × depth × alpha × profile × orientation."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from sr_utils import StudyError
from tests.files import saved, several, tiff, turned, with_chunk
from tools.photo import reading

HEIGHT, WIDTH = 48, 64
X, Y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
RGB = np.dstack([60 + 120 * X, 200 - 150 * Y, 90 + 50 * np.sin(9 * X + 5 * Y)]).round().astype(np.uint8)
GREY = RGB[..., 1]
MOVING = [np.roll(RGB, n, 0) for n in range(3)]
ALPHA = (255 * X).round().astype(np.uint8)
DEEP = RGB.astype(np.uint16) * 257 - np.uint16(100)  # not what 8 bits can hold
SRGB, LAB = (ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes() for space in ("sRGB", "LAB"))


def vips(array, ending, space=None, **options):
    image = pyvips.Image.new_from_array(array)
    return (image.copy(interpretation=space) if space else image).write_to_buffer(ending, **options)


def lab16():
    return pyvips.Image.new_from_array(RGB).copy(interpretation="srgb").colourspace("labs").write_to_buffer(".tif")


def ascii_ppm(end):
    return b"P3 64 48 65535\n" + b" ".join(b"%d" % value for value in DEEP.ravel()) + end


def packed():
    """10 bits of grey without gaps, which tifffile does not write: eight bits of another width, renamed."""
    bits = np.unpackbits((GREY10 << 6).byteswap().view(np.uint8).reshape(HEIGHT, WIDTH, 2), axis=2)[..., :10]
    file = io.BytesIO(tiff(np.packbits(bits.reshape(HEIGHT, -1), axis=1), photometric="minisblack"))
    with tifffile.TiffFile(file, mode="r+") as tags:
        tags.pages[0].tags["ImageWidth"].overwrite(WIDTH)
        tags.pages[0].tags["BitsPerSample"].overwrite(10)
    return file.getvalue()


def bmp_of_version_5(alpha):
    pixels = np.dstack([RGB[::-1, :, ::-1], np.full_like(GREY, alpha)]).tobytes()
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 124, WIDTH, HEIGHT, 1, 32, 3, len(pixels), 0, 0, 0, 0) + masks + b"BGRs"
    head = head.ljust(124, b"\0")
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels), 0, 0, 138) + head + pixels


def without_a_restart_interval():
    whole = saved(RGB, "JPEG", quality=97, restart_marker_blocks=1)
    return whole[: whole.index(b"\xff\xd2")] + whole[whole.index(b"\xff\xd3") :]


def tiff_with_preview(preview, whole, **options):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(preview, subfiletype=1, photometric="rgb", **options)
        writer.write(whole, photometric="rgb" if whole.ndim == 3 else "minisblack")
    return file.getvalue()


#: What phones write: 64×48, blue above brown. No library here can write it.
HEIC, HEIC_10 = ((Path(__file__).parent / f"{name}.heic").read_bytes() for name in ("phone", "phone_10_bits"))
BLUE_AND_BROWN = np.repeat(np.uint8([[(40, 120, 220)] * WIDTH, [(200, 80, 40)] * WIDTH]), HEIGHT // 2, axis=0)
PALETTE = np.asarray(Image.fromarray(RGB).convert("P").convert("RGB"))
GREY16 = GREY.astype(np.uint16) * 257
DARK = np.full_like(DEEP, 2600)
GREY10 = (GREY * (1023 / 255)).round().astype(np.uint16)
#: kind -> (its bytes, the right pixels with alpha where there is one, by how much each may be off)
RIGHT = {
    "PNG, palette": (saved(RGB, "PNG", convert="P"), PALETTE, 0),
    "PNG, grey": (saved(GREY, "PNG"), GREY, 0),
    "PNG, 1 bit": (saved((GREY > 128).astype(np.uint8) * 255, "PNG", convert="1"), (GREY > 128) * 255, 0),
    "PNG, 2 bits": (vips(GREY // 85 * 85, ".png", bitdepth=2), GREY // 85 * 85, 0),
    "PNG, grey, 16 bits": (vips(GREY16, ".png", "grey16"), GREY16, 0),
    "PNG, 16 bits": (vips(DEEP, ".png", "rgb16"), DEEP, 0),
    "PNG, 16 bits, alpha": (vips(np.dstack([DEEP, GREY16]), ".png", "rgb16"), np.dstack([DEEP, GREY16]), 0),
    "PNG, alpha": (saved(np.dstack([RGB, ALPHA]), "PNG"), np.dstack([RGB, ALPHA]), 0),
    "PNG, grey, alpha": (saved(np.dstack([GREY, ALPHA]), "PNG"), np.dstack([GREY, ALPHA]), 0),
    "PNG, grey with a transparent level": (
        with_chunk(b"tRNS", struct.pack(">H", int(GREY[5, 5])), saved(GREY, "PNG")),
        np.dstack([GREY, np.where(GREY[5, 5] == GREY, 0, 255)]), 0),
    "PNG, 16 bits, grey with a transparent level": (
        with_chunk(b"tRNS", struct.pack(">H", int(GREY16[5, 5])), vips(GREY16, ".png", "grey16")),
        np.dstack([GREY16, np.where(GREY16[5, 5] == GREY16, 0, 65535)]), 0),
    "PNG with 3 MB of compressed text": (
        with_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"node " * 600_000), saved(RGB, "PNG")), RGB, 0),
    "PNG, 16 bits, dark under an alpha that is not": (
        vips(np.dstack([DEEP // 40, 4 * GREY16]), ".png", "rgb16"), np.dstack([DEEP // 40, 4 * GREY16]), 0),
    "PNG, 16 bits, dark": (vips(DEEP // 40, ".png", "rgb16"), DEEP // 40, 0),
    "PNG, 12 bits as they are": (with_chunk(b"sBIT", b"\x0c", vips(GREY16 >> 4, ".png", "grey16")), GREY16, 20),
    "PNG, 12 bits scaled up, dark": (
        with_chunk(b"sBIT", b"\x0c", vips(GREY16 // 5000 * 16, ".png", "grey16")), GREY16 // 5000 * 16, 0),
    "PNG, 16 bits, a senseless sBIT": (with_chunk(b"sBIT", b"\xff", vips(DEEP, ".png", "rgb16")), DEEP, 0),
    "JPEG": (saved(RGB, "JPEG", quality=97), RGB, 6),
    "JPEG, grey": (saved(GREY, "JPEG", quality=97), GREY, 4),
    "JPEG with a preview": (several("MPO", [RGB, RGB[::2, ::2]], quality=97), RGB, 6),
    "JPEG with bytes behind it": (saved(RGB, "JPEG", quality=97) + b"gain map" * 99, RGB, 6),
    "JPEG with a gain map": (saved(RGB, "JPEG", quality=97, xmp=b'<x hdrgm:Version="1.0"/>'), RGB, 6),
    "JPEG without one of its intervals": (without_a_restart_interval(), RGB, 255),  # what follows it is misplaced
    "JPEG without its last two bytes": (saved(RGB, "JPEG", quality=97)[:-2], RGB, 6),
    "WebP": (saved(RGB, "WEBP", quality=97), RGB, 12),
    "WebP, lossless, alpha": (
        saved(np.dstack([RGB, ALPHA]), "WEBP", lossless=True, exact=True), np.dstack([RGB, ALPHA]), 0),
    "GIF": (saved(RGB, "GIF", convert="P"), PALETTE, 0),
    "HEIC": (HEIC, BLUE_AND_BROWN, 3),
    "AVIF": (saved(RGB, "AVIF", quality=97), RGB, 12),
    "AVIF, 10 bits, dark": (vips(DARK, ".avif", "rgb16", bitdepth=10), DARK, 100),
    "HEIC, 10 bits": (HEIC_10, np.uint16(Image.open(io.BytesIO(HEIC_10))) * np.uint16(257), 700),
    "BMP": (saved(RGB, "BMP"), RGB, 0),
    "BMP, version 5": (bmp_of_version_5(200), np.dstack([RGB, np.full_like(GREY, 200)]), 0),
    "BMP, version 5, alpha of zeros": (bmp_of_version_5(0), RGB, 0),
    "JPEG 2000, 16 bits": (cv2.imencode(".jp2", DEEP[..., ::-1])[1].tobytes(), DEEP, 0),
    "JPEG 2000, alpha": (saved(np.dstack([RGB, ALPHA]), "JPEG2000"), np.dstack([RGB, ALPHA]), 2),
    "PPM": (saved(RGB, "PPM"), RGB, 0),
    "PGM, 16 bits, dark": (saved(GREY16 // 40, "PPM"), GREY16 // 40, 0),
    "PPM, 16 bits": (b"P6 64 48 65535\n" + DEEP.astype(">u2").tobytes(), DEEP, 0),
    "PPM, maximum 1023": (b"P6 64 48 1023\n" + (DEEP >> 6).astype(">u2").tobytes(), DEEP, 64),
    "PPM, 16 bits in digits": (ascii_ppm(b"\n"), DEEP, 0),
    "PPM, 16 bits in digits without an end": (ascii_ppm(b""), RGB, 1),
    "TGA": (saved(RGB, "TGA"), RGB, 0),
    "ICO": (saved(RGB, "ICO", sizes=[(WIDTH, HEIGHT)]), RGB, 0),
    "TIFF, JPEG": (vips(RGB, ".tif", compression="jpeg", Q=97), RGB, 8),
    "TIFF, ZSTD, turned": (saved(np.rot90(RGB), "TIFF", exif=turned(6), compression="zstd"), RGB, 0),
    "TIFF, LZMA, turned": (
        tiff(np.rot90(RGB), photometric="rgb", compression="lzma", extratags=[(274, 3, 1, 6, True)]), RGB, 0),
    "TIFF, LZMA, 16 bits": (tiff(DEEP, photometric="rgb", compression="lzma"), DEEP, 0),
    "TIFF, LZMA, white is 0": (tiff(65535 - GREY16, photometric="miniswhite", compression="lzma"), GREY16, 0),
    "TIFF, planar tiles": (
        tiff(RGB.transpose(2, 0, 1), photometric="rgb", planarconfig="separate", tile=(16, 16)), RGB, 0),
    "TIFF, 10 bits packed": (packed(), GREY16, 64),
    "TIFF, big, most significant byte first": (tiff(RGB, photometric="rgb", byteorder=">", bigtiff=True), RGB, 0),
    "TIFF, YCbCr": (tiff(np.asarray(Image.fromarray(RGB).convert("YCbCr")), photometric="ycbcr"), RGB, 4),
    "TIFF, planar, 16 bits": (tiff(DEEP.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"), DEEP, 0),
    "TIFF, white is 0": (tiff(255 - GREY, photometric="miniswhite"), GREY, 0),
    "TIFF, grey, 16 bits": (tiff(GREY16, photometric="minisblack"), GREY16, 0),
    "TIFF, 12 bits in 16": (tiff(GREY16 >> 4, photometric="minisblack"), GREY16, 20),
    "TIFF, 16 bits, dark": (tiff(GREY16 >> 2, photometric="minisblack"), GREY16 >> 2, 0),
    "TIFF, black, 16 bits": (tiff(0 * GREY16, photometric="minisblack"), 0 * GREY16, 0),
    "TIFF, float": (tiff(GREY / np.float32(255), photometric="minisblack"), GREY16, 1),
    "TIFF, double precision": (tiff(GREY / 255, photometric="minisblack"), GREY16, 1),
    "TIFF, 12 bits in 16, white is 0": (tiff(4095 - (GREY16 >> 4), photometric="miniswhite"), GREY16, 20),
    "TIFF, float, white is 0": (tiff(1 - GREY / np.float32(255), photometric="miniswhite"), GREY16, 1),
    "TIFF, float, a rounding error beyond 1": (
        tiff(np.full((HEIGHT, WIDTH), 1.0001, np.float32)), np.full((HEIGHT, WIDTH), 65535), 0),
    "TIFF, float, colour": (tiff(RGB / np.float32(255), photometric="rgb"), RGB.astype(np.uint16) * 257, 1),
    "TIFF, palette": (saved(RGB, "TIFF", convert="P"), PALETTE, 0),
    "TIFF, Lab": (saved(RGB, "TIFF", convert="LAB", icc_profile=LAB), RGB, 12),
    "TIFF, Lab, 16 bits": (lab16(), RGB.astype(np.uint16) * 257, 300),
    "TIFF, alpha": (
        tiff(np.dstack([RGB, ALPHA]), photometric="rgb", extrasamples=["unassalpha"]), np.dstack([RGB, ALPHA]), 0),
    "TIFF, colours multiplied by alpha": (
        tiff(np.dstack([RGB * (ALPHA[..., None] / 255), ALPHA]).round().astype(np.uint8)[:, 20:], photometric="rgb",
             extrasamples=["assocalpha"]), np.dstack([RGB, ALPHA])[:, 20:], 2),
    "TIFF, a fourth channel without a name": (
        tiff(np.dstack([RGB, ALPHA]), photometric="rgb", extrasamples=["unspecified"]), RGB, 0),
    "TIFF with a preview": (tiff_with_preview(RGB[::4, ::4], RGB), RGB, 0),
} | {
    f"{kind}, orientation {n}": (saved(stored, kind, exif=turned(n)), RGB, tolerance)
    for kind, tolerance in {"PNG": 0, "JPEG": 20, "TIFF": 0, "WEBP": 40}.items()
    for n, stored in {
        1: RGB, 2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.swapaxes(0, 1),
        6: np.rot90(RGB), 7: RGB[::-1, ::-1].swapaxes(0, 1), 8: np.rot90(RGB, -1),
    }.items()
}  # fmt: skip


#: kind -> words of what is said of it
SAID = {
    "TIFF, 12 bits in 16": "above 3212: read as 12 bits",
    "TIFF, 12 bits in 16, white is 0": "read as 12 bits",
    "PNG, 12 bits as they are": "12 bits in 16, as its sBIT",
    "TIFF, 16 bits, dark": "above 12850 of 65535",
    "PPM, 16 bits in digits without an end": "16 bits a channel, of which 8 are read",
    "JPEG without one of its intervals": "damaged in places (Corrupt JPEG data",
    "JPEG without its last two bytes": "lacks its last bytes",
    "JPEG with a gain map": "a gain map",
    "TIFF, a fourth channel without a name": "a channel without a name",
    "BMP, version 5, alpha of zeros": "a channel of alpha that is 0 everywhere",
}


@pytest.mark.parametrize("kind", RIGHT)
def test_pixels_are_right(kind, tmp_path):
    content, right, tolerance = RIGHT[kind]
    (tmp_path / "file").write_bytes(content)
    photo = reading.read_photograph(tmp_path / "file")
    right = np.atleast_3d(right)
    channels = right.shape[2]
    assert photo.rgb.dtype == (np.uint16 if right.max() > 255 or right.dtype == np.uint16 else np.uint8)
    assert photo.grey == (channels < 3) and (photo.alpha is not None) == (channels in (2, 4))
    colours = right[..., : 1 if channels < 3 else 3].astype(int)
    assert np.abs(photo.rgb - colours).max() <= tolerance
    if photo.alpha is not None:
        assert np.abs(photo.alpha - right[..., -1].astype(int)).max() <= tolerance
    assert len(photo.notes) == (kind in SAID)  # nothing is said without a reason
    assert all(SAID[kind] in note for note in photo.notes)


@pytest.mark.parametrize("ending", [".jpg", ".tif"])
def test_cmyk_is_converted_by_its_own_profile(ending, tmp_path):
    image = pyvips.Image.new_from_array(RGB).copy(interpretation="srgb").icc_transform("cmyk", input_profile="srgb")
    image.write_to_file(str(tmp_path / f"print{ending}"), Q=97)
    photo = reading.read_photograph(tmp_path / f"print{ending}")
    assert photo.profile is None and (np.abs(photo.rgb.astype(int) - RGB).mean((0, 1)) < 6).all()


def test_cmyk_without_a_profile_is_read_too_and_alpha_beside_it_stays_as_it_is(tmp_path):
    inks = np.dstack([DEEP, GREY16, GREY16])
    (tmp_path / "print").write_bytes(tiff(inks, photometric="separated", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(reading.read_photograph(tmp_path / "print").alpha, GREY16)
    (tmp_path / "print.jpg").write_bytes(saved(RGB, "JPEG", convert="CMYK", quality=97))
    rgb = reading.read_photograph(tmp_path / "print.jpg").rgb
    assert (np.abs(rgb.mean((0, 1)) - RGB.mean((0, 1))) < 15).all()


UNKNOWN = "cannot be read as an image .its format is not known here"
REFUSED = {
    **{f"a {kind} that moves": (several(kind, MOVING), "holds 3 frames")
       for kind in ("GIF", "WEBP", "PNG")},
    "a TIFF of three pages": (several("TIFF", MOVING), "holds 3 pages"),
    "NaN": (tiff(np.float32([[0, np.nan]] * 2)), "holds NaN or infinity"),
    "float beyond 1": (tiff(GREY.astype(np.float32)), "holds numbers from 50 to 200"),
    "32-bit integers": (tiff(GREY.astype(np.uint32)), "holds uint32 numbers"),
    "signed integers": (tiff(GREY.astype(np.int16)), "holds int16 numbers"),
    "a stack in one page": (tiff(np.stack([GREY, GREY]), photometric="minisblack", truncate=True), "holds 2 pages"),
    "16 bits of Photoshop": (b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 48, 64, 16, 3), "is a Photoshop file"),
    "OpenEXR": (b"\x76\x2f\x31\x01" + bytes(99), UNKNOWN),
    "five channels": (tiff(np.dstack([RGB, RGB[..., :2]]), photometric="rgb"), "has 5 channels"),
    "no bytes": (b"", UNKNOWN),
    "text": (b"hello", UNKNOWN),
    "vector graphics": (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "cannot be read as"),
    **{f"half of a {kind}": (saved(RGB, kind)[: len(saved(RGB, kind)) // 2], "cannot be read as an image")
       for kind in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "BMP", "JPEG2000")},
    "a JPEG without its last forty bytes": (saved(RGB, "JPEG")[:-40], "cannot be read as an image"),
    "a grey JPEG that lacks the last row of blocks": (saved(GREY, "JPEG", quality=97)[:-40], "cannot be read as an"),
    "camera raw": (tiff_with_preview(RGB[::4, ::4], GREY16, subifds=1), "holds previews alone"),
    "ICC's kind of Lab": (tiff(RGB, photometric="icclab"), "holds neither grey"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_the_rest_is_refused_in_a_sentence(kind, tmp_path):
    content, sentence = REFUSED[kind]
    (tmp_path / "the file").write_bytes(content)
    with pytest.raises(StudyError, match=f"the file {sentence}") as error:
        reading.read_photograph(tmp_path / "the file")
    assert "\n" not in str(error.value) and "0x" not in str(error.value)


@pytest.mark.parametrize(("numbers", "density"), [
    ((300, 150, 2), (300, 150)), ((100, 100, 3), (254, 254)), ((0, 0, 2), None)
])  # fmt: skip
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_density_is_the_files_own_and_else_that_of_exif(kind, numbers, density, tmp_path):
    exif = Image.Exif()
    exif.update(zip((282, 283, 296), numbers, strict=True))
    for options, right in (({}, None), ({"exif": exif}, density), ({"dpi": (300, 600)}, (300, 600))):
        (tmp_path / "file").write_bytes(saved(RGB, kind, **options))
        found = reading.read_photograph(tmp_path / "file").density
        right = None if kind == "WEBP" and "dpi" in options else right  # which has no other place
        assert found == (right and pytest.approx(right, rel=1e-4))


def test_a_profile_of_another_colour_space_is_dropped(tmp_path):
    for profile, kept in ((LAB, None), (SRGB, SRGB)):
        (tmp_path / "file").write_bytes(saved(RGB, "PNG", icc_profile=profile))
        assert reading.read_photograph(tmp_path / "file").profile == kept


WHOLE = [RIGHT[kind][0] for kind in ("PNG, 16 bits, alpha", "JPEG with a preview", "TIFF, alpha", "GIF", "WebP", "AVIF",
                                     "BMP", "TIFF, planar, 16 bits", "JPEG, orientation 6")]  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=3))
def test_an_altered_header_gives_an_image_or_the_one_error(tmp_path, whole, changes):
    content = bytearray(whole)
    for place, new in changes:
        content[place : place + len(new)] = new
    (tmp_path / "file").write_bytes(content)
    try:
        photo = reading.read_photograph(tmp_path / "file")
    except StudyError as error:
        assert str(tmp_path / "file") in str(error) and "\n" not in str(error)
    else:
        assert photo.rgb.dtype in (np.uint8, np.uint16) and photo.rgb.shape[2] == 3
        assert photo.alpha is None or photo.alpha.shape == photo.rgb.shape[:2]
