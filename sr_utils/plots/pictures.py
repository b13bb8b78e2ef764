"""Pictures beside each other: windows of scenes at an integer zoom, and whole pictures."""

import textwrap
from collections.abc import Callable, Mapping

import cv2
from matplotlib.patches import Rectangle

from sr_utils.data.images import upsample
from sr_utils.data.windows import telling_window
from sr_utils.plots.style import PAGE, canvas, headline, name, styled

GAP, LINE = 8, 15  # pixels between pictures, and from one line of words to the next
SIDE, ZOOM = 60, 3  # of a window: HR pixels, and screen pixels for each of them
CELL = SIDE * ZOOM
COLUMNS = PAGE // (CELL + GAP)  # at most


def show(ax, image, x: float, y: float, zoom: float, *lines: str, **options) -> None:
    """Show uint8 (h, w, 3), or (h, w) in colours, from (x, y) down, each pixel `zoom` wide, with lines of words."""
    right, bottom = x + image.shape[1] * zoom, y + image.shape[0] * zoom
    ax.imshow(image, extent=(x, right, bottom, y), aspect="auto", **options)
    for i, line in enumerate(lines, 1):
        ax.text(x, bottom + LINE * i, line)


def shrunk(image, width: float, height: float):
    """The picture, made smaller where it does not fit into width × height pixels, and its scale."""
    scale = min(1, width / image.shape[1], height / image.shape[0])
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale


def framed(ax, label: str, image, window: tuple, at: tuple) -> None:
    """Show a whole picture in the room of a window, with its window (y, x) framed."""
    small, scale = shrunk(image, CELL, CELL)
    show(ax, small, *at, 1, label)
    corner = (at[0] + window[1] * scale, at[1] + window[0] * scale)
    for colour, width in (("white", 3.5), ("#EE7733", 2)):
        ax.add_patch(Rectangle(corner, SIDE * scale, SIDE * scale, fill=False, ec=colour, lw=width))


def windows(images: Mapping, psnr: Callable) -> dict[str, tuple]:
    """Words on each scene -> (HR, (y, x) of its window, {label: (crop, "… dB")}); LR by nearest neighbour."""
    cut = {}
    for i, (scene, versions) in enumerate(images.items(), 1):
        texture = (len(images) - i) % 2 == 1  # so that the last scene, or a single one, shows edges
        y, x = telling_window(versions["lr"], versions["hr"], SIDE, texture)
        whole = versions | {"lr": upsample(versions["lr"], "nearest")}
        crops = {label: image[y : y + SIDE, x : x + SIDE] for label, image in whole.items()}
        scores = {label: "" if label == "hr" else f"{psnr(crop, crops['hr']):.2f} dB" for label, crop in crops.items()}
        scored = {label: (crop, scores[label]) for label, crop in crops.items()}
        cut[f"{scene}: {'texture' if texture else 'edges'}"] = versions["hr"], (y, x), scored
    return cut


@styled()
def crops(images: Mapping, psnr: Callable, notes: Mapping = {}):
    """Each scene and, beside it, its window in every version, with its PSNR. Nothing is smoothed.

    `images` maps a scene's name to {label -> uint8 (H, W, 3)}, as `evaluation.pictures` returns it: "hr", any arms, and
    "lr", of a quarter of the size. `psnr` is `evaluation.psnr`, here of the windows, which show in turn texture and
    edges. `notes` maps labels to a line of words, such as how long an arm was trained.
    """
    cut = windows(images, psnr)
    labels = dict.fromkeys(label for *_, versions in cut.values() for label in versions)
    lines = {label: [*textwrap.wrap(name(label), 24), *filter(None, [notes.get(label)])] for label in labels}
    rows = -(-(1 + len(labels)) // COLUMNS)
    columns, pitch = -(-(1 + len(labels)) // rows), CELL + LINE * (1 + max(map(len, lines.values()))) + GAP
    fig, ax = canvas(columns * (CELL + GAP) - GAP, rows * pitch * len(cut))
    for i, (words, (hr, window, versions)) in enumerate(cut.items()):
        framed(ax, words, hr, window, (0, i * rows * pitch))
        for j, (label, (crop, score)) in enumerate(versions.items(), 1):
            row, column = divmod(j, columns)
            show(ax, crop, column * (CELL + GAP), (i * rows + row) * pitch, ZOOM, *lines[label], score)
    what = f"Crops of {', '.join(cut)}, each as {', '.join(map(name, labels))}"
    return headline(fig, f"Windows of {SIDE}×{SIDE} pixels of HR", what)


@styled()
def whole(images: Mapping, labels, psnr: Callable):
    """The smallest scene whole in some versions, with its PSNR; `images` and `psnr` as for `crops`."""
    scene = min(images, key=lambda scene: images[scene]["hr"].size)
    versions, room = images[scene], (PAGE + GAP) / len(labels) - GAP
    small, scale = shrunk(versions["hr"], room, PAGE)
    fig, ax = canvas(len(labels) * (small.shape[1] + GAP) - GAP, small.shape[0] + 2 * LINE)
    for i, label in enumerate(labels):
        score = "" if label == "hr" else f"{psnr(versions[label], versions['hr']):.2f} dB"
        show(ax, shrunk(versions[label], room, PAGE)[0], i * (small.shape[1] + GAP), 0, 1, name(label), score)
    size = "pixel by pixel" if scale == 1 else f"at {100 * scale:.0f} % of HR's size"
    return headline(fig, f"All of {scene}, {size}", f"{scene} as {', '.join(map(name, labels))}")
