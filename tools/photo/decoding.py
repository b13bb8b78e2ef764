"""Decode: bytes of a file -> pixels, by libvips where it knows the format, else by Pillow.

A step of `reading.read_photograph`, which gives them one meaning.
"""

import io
import struct
import warnings

import numpy as np
import pi_heif
import pyvips
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin

LOADERS = ("jpegload", "pngload", "tiffload", "webpload", "gifload", "heifload")  # libvips could read SVG too
SUBFILE, COMPRESSION, PHOTOMETRIC, ORIENTATION, SUB_IFDS = 254, 259, 262, 274, 330  # TIFF tags
REDUCED, MASK = 1, 4  # bits of NewSubfileType: a preview, a transparency mask
TOO_LARGE = f"claims more than {Image.MAX_IMAGE_PIXELS:,} pixels; scale it down first."
RAW = "holds previews alone, as camera raw files do; develop it, and save it with 8 or 16 bits a channel."
UNKNOWN = "its format is not known here"
WHITE_IS_ZERO, YCBCR, PLAIN = 0, 6, (0, 1, 2, 3, 5, 6, 8)  # kinds of colour: grey, RGB, palette, CMYK, YCbCr, CIELab
JPEG = (6, 7)  # kinds of compression
TEXT = 2**28  # bytes of decompressed text that a PNG may hold

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # `check_size` refuses sooner
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = TEXT
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # what it thinks of broken metadata
pi_heif.register_heif_opener()  # what phones write; libvips comes without that decoder
pyvips.block_untrusted_set(True)
pyvips.cache_set_max(0)  # no file is read twice


class Refused(Exception):
    """Why a picture is refused: a sentence without its subject."""


def open_header(content: bytes) -> Image.Image | None:
    """The file's header by Pillow; None where libvips is the only one who might read it."""
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


def check_size(width: int, height: int) -> None:
    if width * height > Image.MAX_IMAGE_PIXELS:
        raise Refused(TOO_LARGE)


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


def tiff_pages(content: bytes) -> list[tuple[int, dict]]:
    """(number, tags) of each page of a TIFF; previews and masks are none, unless the file holds nothing else.

    Raises `Refused` for camera raw files and other kinds of colour that no decoder here knows.
    """
    if content[:4] not in (b"II*\0", b"MM\0*", b"II+\0"):
        return []
    file, directories = io.BytesIO(content), {}
    directory = TiffImagePlugin.ImageFileDirectory_v2(content[: 16 if b"+" in content[:4] else 8])
    while directory.next and directory.next not in directories:
        place = directory.next
        file.seek(place)
        directory.load(file)
        directories[place] = dict(directory)
    numbered = list(enumerate(directories.values()))
    full = [(number, tags) for number, tags in numbered if not tags.get(SUBFILE, 0) & (REDUCED | MASK)]
    if not full and any(SUB_IFDS in tags for tags in directories.values()):
        raise Refused(RAW)
    if any(tags.get(PHOTOMETRIC, 2) not in PLAIN for _, tags in full):
        raise Refused("holds neither grey, RGB, CMYK nor CIELab; save it as RGB.")
    return full or numbered[:1]


def by_libvips(content: bytes, page: int = 0) -> tuple[pyvips.Image | None, str]:
    """The picture, not yet decoded; None, and why, for a format that is left to Pillow."""
    try:
        image = pyvips.Image.new_from_buffer(content, "", fail_on="error", **({"page": page} if page else {}))
    except pyvips.Error as error:
        return None, str(error).split(": ")[-1] if "known format" not in str(error) else UNKNOWN
    if image.get("vips-loader").removesuffix("_buffer") not in LOADERS:
        return None, UNKNOWN
    if not page and "heif-primary" in image.get_fields() and image.get("heif-primary"):
        return by_libvips(content, image.get("heif-primary"))
    return image, ""


def libvips_pixels(image: pyvips.Image, content: bytes):
    """(whether colours were converted, pixels (h, w) or (h, w, channels), notes)."""
    try:
        return *_converted(image), []
    except pyvips.Error:
        if not image.get("vips-loader").startswith("jpegload"):
            raise
        # If every pixel is there, it makes no difference what stands behind them.
        ends = (content.rstrip(b"\xff") + more + b"\xff\xd9" for more in (b"", b"\x55" * 99))
        one, other = (_converted(pyvips.Image.new_from_buffer(whole, "", fail_on="error")) for whole in ends)
        if not np.array_equal(one[1], other[1]):
            raise
        return *one, ["lacks its last bytes; no pixel is missing"]


def _converted(image: pyvips.Image):
    space, deep = image.interpretation, image.format in ("ushort", "short", "float")
    if space == "cmyk":
        inks, alpha = image[:4], image[4:] if image.bands == 5 else None
        rgb = inks.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=16 if deep else 8)
        return True, (rgb if alpha is None else rgb.bandjoin(alpha)).numpy()
    if space in ("lab", "labs", "labq"):
        return True, image.colourspace("rgb16" if deep else "srgb").numpy()
    return False, image.numpy()


def pillow_pixels(image: Image.Image):
    """As `libvips_pixels`."""
    converted = image.mode in ("CMYK", "LAB", "YCbCr")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        pixels = np.asarray(image)[..., None]
        return False, pixels.astype(np.uint16) if pixels.min() >= 0 and pixels.max() < 2**16 else pixels, []
    if image.mode == "F":
        return False, np.asarray(image)[..., None], []
    grey = image.mode in ("1", "L", "LA")
    mode = ("LA" if grey else "RGBA") if image.has_transparency_data else ("L" if grey else "RGB")
    pixels = np.asarray(image.convert(mode))
    return converted, pixels.reshape(*pixels.shape[:2], -1), []


def orientation(header, image: pyvips.Image) -> int:
    """EXIF's orientation, 1…8. libheif turns pictures itself."""
    if image.get("vips-loader").startswith("heifload"):
        return 1
    try:
        return int(exif(header)[ORIENTATION])
    except Exception:  # none there, or broken; libvips reads some that Pillow cannot
        return image.get("orientation") if "orientation" in image.get_fields() else 1


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror (h, w, …) as EXIF's orientation asks for."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    vertical, horizontal = orientation in (3, 4, 7, 8), orientation in (2, 3, 6, 7)
    return pixels[:: -1 if vertical else 1, :: -1 if horizontal else 1]
