"""Decode: bytes of a file -> upright pixels, by libvips, tifffile, OpenCV or Pillow, whoever reads them whole."""

import functools
import io
import struct
import warnings
from dataclasses import dataclass, field

import cv2
import numpy as np
import pi_heif
import pyvips
import tifffile
from PIL import Image, PngImagePlugin

from sr_utils import StudyError

ORIENTATION = 274  # a tag of TIFF and EXIF
TOO_LARGE = f"claims more than {Image.MAX_IMAGE_PIXELS:,} pixels; scale it down first."
SAVE = "save it with 8 or 16 bits a channel."
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8  # kinds of colour in a TIFF
CONVERTED = (CMYK, LAB, "CMYK", "LAB", "YCbCr")  # become RGB: of these kinds, and of Pillow's modes
PIXELS = (b"IDAT", b"fcTL", b"fdAT")  # chunks of a PNG
MULTIPLIED = 1  # a channel of alpha by which the colours are multiplied
JPEG = (6, 7)  # kinds of compression

PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 2**28  # bytes of text that a PNG may hold
warnings.filterwarnings("ignore", module="PIL")  # what it thinks of sizes and of broken metadata
tifffile.logger().disabled = True
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
pi_heif.register_heif_opener()  # what phones write; libvips comes without that decoder
pyvips.block_untrusted_set(True)
pyvips.operation_block_set("VipsForeignLoadUhdr", True)  # of a JPEG with a gain map, the usual picture is read
pyvips.cache_set_max(0)  # no file is read twice


@dataclass
class File:
    """A file's bytes, the one page of a TIFF, and sentences that begin with the file's name.

    The header is Pillow's, or None; a PNG's has no pixels, since text and EXIF may stand behind them.
    """

    content: bytes
    header: Image.Image | None = None
    page: tifffile.TiffPage | None = None
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        """Raises `StudyError` for a TIFF without one picture, and `Image.DecompressionBombError`."""
        self.page, content = tiff_page(self.content), io.BytesIO(self.content)
        if chunks := [chunk for chunk in png_chunks(self.content) if chunk[0] not in PIXELS]:
            content = io.BytesIO(self.content[:8])
            content.seek(8)
            for chunk in chunks:
                PngImagePlugin.putchunk(content, *chunk)
            content.seek(0)
        try:
            self.header = Image.open(content)
            self.header.seek(self.page.index if self.page else 0)
        except Image.DecompressionBombError:
            raise
        except Exception:  # broken metadata raise many kinds
            self.header = None

    @functools.cached_property
    def white(self) -> int:
        """White with more than 8 bits as OpenCV reads them: packed ones on top of 16; 255 where it is of no use."""
        if self.page:
            bits = self.page.bitspersample
            return (2**bits - 1) << (16 - bits) if 8 < bits < 16 else 255
        if self.header.format == "JPEG2000":
            return 2 ** ((self.content[self.content.index(b"\xff\x4f\xff\x51") + 42] & 127) + 1) - 1
        arguments = self.header.tile[0].args  # of Pillow's decoder, which scales shades of grey itself
        return arguments[1] if isinstance(arguments, tuple) else 255

    @property
    def converted(self) -> bool:
        """Whether `decode` makes other colours of it, sRGB."""
        return (self.page.photometric if self.page else self.header and self.header.mode) in CONVERTED


def png_chunks(content: bytes):
    """(name, body) of each chunk of a PNG; none of another file."""
    place = 8 if content.startswith(b"\x89PNG") else len(content)
    while place + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        yield name, content[place + 8 : place + 8 + size]
        place += 12 + size


def tiff_page(content: bytes) -> tifffile.TiffPage | None:
    """The one picture of a TIFF, whose previews and masks are none; None of another file. Raises `StudyError`."""
    if content[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return None
    file = tifffile.TiffFile(io.BytesIO(content))
    pages = [page for page in file.pages if not page.is_reduced and not page.is_mask]
    if not pages and any(page.subifds for page in file.pages):
        raise StudyError(f"holds previews alone, as camera raw files do; develop it, and {SAVE}")
    frames = max(len(pages), *(series.size // series.keyframe.size for series in file.series))
    if frames > 1:
        raise StudyError(f"holds {frames} pages; save the one that you want as a file of its own.")
    page = (pages or file.pages)[0]
    if page.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB):
        raise StudyError("holds neither grey, RGB, CMYK nor CIELab; save it as RGB.")
    return page


def decode(file: File) -> np.ndarray:
    """Upright pixels (h, w, channels), CMYK and Lab as sRGB. Raises `StudyError`, or what the first decoder raised."""
    header, page, reasons = file.header, file.page, []
    check_size(*((page.imagewidth, page.imagelength) if page else header.size if header else (0, 0)))
    for decoder in DECODERS.get("TIFF" if page else header and header.format, (_by_pillow,)):
        try:
            pixels = decoder(file)
            break
        except Exception as error:  # whoever fails first isn't the last to be asked
            reasons.append(error)
    else:
        packed = page and 8 < page.bitspersample < 16
        raise StudyError(f"packs {page.bitspersample} bits a channel; {SAVE}") if packed else reasons[0]
    if reasons and pixels.dtype == np.uint8 and (bits := page.bitspersample if page else file.white.bit_length()) > 8:
        file.notes.append(f"has {bits} bits a channel, of which 8 are read")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    return pixels if page and decoder is _by_pillow else _upright(pixels, header, page)  # Pillow turns TIFFs itself


def check_size(width: int, height: int) -> None:
    if width * height > Image.MAX_IMAGE_PIXELS:
        raise StudyError(TOO_LARGE)


def full_range(pixels: np.ndarray, white: int) -> np.ndarray:
    """Integers from 0 to `white` -> uint16 from 0 to 65535."""
    return np.rint(pixels.clip(0, white) * (65535 / white)).astype(np.uint16)


def _by_libheif(file: File) -> np.ndarray:
    picture = pi_heif.open_heif(file.content, convert_hdr_to_8bit=False)
    bits, pixels = picture.info["bit_depth"], np.array(picture)  # a copy, since its pixels go with the file
    return pixels if bits == 8 else full_range(pixels, (2**bits - 1) << (16 - bits))


def _by_opencv(file: File) -> np.ndarray:
    white = file.white
    pixels = cv2.imdecode(np.frombuffer(file.content, np.uint8), cv2.IMREAD_UNCHANGED) if white > 255 else None
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("OpenCV cannot read it")
    colour = pixels.ndim == 3 and pixels.shape[2] > 2
    return full_range(pixels[..., [2, 1, 0, 3][: pixels.shape[2]]] if colour else pixels, white)


def _by_tifffile(file: File) -> np.ndarray:
    page = file.page
    ends = [place + size for place, size in zip(page.dataoffsets, page.databytecounts, strict=True)]
    known = page.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB) and page.bitspersample % 8 == 0
    if not known or MULTIPLIED in page.extrasamples or max(ends) > len(file.content):
        raise ValueError("tifffile cannot read it")
    pixels = page.asarray().transpose([page.axes.index(axis) for axis in "YXS" if axis in page.axes])
    as_libvips = page.photometric == WHITE_IS_ZERO and pixels.dtype.kind == "u"
    return ~pixels if as_libvips else pixels


def _by_libvips(file: File) -> np.ndarray:
    """JPEG is read strictly, then again where that fails, since a decoder's warning tells of damage."""
    content, page = file.content, file.page
    if page and page.photometric == YCBCR and page.compression not in JPEG:
        raise ValueError("libvips leaves YCbCr as it is")
    if not content.startswith(b"\xff\xd8"):
        return _from_libvips(content, page)
    try:
        return _from_libvips(content, page, "warning")
    except pyvips.Error as error:
        reason = str(error).split("VipsJpeg: ")[-1].splitlines()[0]
    try:
        pixels, note = _from_libvips(content, page), f"is damaged in places ({reason})"
    except pyvips.Error:  # if every pixel is there, it makes no difference what stands behind them
        ends = (content.rstrip(b"\xff") + more + b"\xff\xd9" for more in (b"", b"\x55" * 99))
        pixels, other = (_from_libvips(whole, page) for whole in ends)
        if not np.array_equal(pixels, other):
            raise
        note = "lacks its last bytes; no pixel is missing"
    file.notes.append(note)
    return pixels


def _from_libvips(content: bytes, page, fail_on: str = "error") -> np.ndarray:
    options = {"fail_on": fail_on} | ({"page": page.index} if page and page.index else {})
    image = pyvips.Image.new_from_buffer(content, "", **options)
    if "heif-primary" in image.get_fields() and image.get("heif-primary"):
        image = pyvips.Image.new_from_buffer(content, "", page=image.get("heif-primary"), **options)
    check_size(image.width, image.height)
    space, deep = image.interpretation, image.format in ("ushort", "short", "float")
    if space == "cmyk":
        inks, alpha = image[:4], image[4:] if image.bands == 5 else None  # libvips would scale alpha of 16 bits wrongly
        rgb = inks.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=16 if deep else 8)
        image = rgb if alpha is None else rgb.bandjoin(alpha)
    elif space in ("lab", "labs", "labq"):
        image = image.colourspace("rgb16" if deep else "srgb")
    return image.numpy()


def _by_pillow(file: File) -> np.ndarray:
    header = file.header
    if header.mode == "F" or header.mode.startswith("I"):
        pixels = np.asarray(header)
        short = pixels.dtype.kind in "iu" and pixels.min() >= 0 and pixels.max() < 2**16
        return pixels.astype(np.uint16) if short else pixels
    grey, clear = header.mode in ("1", "L", "LA"), header.has_transparency_data
    pixels = np.asarray(header.convert(("L" if grey else "RGB") + "A" * clear))
    if header.format in ("BMP", "DIB") and clear and not pixels[..., -1].any():
        pixels = pixels[..., :-1]
        file.notes.append("has a channel of alpha that is 0 everywhere, which is left away")
    return pixels


#: By Pillow's names of formats, None for what it does not know; Pillow reads all others. Each is asked in turn.
DECODERS = dict.fromkeys((None, "JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF"), (_by_libvips,)) | {
    "TIFF": (_by_libvips, _by_tifffile, _by_opencv, _by_pillow),
    "HEIF": (_by_libheif,),
    "PPM": (_by_opencv, _by_pillow),
    "JPEG2000": (_by_opencv, _by_pillow),
}


def _upright(pixels: np.ndarray, header, page) -> np.ndarray:
    """Turn and mirror (h, w, channels) as EXIF asks for, from 1 to 8. libheif turns pictures itself."""
    try:
        turn = page.tags.valueof(ORIENTATION, 1) if page else Image.Image.getexif(header)[ORIENTATION]
    except Exception:  # none there, or broken
        turn = 1
    if header is not None and header.format in ("AVIF", "HEIF"):
        turn = 1
    if turn in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    return pixels[:: -1 if turn in (3, 4, 7, 8) else 1, :: -1 if turn in (2, 3, 6, 7) else 1]
