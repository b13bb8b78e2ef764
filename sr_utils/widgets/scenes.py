"""The pictures of one scene, each made when it is first looked at."""

import functools
import io
from collections.abc import Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sr_utils import StudyError
from sr_utils.data.images import SCALE, to_8_bits, to_rgb, upsample

SMALLEST = 16  # pixels of the smallest crop
LOW = ("lr", "nearest", "bilinear", "bicubic")  # labels that stand first


class Scene:
    """The pictures of one scene by label: LR of a quarter of the size, all others of `shape`.

    `images` maps a label to a picture (as `to_rgb` takes it), or to a function that makes it; the function is called
    when its label is first looked at, and never again. Where there is LR, "bicubic" is added, and larger pictures lose
    the rows and columns that LR does not cover. Raises `StudyError` for no picture, pictures of other sizes, or
    pictures smaller than 16×16.
    """

    def __init__(self, images: Mapping):
        if not images:
            raise StudyError("There is nothing to compare; give a dict from label to image.")
        sources = {str(label): source for label, source in images.items()}
        self._made = functools.cache(lambda label: _made(sources[label], label))
        ready = [label for label, source in sources.items() if not callable(source)]
        sizes = {label: self._made(label).shape[:2] for label in ready or list(sources)[:1]}
        height, width = max(sizes.values(), key=np.prod)
        if ready == ["lr"] and len(sources) > 1:  # the functions make what LR is a quarter of
            height, width = height * SCALE, width * SCALE
        self._low = height // SCALE, width // SCALE
        lr = next((label for label, size in sizes.items() if size == self._low), None)
        self.shape = (self._low[0] * SCALE, self._low[1] * SCALE) if lr else (height, width)
        if lr:
            sources.setdefault("bicubic", lambda: upsample(self._made(lr), "bicubic"))
        if min(self.shape) < SMALLEST:
            raise StudyError(f"Images of {width}×{height} pixels are too small to compare; use at least 16×16.")
        order = [*LOW, *(label for label in sources if label not in (*LOW, "hr")), "hr"]
        self.labels = sorted(sources, key=order.index)
        for label in sizes:
            self.picture(label)

    def picture(self, label: str) -> np.ndarray:
        """The whole picture: uint8 (H, W, 3), or (H/4, W/4, 3) for LR."""
        picture, (height, width) = self._made(label), self.shape
        h, w = picture.shape[:2]
        covers = height <= h < height + SCALE and width <= w < width + SCALE  # HR may exceed what LR covers
        if not covers and (h, w) != self._low:
            raise StudyError(f"{label} is {w}×{h}; all images must be {width}×{height}, or a quarter of it (LR).")
        return picture[:height, :width]

    def crop(self, label: str, y: int, x: int, side: int) -> np.ndarray:
        """The part of that picture at (y, x), LR enlarged by nearest neighbour: uint8 (side, side, 3)."""
        picture = self.picture(label)
        whole = picture if picture.shape[:2] == self.shape else upsample(picture, "nearest")
        return whole[y : y + side, x : x + side]


def _made(source, label: str) -> np.ndarray:
    return to_8_bits(to_rgb(source() if callable(source) else source, label))


def png(image) -> bytes:
    """uint8 (H, W, 3) RGB as PNG, by OpenCV's defaults, which are fast rather than small."""
    return cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR))[1].tobytes()


def sheet(cells, note: str, side: int = 192, columns: int = 4) -> bytes:
    """Pairs (square picture, text) as one PNG: enlarged to side×side, in rows, with a note at the foot."""
    width, height = side + 8, side + 44
    rows = -(-len(cells) // columns)
    page = Image.new("RGB", (width * min(columns, max(3, len(cells))), height * rows + 20), "white")  # the note fits
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for i, (picture, text) in enumerate(cells):
        x, y = width * (i % columns), height * (i // columns)
        page.paste(Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST), (x, y))
        draw.multiline_text((x, y + side + 3), text, fill="black", font=font)
    draw.text((0, height * rows), note, fill="#666666", font=font)
    buffer = io.BytesIO()
    page.save(buffer, "png")
    return buffer.getvalue()
