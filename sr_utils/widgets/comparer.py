"""The crop comparer: pictures go to the browser once, and `comparer.js` draws everything there."""

import base64
import functools
import io
from collections.abc import Mapping
from pathlib import Path

import anywidget
import cv2
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib import colormaps
from matplotlib.colors import to_hex
from traitlets import Bool, Bytes, Dict, Int, List, Unicode, observe, validate

from sr_utils import StudyError
from sr_utils.data.images import SCALE, to_8_bits, to_rgb, upsample
from sr_utils.data.windows import telling_window
from sr_utils.evaluation import metrics, upscale
from sr_utils.plots.pictures import show
from sr_utils.plots.style import DPI, canvas, name, styled

MOVED = {"sync": True, "echo_update": False}  # sent back when a move in the browser is over, and not echoed
SIDES = [16, 24, 32, 48, 64, 96, 192]  # HR pixels of a crop's side
PALETTE = [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 1, 65))]
CELL = 200  # pixels of a still picture's columns
NOTE = "A still picture. The live comparer is in JupyterLab (make lab) and on the study's site (make site)."


def png(image) -> bytes:
    """uint8 (H, W, 3) RGB as PNG, by OpenCV's defaults, which are fast rather than small."""
    return cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR))[1].tobytes()


def _made(source, label: str) -> np.ndarray:
    return to_8_bits(to_rgb(source() if callable(source) else source, label))


class Scene:
    """The pictures of one scene by label, and their `shape`; `images` and errors as for `compare`. Each is made once,
    and loses the rows and columns that LR does not cover."""

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
            sources = {lr: None, "bicubic": lambda: upsample(self._made(lr), "bicubic")} | sources
        if min(self.shape) < SIDES[0]:
            raise StudyError(f"Images of {width}×{height} pixels are too small to compare; use at least 16×16.")
        self.labels = [label for label in sources if label != "hr"] + ["hr"] * ("hr" in sources)
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


def compare(images: Mapping, crop: int = 48) -> "Comparer":
    """Show the same crop of several pictures of one scene, and move it with mouse, touch, keys or sliders.

    Parameters
    ----------
    images : label -> a picture as `data.images.to_rgb` takes it, or a function without arguments that returns one,
        called when the label is first shown. "hr", if there, is the reference for PSNR, SSIM and the error map. A
        picture of a quarter of the size is LR: it is shown by nearest neighbour, and "bicubic" is added. A dict of
        such dicts, by the images' names, adds a choice of images.
    crop : the crop's first side in HR pixels; the nearest of `SIDES` below it is taken.

    Raises `StudyError` for anything but a dict, no picture, pictures of other sizes, or smaller than 16×16.
    """
    if not isinstance(images, Mapping):
        raise StudyError(f"Give a dict from label to image, not a {type(images).__name__}.")
    several = images and all(isinstance(each, Mapping) for each in images.values())
    return Comparer(images if several else {"image": images}, crop)


def compare_arms(pairs, arms: Mapping, crop: int = 48) -> None:
    """Show the comparer for some `data.Pair`s: LR, bicubic, the arms (as for `evaluation.upscale`), HR.

    Opens on the smallest image, which costs least, where bicubic errs most along edges; SR is made once per image and
    arm, when it is first shown.
    """
    images, pairs = {}, sorted(pairs, key=lambda pair: pair.hr.size)
    for pair in pairs:
        sr = {label: functools.partial(upscale, arm, pair.lr) for label, arm in arms.items()}
        images[pair.name] = {"lr": pair.lr, **sr, "hr": pair.hr}
    comparer = compare(images, crop)
    comparer.y, comparer.x = telling_window(pairs[0].lr, pairs[0].hr, comparer.size)
    display(comparer)


class Comparer(anywidget.AnyWidget):
    """The widget that `compare` returns. What is shown can be read, set and observed by these traits."""

    _esm = Path(__file__).with_name("comparer.js")
    _css = Path(__file__).with_name("comparer.css")

    image = Unicode(help="the scene that is shown, one of `images`").tag(**MOVED)
    x = Int(help="left edge of the crop, HR pixels").tag(**MOVED)
    y = Int(help="top edge of the crop, HR pixels").tag(**MOVED)
    size = Int(SIDES[0], help="side of the crop, HR pixels, one of `SIDES`").tag(**MOVED)
    shown = List(Unicode(), help="labels of the pictures side by side").tag(**MOVED)
    errors = Bool(help="differences to HR instead of pictures").tag(**MOVED)
    left = Unicode(help="label of the picture left of the wipe").tag(**MOVED)
    right = Unicode(help="label of the picture right of it").tag(**MOVED)
    wipe = Int(50, min=0, max=100, help="where one gives way to the other, percent").tag(**MOVED)
    message = Unicode(help="why a picture could not be made").tag(sync=True)
    images, labels, titles = (List(Unicode()).tag(sync=True) for _ in range(3))
    sides = List(Int(), SIDES).tag(sync=True)
    palette = List(Unicode(), PALETTE, help="of error maps: a colour for each grey level").tag(sync=True)
    scenes = Dict(help="image -> its `shape`, and the trait that holds each of its `pictures`").tag(sync=True)

    def __init__(self, images: Mapping, crop: int):
        for given in (images, *images.values()):
            if len({str(label) for label in given}) < len(given):
                raise StudyError("Two labels read the same; give every picture its own.")
        if len({frozenset(each) for each in images.values()}) > 1:
            raise StudyError("The images have different labels; give every image the same ones.")
        images = {str(image): pictures for image, pictures in images.items()}
        self._scene = functools.cache(lambda image: Scene(images[image]))
        first = next(iter(images))
        labels, (height, width) = self._scene(first).labels, self._scene(first).shape
        super().__init__(images=list(images), labels=labels, titles=list(map(name, labels)), image=first, size=crop)
        self.shown, self.left, self.right = labels, labels[0], labels[-1]
        self.x, self.y = (width - self.size) // 2, (height - self.size) // 2
        if self.message:
            raise StudyError(self.message)

    @property
    def scene(self) -> Scene:
        """The pictures that the chosen image has."""
        return self._scene(self.image)

    def crop(self, label: str):
        """The part of that picture that is shown, LR enlarged by nearest neighbour: uint8 (size, size, 3)."""
        picture = self.scene.picture(label)
        whole = picture if picture.shape[:2] == self.scene.shape else upsample(picture, "nearest")
        return whole[self.y : self.y + self.size, self.x : self.x + self.size]

    @validate("image", "left", "right", "shown")
    def _known(self, proposal):
        known = self.images if proposal.trait.name == "image" else self.labels
        asked = proposal.value if proposal.trait.name == "shown" else [proposal.value]
        for each in set(asked) - set(known):
            raise StudyError(f"There is no {each!r} here; choose from {', '.join(known)}.")
        return proposal.value

    @validate("x", "y", "size")
    def _inside(self, proposal):
        height, width = self.scene.shape
        if proposal.trait.name == "size":
            return max(n for n in SIDES if n <= max(SIDES[0], min(proposal.value, height, width)))
        return max(0, min(proposal.value, (width if proposal.trait.name == "x" else height) - self.size))

    @observe("size", "image")
    def _stay_inside(self, _):
        self.size = self.size
        self.x, self.y = self.x, self.y

    @observe("image", "shown", "left", "right")
    def _supply(self, _):
        """Make what is now looked at, and send what the browser does not have."""
        scene = self.scenes.get(self.image, {"shape": self.scene.shape, "pictures": {}})
        looked_at, self.message = {*self.shown, self.left, self.right, "hr"}, ""
        try:
            for label in self.labels:
                if label in looked_at and label not in scene["pictures"]:
                    key = f"picture_{len(self.traits(picture=True))}"
                    self.add_traits(**{key: Bytes(png(self.scene.picture(label))).tag(sync=True, picture=True)})
                    scene = {**scene, "pictures": {**scene["pictures"], label: key}}
                    self.scenes = {**self.scenes, self.image: scene}
        except StudyError as error:
            self.message = str(error)

    def score(self, label: str) -> str:
        """PSNR of that crop against HR's, where there is HR."""
        scored = "hr" in self.labels and label != "hr"
        return f"{metrics.psnr(self.crop(label), self.crop('hr')):.2f} dB" if scored else ""

    @styled()
    def still(self) -> bytes:
        """The shown crops as one PNG, four in a row, for pages without a kernel."""
        rows, drawn = -(-len(self.shown) // 4), io.BytesIO()
        fig, ax = canvas(4 * CELL, rows * (CELL + 40) + 20)
        for i, label in enumerate(self.shown):
            y, x = (CELL + 40) * (i // 4), CELL * (i % 4)
            show(ax, self.crop(label), x, y, (CELL - 8) / self.size, name(label), self.score(label))
        ax.text(0, rows * (CELL + 40) + 15, NOTE)
        fig.savefig(drawn, dpi=DPI)
        plt.close(fig)
        return drawn.getvalue()

    def __repr__(self):
        return f"The same crop of these pictures of {self.image}: {', '.join(self.titles)}."

    def _repr_mimebundle_(self, **kwargs):
        """The live widget where a kernel runs, its still picture everywhere else."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        still = base64.b64encode(self.still()).decode()
        return data | {"image/png": still}, metadata | {"image/png": {"alt": repr(self)}}
