"""Pictures beside each other: windows of scenes at an integer zoom, and whole pictures."""

import textwrap
from collections.abc import Callable, Mapping

import cv2
from matplotlib.patches import Rectangle

from sr_utils.claims.statistics import signed
from sr_utils.data.images import upsample
from sr_utils.data.windows import telling_window
from sr_utils.plots.style import PAGE, canvas, headline, name, styled

GAP, LINE = 8, 15  # pixels between pictures, and from one line of words to the next
SIDE, ZOOM = 44, 3  # of a window: HR pixels, and screen pixels for each of them; eight stand beside each other
CELL = SIDE * ZOOM
COLUMNS = PAGE // (CELL + GAP)  # at most
KEY = f"Windows of {SIDE}×{SIDE} HR pixels, {ZOOM} times as large, where bicubic errs most; below, their PSNR."


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
    show(ax, small, *at, 1, *label.split(": "))
    corner = (at[0] + window[1] * scale, at[1] + window[0] * scale)
    for colour, width in (("white", 3.5), ("#EE7733", 2)):
        ax.add_patch(Rectangle(corner, SIDE * scale, SIDE * scale, fill=False, ec=colour, lw=width))


def windows(images: Mapping, psnr: Callable, textures: bool = True) -> dict[str, tuple]:
    """Words on each scene -> (HR, (y, x) of its window, {label: (crop, "… dB")}); LR by nearest neighbour."""
    cut = {}
    for i, (scene, versions) in enumerate(images.items(), 1):
        texture = textures and (len(images) - i) % 2 == 1  # so that the last scene, or a single one, shows edges
        y, x = telling_window(versions["lr"], versions["hr"], SIDE, texture)
        whole = versions | {"lr": upsample(versions["lr"], "nearest")}
        crops = {label: image[y : y + SIDE, x : x + SIDE] for label, image in whole.items()}
        scores = {label: "" if label == "hr" else f"{psnr(crop, crops['hr']):.2f} dB" for label, crop in crops.items()}
        scored = {label: (crop, scores[label]) for label, crop in crops.items()}
        kind = f": {'texture' if texture else 'edges'}" if textures else ""
        cut[scene + kind] = versions["hr"], (y, x), scored
    return cut


@styled()
def crops(images: Mapping, psnr: Callable, notes: Mapping = {}, textures: bool = True):
    """Each scene and, beside it, its window in every version, with its PSNR. Nothing is smoothed.

    `images` maps a scene's name to {label -> uint8 (H, W, 3)}, as `evaluation.pictures` returns it: "hr", any arms, and
    "lr", of a quarter of the size. `psnr` is `evaluation.psnr`, here of the windows, which show in turn texture and
    edges, or with `textures=False` edges alone. `notes` maps labels to a line of words, such as how long an arm was
    trained.
    """
    cut = windows(images, psnr, textures)
    labels = dict.fromkeys(label for *_, versions in cut.values() for label in versions)
    lines = {label: [*textwrap.wrap(name(label), 19), *filter(None, [notes.get(label)])] for label in labels}
    rows = -(-(1 + len(labels)) // COLUMNS)
    columns, pitch = -(-(1 + len(labels)) // rows), CELL + LINE * (1 + max(map(len, lines.values()))) + GAP
    fig, ax = canvas(columns * (CELL + GAP) - GAP, rows * pitch * len(cut))
    for i, (words, (hr, window, versions)) in enumerate(cut.items()):
        framed(ax, words, hr, window, (0, i * rows * pitch))
        for j, (label, (crop, score)) in enumerate(versions.items(), 1):
            row, column = divmod(j, columns)
            show(ax, crop, column * (CELL + GAP), (i * rows + row) * pitch, ZOOM, *lines[label], score)
    what = f"Crops of {', '.join(cut)}, each as {', '.join(map(name, labels))}"
    return headline(
        fig, f"Windows of {SIDE}×{SIDE} pixels of HR", what, f"{KEY} Single windows can differ from the mean."
    )


@styled()
def whole(images: Mapping, labels, psnr: Callable, scores=None):
    """The smallest scene whole in some versions, with its PSNR; `images` and `psnr` as for `crops`.

    The title compares all but LR with the first of them, in this picture, and by `scores` (`evaluation.score_all`'s)
    over all images.
    """
    scene = min(images, key=lambda scene: images[scene]["hr"].size)
    full, room = images[scene] | {"lr": upsample(images[scene]["lr"], "nearest")}, (PAGE + GAP) // len(labels) - GAP
    small, scale = shrunk(full["hr"], room, PAGE)
    height, width = small.shape[:2]
    fig, ax = canvas(len(labels) * (width + GAP) - GAP, height + 3 * LINE)
    found = {label: round(psnr(full[label], full["hr"]), 2) for label in labels if label != "hr"}
    for i, label in enumerate(labels):
        score = f"{found[label]:.2f} dB" if label in found else ""
        show(ax, shrunk(full[label], room, PAGE)[0], i * (width + GAP), 0, 1, name(label), score)
    first, *others = [label for label in found if label != "lr"]
    over = {} if scores is None else scores.groupby("arm").psnr.mean()
    gains = []
    for label in others:
        everywhere = f" (all images {signed(over[label] - over[first], '+.2f')})" if label in over else ""
        gains.append(f"{name(label)} {signed(found[label] - found[first], '+.2f')} dB{everywhere}")
    title = f"In this picture, PSNR against {name(first)}: {', '.join(gains)}"
    key = "Below, PSNR of the picture" + f", shown at {100 * scale:.0f} % of HR's size" * (scale < 1) + "."
    return headline(fig, title, f"All of {scene} as {', '.join(map(name, labels))}", key)
