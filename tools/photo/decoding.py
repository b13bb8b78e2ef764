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
SAVE = "save it with 8 or 16 bits a channel."
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR, LAB = 0, 1, 2, 5, 6, 8  # kinds of colour in a TIFF
PLAIN = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR, LAB, 3)  # and palettes
MULTIPLIED = 1  # a channel of alpha by which the colours are multiplied
PACKED = (10, 12, 14)  # bits without gaps, as OpenCV and libheif put them on top of 16
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
        raise Refused(f"holds previews alone, as camera raw files do; develop it, and {SAVE}")
    frames = max(len(pages), *(series.size // series.keyframe.size for series in file.series))
    if frames > 1:
        raise Refused(f"holds {frames} pages; save the one that you want as a file of its own.")
    page = (pages or file.pages)[0]
    if page.photometric not in PLAIN:
        raise Refused("holds neither grey, RGB, CMYK nor CIELab; save it as RGB.")
    return page


def decode(content: bytes, header: Image.Image | None, page: tifffile.TiffPage | None):
    """(upright pixels (h, w, channels), whether their colours became sRGB, notes) of a picture, or of a TIFF's page."""
    bits, white = _depth(content, header, page)
    check_size(*((page.imagewidth, page.imagelength) if page else header.size if header else (0, 0)))
    if white:
        decoders = [_by_libheif if header and header.format == "HEIF" else _by_opencv, _by_pillow]
    elif page and page.photometric == YCBCR and page.compression not in JPEG:
        decoders = [_by_pillow]  # libvips leaves it as it is
    elif page:
        decoders = [_by_libvips, _by_tifffile, _by_pillow]
    else:
        decoders = [_by_libvips if header is None or header.format in BY_LIBVIPS else _by_pillow]
    reasons = []
    for decoder in decoders:
        try:
            pixels, notes = decoder(content, header, page)
            break
        except Exception as error:  # whoever fails first isn't the last to be asked
            reasons.append(error)
    else:
        raise Refused(f"packs {bits} bits a channel; {SAVE}") if page and bits in PACKED else reasons[0]
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if bits > 8 and pixels.dtype == np.uint8:
        notes = [*notes, f"has {bits} bits a channel, of which 8 are read"]
    elif white and decoder is not _by_pillow:
        pixels = full_range(pixels, white)
    converted = page.photometric in (CMYK, LAB) if page else header and header.mode in ("CMYK", "LAB", "YCbCr")
    turned = page and decoder is _by_pillow  # it turns TIFFs itself
    return pixels if turned else _upright(pixels, header, page), converted, notes


def check_size(width: int, height: int) -> None:
    if width * height > Image.MAX_IMAGE_PIXELS:
        raise Refused(TOO_LARGE)


def full_range(pixels: np.ndarray, white: int) -> np.ndarray:
    """Integers from 0 to `white` -> uint16 from 0 to 65535."""
    return np.rint(pixels.clip(0, white) * (65535 / white)).astype(np.uint16)


def _depth(content: bytes, header, page) -> tuple[int, int]:
    """(bits a channel that the file declares, white where libvips and Pillow would lose some of them, else 0)."""
    kind = header.format if header else None
    if page or kind == "HEIF":
        bits = page.bitspersample if page else header.info["bit_depth"]
        return bits, (2**bits - 1) << (16 - bits) if bits in PACKED else 0
    if kind == "PPM" and isinstance(header.tile[0].args, tuple):
        white = int(header.tile[0].args[1])
        return white.bit_length(), white if white > 255 else 0
    if kind == "JPEG2000":
        bits = (content[content.index(b"\xff\x4f\xff\x51") + 42] & 127) + 1
        return bits, 2**bits - 1 if bits > 8 else 0
    return 8, 0


def _by_libheif(content: bytes, header, page):
    file = pi_heif.open_heif(content, convert_hdr_to_8bit=False)
    return np.array(file), []  # a copy, since its pixels go with the file


def _by_opencv(content: bytes, header, page):
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("OpenCV cannot read it")
    return pixels[..., [2, 1, 0, 3][: pixels.shape[2]]] if pixels.ndim == 3 and pixels.shape[2] > 2 else pixels, []


def _by_tifffile(content: bytes, header, page):
    ends = [place + size for place, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
    known = page.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) and page.bitspersample % 8 == 0
    if not known or MULTIPLIED in page.extrasamples or max(ends) > len(content):
        raise ValueError("tifffile cannot read it")
    pixels = page.asarray().transpose([page.axes.index(axis) for axis in "YXS" if axis in page.axes])
    as_libvips = page.photometric == WHITE_IS_ZERO and pixels.dtype.kind == "u"
    return ~pixels if as_libvips else pixels, []


def _by_libvips(content: bytes, header, page):
    """JPEG is read strictly, then again where that fails, since a decoder's warning tells of damage."""
    jpeg = content.startswith(b"\xff\xd8")
    try:
        return _from_libvips(content, page, "warning" if jpeg else "error"), []
    except pyvips.Error as error:
        if not jpeg:
            raise
        reason = str(error).split("VipsJpeg: ")[-1].splitlines()[0]
    try:
        return _from_libvips(content, page, "error"), [f"is damaged in places ({reason})"]
    except pyvips.Error:  # If every pixel is there, it makes no difference what stands behind them.
        ends = (content.rstrip(b"\xff") + more + b"\xff\xd9" for more in (b"", b"\x55" * 99))
        one, other = (_from_libvips(whole, page, "error") for whole in ends)
        if not np.array_equal(one, other):
            raise
        return one, ["lacks its last bytes; no pixel is missing"]


def _from_libvips(content: bytes, page, fail_on: str) -> np.ndarray:
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
    if space == "cmyk":
        inks, alpha = image[:4], image[4:] if image.bands == 5 else None
        rgb = inks.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=16 if deep else 8)
        image = rgb if alpha is None else rgb.bandjoin(alpha)
    elif space in ("lab", "labs", "labq"):
        image = image.colourspace("rgb16" if deep else "srgb")
    return image.numpy()


def _by_pillow(content: bytes, header, page):
    if page and page.index:
        header.seek(page.index)
    if header.mode == "F" or header.mode.startswith("I"):
        pixels = np.asarray(header)
        short = pixels.dtype.kind in "iu" and pixels.min() >= 0 and pixels.max() < 2**16
        return pixels.astype(np.uint16) if short else pixels, []
    grey = header.mode in ("1", "L", "LA")
    mode = ("LA" if grey else "RGBA") if header.has_transparency_data else ("L" if grey else "RGB")
    pixels = np.asarray(header.convert(mode))
    if header.format in ("BMP", "DIB") and mode == "RGBA" and not pixels[..., 3].any():
        return pixels[..., :3], ["has a channel of alpha that is 0 everywhere, which is left away"]
    return pixels, []


def _upright(pixels: np.ndarray, header, page) -> np.ndarray:
    """Turn and mirror (h, w, channels) as EXIF asks for, from 1 to 8. libheif turns pictures itself."""
    try:
        own = header is not None and header.format in ("AVIF", "HEIF")
        turn = page.tags.valueof(ORIENTATION, 1) if page else 1 if own else int(exif(header)[ORIENTATION])
    except Exception:  # none there, or broken
        turn = 1
    if turn in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    vertical, horizontal = turn in (3, 4, 7, 8), turn in (2, 3, 6, 7)
    return pixels[:: -1 if vertical else 1, :: -1 if horizontal else 1]
