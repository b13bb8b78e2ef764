"""The crop comparer: sliders move one region through LR, SR and HR at once, in JupyterLab without an extension."""

import base64
import functools
from collections.abc import Mapping

import cv2
import ipywidgets as widgets
from IPython.display import display

from sr_utils import StudyError
from sr_utils.evaluation import scores as evaluation
from sr_utils.plots.style import name
from sr_utils.widgets import scenes

SHOWN, GAP = 192, 8  # screen pixels of a crop's side, whatever the zoom, and between two crops
COLUMNS = 4  # crops in a row: what fits JupyterLab at 1280 pixels with its side bar
WIPED = 384  # the same in the wipe view
SIZES = [16, 24, 32, 48, 64, 96, 192]  # HR pixels of a crop's side: divisors of SHOWN, so that every zoom is an integer


def compare(images: Mapping, crop: int = 48) -> "Comparer":
    """Show the same crop of several pictures of one scene, moved by sliders.

    Parameters
    ----------
    images : label -> uint8 (H, W, 3); or label -> a function without arguments that returns one, called when the
        label is first shown. "hr", if there, is the reference for PSNR, SSIM and the error map. An image of a
        quarter of the size is LR: it is shown by nearest neighbour, and "bicubic" is added. A dict of such dicts, by
        the images' names, adds a choice of images.
    crop : the crop's first side in HR pixels; the nearest of `SIZES` below it is taken.

    Greyscale and float images (0…1) are converted. Raises `StudyError` for an empty dict, images of other sizes, or
    images smaller than 16×16.
    """
    several = images and all(isinstance(each, Mapping) for each in images.values())
    return Comparer(images if several else {"image": images}, crop)


def compare_arms(pairs, arms: Mapping, crop: int = 48) -> None:
    """Show the comparer for some `data.Pair`s: LR, bicubic, the arms (as for `evaluation.upscale`), HR.

    Opens on the smallest image, which costs least, where bicubic errs most; SR is made once per image and arm, when it
    is first shown.
    """
    images, pairs = {}, sorted(pairs, key=lambda pair: pair.hr.size)
    for pair in pairs:
        sr = {label: functools.partial(evaluation.upscale, arm, pair.lr) for label, arm in arms.items()}
        images[pair.name] = {"lr": pair.lr, **sr, "hr": pair.hr}
    comparer = compare(images, crop)
    comparer.y.value, comparer.x.value = evaluation.hardest_crop(pairs[0], comparer.size.value)
    comparer.show()


class Comparer(widgets.VBox):
    """The widget that `compare` returns.

    Its controls can be set from code as well: `.image`, `.x`, `.y`, `.size`, `.errors`, `.wipe`, `.left` and `.right`
    by their `value`, and which pictures are shown by `.toggles[label].value`.
    """

    def __init__(self, images: Mapping[str, Mapping], crop: int):
        self._held = False
        self._scene = functools.cache(lambda image: scenes.Scene(images[image]))
        self._thumbnail = functools.cache(lambda image: self._scene(image).thumbnail(SHOWN))
        self.scene = self._scene(next(iter(images)))
        if len({frozenset(each) for each in images.values()}) > 1:
            raise StudyError("The images have different labels; give every image the same ones.")
        self._controls(list(images), crop)
        self._strips = [_Strip() for _ in range(-(-len(self.toggles) // COLUMNS))]
        self._overview, self._overlap = widgets.Image(format="png"), widgets.Image(format="png", width=WIPED)
        self._scale = widgets.HTML(
            f'<img alt="colour bar" src="data:image/png;base64,{base64.b64encode(scenes.ramp(SHOWN, 10)).decode()}">'
            f"<br>difference to HR: 0 … {scenes.ERRORS} grey levels or more"
        )
        self._shelf = widgets.VBox()
        super().__init__(self._arranged())
        self._watch()
        self._choose()

    def _controls(self, names, crop):
        height, width = self.scene.shape
        sizes = [size for size in SIZES if size <= min(height, width)]
        side = max((n for n in sizes if n <= crop), default=sizes[0])
        wide = {"layout": widgets.Layout(width="400px"), "style": {"description_width": "110px"}}
        self.image = widgets.Dropdown(options=names, description="image", **wide)
        self.x = widgets.IntSlider((width - side) // 2, 0, width - side, description="x / px", **wide)
        self.y = widgets.IntSlider((height - side) // 2, 0, height - side, description="y / px", **wide)
        self.size = widgets.SelectionSlider(options=sizes, value=side, description="crop side / px", **wide)
        self.errors = widgets.Checkbox(
            False, description="error maps", indent=False, disabled="hr" not in self.scene.labels
        )
        self.toggles = {
            label: widgets.ToggleButton(
                True, description=name(label), icon="check", tooltip=f"show or hide {name(label)}",
                layout=widgets.Layout(width="auto"),
            )
            for label in self.scene.labels
        }  # fmt: skip
        options = [(name(label), label) for label in self.scene.labels]
        ends = self.scene.labels[0], self.scene.labels[-1]
        self.left, self.right = (
            widgets.Dropdown(options=options, value=label, description=side, **wide)
            for side, label in zip(("left", "right"), ends, strict=True)
        )
        self.wipe = widgets.IntSlider(50, 0, 100, description="wipe / %", **wide)

    def _arranged(self) -> list:
        choice = [self.image] if len(self.image.options) > 1 else []
        sliders = widgets.VBox([*choice, self.x, self.y, self.size, self.errors])
        shown = widgets.HBox(list(self.toggles.values()), layout=widgets.Layout(flex_flow="row wrap"))
        wipe = widgets.HBox([self._overlap, widgets.VBox([self.left, self.right, self.wipe])])
        wipe.layout.margin = "8px 4px"
        gap = widgets.Layout(margin="4px 12px 4px 4px", align_items="center")
        return [widgets.HBox([widgets.Box([self._overview], layout=gap), sliders]), shown, self._shelf, wipe]

    def _watch(self):
        self.image.observe(self._switch, "value")
        self.size.observe(self._resize, "value")
        for control in (self.x, self.y):
            control.observe(self._draw, "value")
        for control in (self.errors, *self.toggles.values()):
            control.observe(self._choose, "value")
        for control in (self.left, self.right, self.wipe):
            control.observe(self._draw_wipe, "value")

    @property
    def shown(self) -> list[str]:
        """The labels whose toggles are on, in order."""
        return [label for label, toggle in self.toggles.items() if toggle.value]

    def crop(self, label: str):
        """The part of that picture that the sliders say: uint8 (size, size, 3)."""
        return self.scene.crop(label, self.y.value, self.x.value, self.size.value)

    def _switch(self, _):
        self.scene, side = self._scene(self.image.value), self.size.value
        self._held = True
        self.size.options = [size for size in SIZES if size <= min(self.scene.shape)]
        self.size.value = max(size for size in self.size.options if size <= max(side, SIZES[0]))
        self._resize()

    def _resize(self, _=None):
        height, width = self.scene.shape
        self._held = True  # one picture for all that changes here
        self.x.max, self.y.max = width - self.size.value, height - self.size.value
        self._held = False
        self._draw()

    def _choose(self, _=None):
        for toggle in self.toggles.values():
            toggle.icon = "check" if toggle.value else ""
        strips = self._strips[: -(-len(self.shown) // COLUMNS)]
        self._shelf.children = [*strips, self._scale] if self.errors.value else strips
        self._draw()

    def _draw(self, _=None):
        if self._held:
            return
        at, shown = (self.y.value, self.x.value, self.size.value), self.shown
        rows = list(zip(self._strips, scenes.batched(shown, COLUMNS), strict=False))
        for strip, labels in rows:
            strip.draw([self._view(label, at) for label in labels])
        self._overview.value = self._located(at)
        self._draw_wipe()
        words = self.scene.scores(shown, *at)  # last: the eye waits for pictures, not for numbers
        for strip, labels in rows:
            strip.say({name(label): words[label] for label in labels})

    def _view(self, label, at):
        return (self.scene.errors if self.errors.value else self.scene.crop)(label, *at)

    def _draw_wipe(self, _=None):
        left, right = (scenes.enlarged(self.crop(each.value), WIPED) for each in (self.left, self.right))
        self._overlap.value = scenes.png(scenes.wiped(left, right, self.wipe.value / 100))

    def _located(self, at) -> bytes:
        """The whole picture, small, with the crop's frame."""
        y, x, side = at
        picture = self._thumbnail(self.image.value).copy()
        zoom = picture.shape[1] / self.scene.shape[1]
        corners = [(round(zoom * (x + d)), round(zoom * (y + d))) for d in (0, side)]
        for colour, width in (((255, 255, 255), 3), ((238, 119, 51), 1)):
            cv2.rectangle(picture, *corners, colour, width)
        return scenes.png(picture)

    def still(self) -> bytes:
        """The shown state as one PNG, for pages without a kernel."""
        at = self.y.value, self.x.value, self.size.value
        words = self.scene.scores(self.shown, *at)
        rows = [
            [(self._view(label, at), f"{name(label)}\n{words[label]}") for label in labels]
            for labels in scenes.batched(self.shown, COLUMNS)
        ]
        return scenes.sheet(rows, SHOWN, GAP)

    def show(self) -> None:
        """The live widget where a kernel runs, its still picture everywhere else."""
        display({"image/png": base64.b64encode(self.still()).decode(), **self._repr_mimebundle_()}, raw=True)


class _Strip(widgets.VBox):
    """A row of crops with their names and scores: two messages to the browser per move, however many crops."""

    def __init__(self):
        self.picture, self.words = widgets.Image(format="png"), widgets.HTML()
        self.picture.layout.object_fit = "none"
        self.picture.layout.align_self = "flex-start"
        super().__init__([self.picture, self.words], layout=widgets.Layout(margin="4px"))

    def draw(self, crops) -> None:
        """Show these crops, uint8 (n, n, 3)."""
        self.picture.value = scenes.png(scenes.strip(crops, SHOWN, GAP))

    def say(self, words: Mapping[str, str]) -> None:
        """Write {name: scores} below them."""
        cells = (f'<div style="width: {SHOWN + GAP}px"><b>{n}</b><br>{w}</div>' for n, w in words.items())
        self.words.value = f'<div style="display: flex; line-height: 1.4">{"".join(cells)}</div>'
