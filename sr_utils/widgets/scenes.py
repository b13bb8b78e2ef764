"""What the crop comparer shows: the pictures of one scene, made when first looked at, and their crops as PNG."""

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sr_utils import StudyError
from sr_utils.data.images import SCALE, upsample
from sr_utils.evaluation import metrics

SMALLEST = 16  # pixels of the smallest crop
ERRORS = 64  # grey levels of difference that get the error map's brightest colour
LOW = ("lr", "nearest", "bilinear", "bicubic")  # labels that stand first


def to_rgb(image, label: str = "image") -> np.ndarray:
    """Any greyscale or RGB picture, uint8 or float in 0…1, as uint8 (H, W, 3). Raises `StudyError` otherwise."""
    image = np.asarray(image)
    if image.dtype.kind == "f" and image.size and np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1:
        image = np.rint(image * 255).astype(np.uint8)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise StudyError(
            f"{label} must be uint8 (or float in 0…1) of shape (H, W, 3), not {image.dtype} {image.shape}."
        )
    return np.ascontiguousarray(image)


class Scene:
    """The pictures of one scene by label, all of one size; an LR picture is enlarged, and "bicubic" made from it.

    `images` maps a label to a picture (see `to_rgb`) or to a function without arguments that returns one; the function
    is called when its label is first looked at, and never again. Raises `StudyError` for no picture, pictures of other
    sizes, or pictures smaller than 16×16.
    """

    def __init__(self, images: Mapping):
        if not images:
            raise StudyError("There is nothing to compare; give a dict from label to image.")
        self._sources, self._pictures = dict(images), {}
        ready = [label for label, source in images.items() if not isinstance(source, Callable)]
        first = {label: self._made(label) for label in ready or list(images)[:1]}
        self.shape = max((picture.shape[:2] for picture in first.values()), key=np.prod)
        for label, picture in first.items():
            if picture.shape[:2] == tuple(n // SCALE for n in self.shape):
                self._pictures[label] = upsample(picture, "nearest")
                self._sources.setdefault("bicubic", lambda lr=picture: upsample(lr, "bicubic"))
        if min(self.shape) < SMALLEST:
            raise StudyError(
                f"Images of {self.shape[1]}×{self.shape[0]} pixels are too small to compare; use at least 16×16."
            )
        for label in first:
            self.picture(label)

    @property
    def labels(self) -> list[str]:
        """LR first, HR last, the rest as given."""
        low = [label for label in LOW if label in self._sources]
        high = [label for label in self._sources if label == "hr"]
        return low + [label for label in self._sources if label not in (*LOW, "hr")] + high

    def _made(self, label) -> np.ndarray:
        if label not in self._pictures:
            source = self._sources[label]
            self._pictures[label] = to_rgb(source() if isinstance(source, Callable) else source, label)
        return self._pictures[label]

    def picture(self, label: str) -> np.ndarray:
        """The whole picture: uint8 (H, W, 3)."""
        picture = self._made(label)
        if picture.shape[:2] != self.shape:
            height, width = self.shape
            raise StudyError(
                f"{label} is {picture.shape[1]}×{picture.shape[0]}; "
                f"all images must be {width}×{height}, or a quarter of it (LR)."
            )
        return picture

    def crop(self, label: str, y: int, x: int, side: int) -> np.ndarray:
        """The part of that picture at (y, x): uint8 (side, side, 3)."""
        return self.picture(label)[y : y + side, x : x + side]

    def thumbnail(self, side: int) -> np.ndarray:
        """HR, or the first picture, scaled down to at most `side` pixels: uint8 (h, w, 3)."""
        zoom = min(1, side / max(self.shape))
        picture = self.picture("hr" if "hr" in self._sources else self.labels[0])
        return cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)

    def scores(self, labels, y: int, x: int, side: int) -> dict[str, str]:
        """PSNR and SSIM of each crop against HR's, in words; SSIM where the crop is large enough for it."""
        if "hr" not in self._sources:
            return dict.fromkeys(labels, "")
        hr, words = self.crop("hr", y, x, side), {"hr": "reference"}
        for label in labels:
            if label not in words:
                crop = self.crop(label, y, x, side)
                words[label] = f"{metrics.psnr(crop, hr):.2f} dB"
                if side >= 11 + 2 * metrics.SHAVE:
                    words[label] += f" · SSIM {metrics.ssim(crop, hr):.3f}"
        return words

    def errors(self, label: str, y: int, x: int, side: int) -> np.ndarray:
        """The crop's largest difference to HR over the channels, in colour: uint8 (side, side, 3). See `ramp`."""
        if label == "hr" or "hr" not in self._sources:
            return self.crop(label, y, x, side)
        difference = cv2.absdiff(self.crop(label, y, x, side), self.crop("hr", y, x, side)).max(axis=2)
        return _coloured(difference)


def _coloured(difference) -> np.ndarray:
    scaled = cv2.convertScaleAbs(difference, alpha=255 / ERRORS)
    return np.ascontiguousarray(cv2.applyColorMap(scaled, cv2.COLORMAP_VIRIDIS)[..., ::-1])


def ramp(width: int, height: int) -> bytes:
    """The error map's colour bar as PNG: no difference at the left, `ERRORS` grey levels at the right."""
    levels = np.rint(np.linspace(0, ERRORS, width)).astype(np.uint8)
    return png(_coloured(np.repeat(levels[None], height, axis=0)))


def enlarged(image, side: int) -> np.ndarray:
    """uint8 (n, n, 3) by nearest neighbour to side×side; `side` is a multiple of n."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)


def wiped(left, right, share: float) -> np.ndarray:
    """`left` up to `share` of the width, `right` from there on, and a white line between: uint8 as given."""
    at = round(share * left.shape[1])
    image = np.concatenate([left[:, :at], right[:, at:]], axis=1)
    if 0 < at < left.shape[1]:
        image[:, max(0, at - 1) : at + 1] = 255
    return image


def strip(pictures, side: int, gap: int) -> np.ndarray:
    """Square pictures side by side, each enlarged to side×side, with transparent gaps: uint8 (side, W, 4)."""
    page = np.zeros((side, (side + gap) * len(pictures) - gap, 4), np.uint8)
    for i, picture in enumerate(pictures):
        place = page[:, i * (side + gap) :][:, :side]
        place[..., :3], place[..., 3] = enlarged(picture, side), 255
    return page


def batched(items, size: int):
    """`itertools.batched`, which Python 3.11 lacks."""
    return (items[i : i + size] for i in range(0, len(items), size))


def sheet(rows, side: int, gap: int) -> bytes:
    """Rows of (square picture, words) as one PNG: pictures enlarged to side×side, the words below each."""
    cell, foot = side + gap, 40
    page = Image.new("RGB", (cell * len(rows[0]), (side + foot) * len(rows)), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for i, row in enumerate(rows):
        y = i * (side + foot)
        pictures = Image.fromarray(strip([picture for picture, _ in row], side, gap))
        page.paste(pictures, (0, y), pictures)
        for j, (_, words) in enumerate(row):
            draw.multiline_text((j * cell, y + side + 3), words, fill="black", font=font)
    buffer = io.BytesIO()
    page.save(buffer, "png")
    return buffer.getvalue()


def png(image) -> bytes:
    """uint8 (H, W, 3) RGB or (H, W, 4) RGBA encoded as PNG, fast rather than small."""
    colours = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    return cv2.imencode(".png", cv2.cvtColor(image, colours), options)[1].tobytes()
