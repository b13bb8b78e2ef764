"""The crop comparer: sliders move one region through LR, SR and HR at once, in JupyterLab without an extension."""

import base64
import functools
import io
from collections.abc import Callable, Mapping

import cv2
import ipywidgets as widgets
import numpy as np
from IPython.display import display
from PIL import Image, ImageDraw, ImageFont

from . import StudyError, evaluation
from .images import SCALE, upsample
from .style import name

SHOWN = 192  # screen pixels of a crop's side, whatever the zoom
SIZES = [16, 24, 32, 48, 64, 96, 192]  # HR pixels of a crop's side: its divisors, so that every zoom is an integer


def compare(images: Mapping, crop: int = 48) -> "Comparer":
    """Show the same crop of several pictures of one scene, moved by sliders.

    Parameters
    ----------
    images : label -> uint8 (H, W, 3); or label -> a function without arguments that returns one, called when the
        label is first shown. "hr", if there, is the reference for PSNR, SSIM and the error map. An image of a
        quarter of the size is LR: it is shown by nearest neighbour, and "bicubic" is added.
    crop : the crop's first side in HR pixels; the nearest of `SIZES` below it is taken.

    Greyscale and float images (0…1) are converted. Raises `StudyError` for an empty dict, images of other sizes, or
    images smaller than 16×16.
    """
    return Comparer(images, crop)


def compare_arms(pair, arms: Mapping, crop: int = 48) -> None:
    """Show the comparer for one `data.Pair`: LR, bicubic, the arms (as for `evaluation.upscale`), HR.

    Opens where bicubic errs most; each arm is computed when it is first shown.
    """
    sr = {label: functools.partial(evaluation.upscale, arm, pair.lr) for label, arm in arms.items()}
    comparer = Comparer({"lr": pair.lr, **sr, "hr": pair.hr}, crop)
    y, x = evaluation.hardest_crop(pair, crop)
    comparer.x.value, comparer.y.value = x, y
    comparer.show()


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
    return image


class Comparer(widgets.VBox):
    """The widget that `compare` returns: set `.x`, `.y`, `.size` and `.arms` by sliders or from code."""

    def __init__(self, images: Mapping, crop: int):
        if not images:
            raise StudyError("There is nothing to compare; give a dict from label to image.")
        self._sources, self._pictures = dict(images), {}
        first = {label: self._picture(label) for label in self._sources if not isinstance(images[label], Callable)}
        if not first:
            label = next(iter(self._sources))
            first = {label: self._picture(label)}
        self._shape = max((p.shape[:2] for p in first.values()), key=np.prod)
        small = [label for label, p in first.items() if p.shape[:2] == tuple(n // SCALE for n in self._shape)]
        for label in small:
            lr = self._pictures[label]
            self._pictures[label] = upsample(lr, "nearest")
            if "bicubic" not in self._sources:
                self._sources["bicubic"] = lambda lr=lr: upsample(lr, "bicubic")
        for label in self._pictures:
            self._check(label)
        height, width = self._shape
        if min(height, width) < 16:
            raise StudyError(f"Images of {width}×{height} pixels are too small to compare; use at least 16×16.")
        sizes = [size for size in SIZES if size <= min(height, width)]
        wide = {"layout": widgets.Layout(width="420px"), "style": {"description_width": "110px"}}
        self.size = widgets.SelectionSlider(
            options=sizes, value=max((n for n in sizes if n <= crop), default=16), description="crop side / px", **wide
        )
        self.x = widgets.IntSlider(
            (width - self.size.value) // 2, 0, width - self.size.value, description="x / px", **wide
        )
        self.y = widgets.IntSlider(
            (height - self.size.value) // 2, 0, height - self.size.value, description="y / px", **wide
        )
        labels = [(name(label), label) for label in self._order()]
        self.arms = widgets.SelectMultiple(
            options=labels, value=[v for _, v in labels], rows=min(len(labels), 9), description="show", **wide
        )
        self.errors = widgets.Checkbox(False, description="error maps: |difference to HR| × 4", indent=False)
        self._panels = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap"))
        self._shown = {}
        for control in (self.x, self.y, self.arms, self.errors):
            control.observe(self._draw, "value")
        self.size.observe(self._resize, "value")
        controls = widgets.HBox([widgets.VBox([self.x, self.y, self.size, self.errors]), self.arms])
        super().__init__([controls, self._panels])
        self._draw()

    def _order(self) -> list[str]:
        """LR first, HR last, the rest as given."""
        ends = [label for label in self._sources if label == "hr"]
        low = [label for label in self._sources if label in ("lr", "nearest", "bicubic")]
        low.sort(key=("lr", "nearest", "bicubic").index)
        return low + [label for label in self._sources if label not in (*ends, *low)] + ends

    def _picture(self, label) -> np.ndarray:
        if label not in self._pictures:
            source = self._sources[label]
            self._pictures[label] = to_rgb(source() if isinstance(source, Callable) else source, label)
        return self._pictures[label]

    def _check(self, label) -> np.ndarray:
        picture = self._picture(label)
        if picture.shape[:2] != self._shape:
            height, width = self._shape
            raise StudyError(
                f"{label} is {picture.shape[1]}×{picture.shape[0]}; "
                f"all images must be {width}×{height}, or a quarter of it (LR)."
            )
        return picture

    def crop(self, label) -> np.ndarray:
        """The part of that picture that the sliders say: uint8 (size, size, 3)."""
        x, y, side = self.x.value, self.y.value, self.size.value
        return self._check(label)[y : y + side, x : x + side]

    def _resize(self, _):
        height, width = self._shape
        self.x.max, self.y.max = width - self.size.value, height - self.size.value
        self._draw()

    def _draw(self, _=None):
        self._panels.children = [self._panel(label) for label in self.arms.value]

    def _view(self, label) -> tuple[np.ndarray, str]:
        """The picture and the words of one panel."""
        crop = self.crop(label)
        if "hr" not in self._sources or label == "hr":
            return crop, "reference" if label == "hr" else ""
        hr = self.crop("hr")
        text = f"{evaluation.psnr(crop, hr):.2f} dB"
        if hr.shape[0] >= 11 + 2 * evaluation.SHAVE:
            text += f" · SSIM {evaluation.ssim(crop, hr):.3f}"
        if self.errors.value:
            difference = cv2.convertScaleAbs(cv2.absdiff(crop, hr).max(axis=2), alpha=4)
            crop = cv2.applyColorMap(difference, cv2.COLORMAP_VIRIDIS)[..., ::-1]
        return crop, text

    def _panel(self, label) -> widgets.Widget:
        crop, text = self._view(label)
        if label not in self._shown:
            self._shown[label] = widgets.Image(format="png", width=SHOWN, height=SHOWN), widgets.HTML()
        picture, words = self._shown[label]
        picture.value = png(crop, SHOWN)
        words.value = f"<b>{name(label)}</b><br>{text}"
        return widgets.VBox([picture, words], layout=widgets.Layout(margin="4px"))

    def still(self, columns: int = 4) -> bytes:
        """The shown state as one PNG, for pages without a kernel."""
        cell, foot = SHOWN + 8, 40
        labels = self.arms.value
        page = Image.new(
            "RGB", (cell * min(columns, len(labels)), (SHOWN + foot) * -(-len(labels) // columns)), "white"
        )
        draw, font = ImageDraw.Draw(page), ImageFont.load_default(12)
        for i, label in enumerate(labels):
            crop, text = self._view(label)
            x, y = i % columns * cell, i // columns * (SHOWN + foot)
            page.paste(Image.fromarray(crop).resize((SHOWN, SHOWN), Image.NEAREST), (x, y))
            draw.multiline_text((x, y + SHOWN + 3), f"{name(label)}\n{text}", fill="black", font=font)
        buffer = io.BytesIO()
        page.save(buffer, "png")
        return buffer.getvalue()

    def show(self) -> None:
        """The live widget where a kernel runs, its still picture everywhere else."""
        display({"image/png": base64.b64encode(self.still()).decode(), **self._repr_mimebundle_()}, raw=True)


def png(image, side: int) -> bytes:
    """Enlarge uint8 (n, n, 3) RGB to side×side by nearest neighbour and encode it as PNG."""
    shown = cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".png", shown[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
