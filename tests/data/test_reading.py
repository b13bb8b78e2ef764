"""The small reader against pictures whose pixels are known: the usual kinds are read, all others refused by name."""

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError
from sr_utils.data.reading import read_image
from tests.conftest import picture
from tests.files import saved, several, tiff, turned

RGB = picture(20, 30)
GREY = RGB[..., 0]
PALETTE = Image.fromarray(RGB).convert("P")
USED = PALETTE.getpixel((0, 0))
OPAQUE, CLEAR = (np.dstack([RGB, np.full_like(GREY, alpha)]) for alpha in (255, 254))
TWO = [RGB, RGB[::-1]]
GREY_ROWS = np.repeat(GREY[..., None], 3, 2)
RIGHT = {
    "RGB": (saved(RGB), RGB),
    "grey": (saved(GREY), GREY_ROWS),
    "one bit": (saved(GREY, convert="1"), np.asarray(Image.fromarray(GREY).convert("1").convert("RGB"))),
    "palette": (saved(PALETTE), np.asarray(PALETTE.convert("RGB"))),
    "opaque alpha": (saved(OPAQUE), RGB),
    "grey, opaque alpha": (saved(OPAQUE, convert="LA"), np.asarray(Image.fromarray(RGB).convert("L").convert("RGB"))),
    "BMP": (saved(RGB, "BMP"), RGB),
    "TIFF": (saved(RGB, "TIFF"), RGB),
    "a JPEG with a preview": (several("MPO", TWO, quality=100, subsampling=0), RGB),
    "PNG, 16 bits of grey": (saved(GREY.astype(np.uint16) * 257), GREY_ROWS),
    "PNG, 16 bits of grey, dark": (saved(GREY.astype(np.uint16)), GREY_ROWS // 129),  # 0…255 of 65535 is 0 or 1
    "PGM, 16 bits of grey": (saved(GREY.astype(np.uint16) * 257, "PPM"), GREY_ROWS),
    "TIFF, 16 bits of grey": (tiff(GREY.astype(">u2") * 257), GREY_ROWS),
    "TIFF, 16 bits of RGB": (tiff(RGB.astype(np.uint16) * 257), RGB),
    **{f"turned, {n}": (saved(stored, exif=turned(n)), RGB)
       for n, stored in {3: RGB[::-1, ::-1], 6: np.rot90(RGB), 7: RGB[::-1, ::-1].swapaxes(0, 1)}.items()},
}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_pixels_are_right(kind, tmp_path):
    content, right = RIGHT[kind]
    (tmp_path / "file").write_bytes(content)
    assert read_image(tmp_path / "file").dtype == np.uint8
    assert np.abs(read_image(tmp_path / "file").astype(int) - right).max() <= (6 if "JPEG" in kind else 0)


REFUSED = {
    "transparency": (saved(CLEAR), "is transparent in places; save it without transparency."),
    "a transparent colour": (saved(PALETTE, transparency=USED), "is transparent in places; save it .*"),
    "CMYK": (saved(RGB, "JPEG", convert="CMYK"), "holds CMYK values; save it as grey or RGB of 8 or 16 bits."),
    "floating point": (tiff(np.float32(GREY)), "holds F values; save it as grey or RGB of 8 or 16 bits."),
    "an animation": (several("GIF", TWO), "holds 2 frames; save one of them as a still image."),
    "a stack in one page": (tiff(np.stack(TWO), truncate=True), "holds 2 frames; save one of them as a still image."),
    "pages": (several("TIFF", TWO), "holds 2 frames; save one of them as a still image."),
    "text": (b"hello", r"cannot be read as an image \(cannot identify image file\); replace or remove it."),
    "half a picture": (saved(RGB)[:500], "cannot be read as an image .*; replace or remove it."),
    "no file": (None, r"cannot be read as an image \(No such file or directory\); replace or remove it."),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_rest_is_refused_in_a_sentence(kind, tmp_path):
    content, sentence = REFUSED[kind]
    if content is not None:
        (tmp_path / "the file").write_bytes(content)
    with pytest.raises(StudyError, match=f"the file {sentence}$"):
        read_image(tmp_path / "the file")
