"""Decode: bytes of a file -> upright pixels, by libvips, OpenCV, tifffile or Pillow, whoever reads them whole.

A step of `reading.read_photograph`, which gives them one meaning.
"""

import io
import struct
import warnings

import cv2
import numpy as np
import pi_heif
import pyvips
import tifffile
from PIL import Image, PngImagePlugin

BY_LIBVIPS = ("JPEG", "MPO", "PNG", "TIFF", "WEBP", "GIF", "AVIF")  # as Pillow names them
LOADERS = ("jpegload", "pngload", "tiffload", "webpload", "gifload", "heifload")  # libvips could read SVG too
ORIENTATION = 274  # a tag of TIFF and EXIF
TOO_LARGE = f"claims more than {Image.MAX_IMAGE_PIXELS:,} pixels; scale it down first."
UNKNOWN = "its format is not known here"
RAW = "holds previews alone, as camera raw files do; develop it, and save it with 8 or 16 bits a channel."
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, YCBCR = 0, 1, 2, 6  # kinds of colour in a TIFF
PLAIN = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, 3, 5, YCBCR, 8)  # and palettes, CMYK, CIELab
JPEG = (6, 7)  # kinds of compression
TEXT = 2**28  # bytes of decompressed text that a PNG may hold

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # `check_size` refuses sooner
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = TEXT
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # what it thinks of broken metadata
tifffile.logger().disabled = True
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
pi_heif.register_heif_opener()  # what phones write; libvips comes without that decoder
pyvips.block_untrusted_set(True)
pyvips.cache_set_max(0)  # no file is read twice


class Refused(Exception):
    """Why a picture is refused: the end of a sentence that begins with its name."""


def open_header(content: bytes) -> Image.Image | None:
    """The file's header by Pillow; None where others alone might read it."""
    try:
        header = Image.open(io.BytesIO(content))
        if header.format == "PNG":  # EXIF may stand behind the pixels, where Pillow would decode them first
            for name, body in png_chunks(content):
                if name == b"eXIf":
                    header.info["exif"] = b"Exif\0\0" + body
        return header
    except Image.DecompressionBombError:
        raise
    except Exception:  # broken metadata raise many kinds
        return None


def exif(header: Image.Image) -> Image.Exif:
    """EXIF data as Pillow reads them from the header; broken ones raise many kinds."""
    return Image.Image.getexif(header) if header.format == "PNG" else header.getexif()  # PNG's would decode the pixels


def png_chunks(content: bytes):
    """(name, body) of each chunk of a PNG; none of another file."""
    place = 8 if content.startswith(b"\x89PNG") else len(content)
    while place + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        yield name, content[place + 8 : place + 8 + size]
        place += 12 + size


def tiff_page(content: bytes) -> tifffile.TiffPage | None:
    """The one picture of a TIFF, whose previews and masks are none; None of another file. Raises `Refused`."""
    if content[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return None
    file = tifffile.TiffFile(io.BytesIO(content))
    pages = [page for page in file.pages if not page.is_reduced and not page.is_mask]
    if not pages and any(page.subifds for page in file.pages):
        raise Refused(RAW)
    frames = max(len(pages), *(series.size // series.keyframe.size for series in file.series))
    if frames > 1:
        raise Refused(f"holds {frames} pages; save the one that you want as a file of its own.")
    page = (pages or file.pages)[0]
    if page.photometric not in PLAIN:
        raise Refused("holds neither grey, RGB, CMYK nor CIELab; save it as RGB.")
    return page


def decode(content: bytes, header: Image.Image | None, page: tifffile.TiffPage | None):
    """(pixels (h, w, channels), whether their colours became sRGB, notes) of a picture that may be a TIFF's page."""
    kind = header.format if header else None
    bits, white = _depth(content, header, page)
    check_size(*(page.shape[1::-1] if page else header.size if header else (0, 0)))
    if white:
        decoders = [lambda *file: _by_opencv(*file, white), _by_pillow]
    elif page:  # libvips leaves YCbCr as it is
        coded = page.photometric == YCBCR and page.compression not in JPEG
        decoders = [_by_pillow] if coded else [_by_libvips, _by_tifffile, _by_pillow]
    else:
        decoders = [_by_libvips if header is None or kind in BY_LIBVIPS else _by_pillow]
    reasons = []
    for decoder in decoders:
        try:
            pixels, converted, notes = decoder(content, header, page)
        except Exception as error:
            reasons.append(error)
            continue
        if bits > 8 and pixels.dtype == np.uint8:
            notes = [*notes, f"has {bits} bits a channel, of which 8 are read"]
        return pixels, converted, notes
    if page and bits % 8 and bits > 8:
        raise Refused(f"packs {bits} bits a channel; save it with 8 or 16 bits a channel.")
    known = header or page or "known format" not in str(reasons[0])
    raise reasons[0] if known else ValueError(UNKNOWN)


def check_size(width: int, height: int) -> None:
    if width * height > Image.MAX_IMAGE_PIXELS:
        raise Refused(TOO_LARGE)


def _depth(content: bytes, header, page) -> tuple[int, int]:
    """(bits a channel that the file declares, the value of white where OpenCV alone keeps all of them, else 0)."""
    if page:
        bits = page.bitspersample
        return bits, (2**bits - 1) << (16 - bits) if bits in (10, 12, 14) else 0
    if header and header.format == "PPM" and isinstance(header.tile[0].args, tuple):
        white = int(header.tile[0].args[1])
        return white.bit_length(), white if white > 255 else 0
    if header and header.format == "JPEG2000":
        bits = (content[content.index(b"\xff\x4f\xff\x51") + 42] & 127) + 1
        return bits, 2**bits - 1 if bits > 8 else 0
    return header.info.get("bit_depth", 8) if header else 8, 0


def _by_opencv(content: bytes, header, page, white: int):
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("OpenCV cannot read it")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    pixels = pixels if pixels.shape[2] < 3 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    return _upright(full_range(pixels, white), header, page), False, []


def full_range(pixels: np.ndarray, white: int) -> np.ndarray:
    """Integers from 0 to `white` -> uint16 from 0 to 65535."""
    return np.rint(pixels.clip(0, white) * (65535 / white)).astype(np.uint16)


def _by_tifffile(content: bytes, header, page):
    ends = [place + size for place, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
    known = (
        page.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) and 1 not in page.extrasamples
    )  # 1: multiplied by it
    if not known or page.bitspersample % 8 or max(ends) > len(content):
        raise ValueError("tifffile cannot read it")
    pixels = page.asarray().transpose([page.axes.index(axis) for axis in "YXS" if axis in page.axes])
    if page.photometric == WHITE_IS_ZERO and pixels.dtype.kind == "u":  # as libvips has it
        pixels = ~pixels
    return _upright(pixels.reshape(*pixels.shape[:2], -1), header, page), False, []


def _by_libvips(content: bytes, header, page):
    """JPEG is read strictly, then again where that fails, since a decoder's warning tells of damage."""
    jpeg = content.startswith(b"\xff\xd8")
    try:
        return *_from_libvips(content, header, page, "warning" if jpeg else "error"), []
    except pyvips.Error as error:
        if not jpeg:
            raise
        reason = str(error).split("VipsJpeg: ")[-1].splitlines()[0]
    try:
        return *_from_libvips(content, header, page, "error"), [f"is damaged in places ({reason})"]
    except pyvips.Error:  # If every pixel is there, it makes no difference what stands behind them.
        ends = (content.rstrip(b"\xff") + more + b"\xff\xd9" for more in (b"", b"\x55" * 99))
        one, other = (_from_libvips(whole, header, page, "error") for whole in ends)
        if not np.array_equal(one[0], other[0]):
            raise
        return *one, ["lacks its last bytes; no pixel is missing"]


def _from_libvips(content: bytes, header, page, fail_on: str):
    options = {"fail_on": fail_on} | ({"page": page.index} if page and page.index else {})
    if content.startswith(b"\xff\xd8"):  # not its loader for HDR, which is for JPEGs with gain maps
        image = pyvips.Image.jpegload_buffer(content, **options)
    else:
        image = pyvips.Image.new_from_buffer(content, "", **options)
    if image.get("vips-loader").removesuffix("_buffer") not in LOADERS:
        raise ValueError(UNKNOWN)
    if "heif-primary" in image.get_fields() and image.get("heif-primary"):
        image = pyvips.Image.new_from_buffer(content, "", page=image.get("heif-primary"), **options)
    check_size(image.width, image.height)
    space, deep = image.interpretation, image.format in ("ushort", "short", "float")
    converted = space in ("cmyk", "lab", "labs", "labq")
    if space == "cmyk":
        inks, alpha = image[:4], image[4:] if image.bands == 5 else None
        rgb = inks.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=16 if deep else 8)
        pixels = (rgb if alpha is None else rgb.bandjoin(alpha)).numpy()
    else:
        pixels = (image.colourspace("rgb16" if deep else "srgb") if converted else image).numpy()
    return _upright(pixels.reshape(*pixels.shape[:2], -1), header, page, image), converted


def _by_pillow(content: bytes, header, page):
    if header.format == "HEIF":
        file = pi_heif.open_heif(content, convert_hdr_to_8bit=False)  # its pixels go with it
        pixels = np.array(file)
        if pixels.dtype == np.uint16:
            bits = header.info["bit_depth"]
            return full_range(pixels.reshape(*pixels.shape[:2], -1), (2**bits - 1) << (16 - bits)), False, []
    if page and page.index:
        header.seek(page.index)
    notes = []
    if header.mode.startswith("I"):
        pixels = np.asarray(header)
        pixels = pixels.astype(np.uint16) if pixels.min() >= 0 and pixels.max() < 2**16 else pixels
    elif header.mode == "F":
        pixels = np.asarray(header)
    else:
        grey = header.mode in ("1", "L", "LA")
        mode = ("LA" if grey else "RGBA") if header.has_transparency_data else ("L" if grey else "RGB")
        pixels = np.asarray(header.convert(mode))
        if header.format in ("BMP", "DIB") and mode == "RGBA" and not pixels[..., 3].any():
            pixels, notes = pixels[..., :3], ["has a channel of alpha that is 0 everywhere, which is left away"]
    pixels = _upright(pixels.reshape(*pixels.shape[:2], -1), header, page)
    return pixels, header.mode in ("CMYK", "LAB", "YCbCr"), notes


def _upright(pixels: np.ndarray, header, page, image=None) -> np.ndarray:
    """Turn and mirror (h, w, channels) as EXIF asks for, from 1 to 8. libheif turns pictures itself."""
    try:
        turn = page.tags.valueof(ORIENTATION, 1) if page else int(exif(header)[ORIENTATION])
    except Exception:  # none there, or broken; libvips reads some that Pillow cannot
        turn = image.get("orientation") if image and "orientation" in image.get_fields() else 1
    turn = 1 if header and header.format in ("AVIF", "HEIF") else turn
    if turn in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    vertical, horizontal = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    return pixels[:: -1 if vertical else 1, :: -1 if horizontal else 1]
