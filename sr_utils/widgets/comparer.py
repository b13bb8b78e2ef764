"""The crop comparer: pictures go to the browser once, and `comparer.js` draws everything there."""

import base64
import functools
from collections.abc import Mapping
from pathlib import Path

import anywidget
import numpy as np
from IPython.display import display
from matplotlib import colormaps
from matplotlib.colors import to_hex
from traitlets import Bool, Bytes, Dict, Int, List, Unicode, observe, validate

from sr_utils import StudyError
from sr_utils.data.windows import telling_window
from sr_utils.evaluation import metrics, upscale
from sr_utils.plots.style import name
from sr_utils.widgets.scenes import Scene, png, sheet

MOVED = {"sync": True, "echo_update": False}  # sent back when a move in the browser is over, and not echoed
SIDES = [16, 24, 32, 48, 64, 96, 192]  # HR pixels of a crop's side
PALETTE = [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 1, 65))]
NOTE = "A still picture. The live comparer is in JupyterLab (make lab) and on the study's site (make site)."


def compare(images: Mapping, crop: int = 48) -> "Comparer":
    """Show the same crop of several pictures of one scene, and move it with mouse, touch, keys or sliders.

    Parameters
    ----------
    images : label -> uint8 (H, W, 3); or label -> a function without arguments that returns one, called when the
        label is first shown. "hr", if there, is the reference for PSNR, SSIM and the error map. An image of a
        quarter of the size is LR: it is shown by nearest neighbour, and "bicubic" is added. A dict of such dicts, by
        the images' names, adds a choice of images.
    crop : the crop's first side in HR pixels; the nearest of `SIDES` below it is taken.

    Pictures may be of any kind that `data.images.to_rgb` takes. Raises `StudyError` for anything but a dict, an empty
    dict, images of other sizes, or images smaller than 16×16.
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
        titles = []  # of two labels with one name, the second keeps its own
        for label in labels:
            titles.append(label if name(label) in titles else name(label))
        super().__init__(
            images=list(images), labels=labels, titles=titles, image=first, shown=labels,
            left=labels[0], right=labels[-1], size=crop,
        )  # fmt: skip
        self.x, self.y = (width - self.size) // 2, (height - self.size) // 2
        if self.message:
            raise StudyError(self.message)

    @property
    def scene(self) -> Scene:
        """The pictures that the chosen image has."""
        return self._scene(self.image)

    def crop(self, label: str):
        """The part of that picture that is shown: uint8 (size, size, 3)."""
        return self.scene.crop(label, self.y, self.x, self.size)

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

    def scores(self, label: str) -> str:
        """PSNR and SSIM of that crop against HR's, if there is HR; SSIM where the crop is large enough."""
        if "hr" not in self.labels or label == "hr":
            return "reference" if label == "hr" else ""
        pictures = self.crop(label), self.crop("hr")
        text = f"{metrics.psnr(*pictures):.2f} dB"
        return text + (f" · SSIM {metrics.ssim(*pictures):.4f}" if self.size >= 11 + 2 * metrics.SHAVE else "")

    def still(self) -> bytes:
        """The shown crops as one PNG, for pages without a kernel."""
        names = dict(zip(self.labels, self.titles, strict=True))
        return sheet([(self.crop(label), f"{names[label]}\n{self.scores(label)}") for label in self.shown], NOTE)

    def __repr__(self):
        return f"The same crop of these pictures of {self.image}: {', '.join(self.titles)}."

    def _repr_mimebundle_(self, **kwargs):
        """The live widget where a kernel runs, its still picture everywhere else."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        still = base64.b64encode(self.still()).decode()
        return data | {"image/png": still}, metadata | {"image/png": {"alt": repr(self)}}
