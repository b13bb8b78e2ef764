"""Pictures beside each other: scenes with a window, its crops at integer zoom, error maps, training patches."""

from collections import Counter
from collections.abc import Callable, Mapping

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from sr_utils import StudyError
from sr_utils.data.images import SCALE, upsample
from sr_utils.plots.style import DPI, PAGE, headline, name

GAP, WORDS = 8, 42  # pixels between pictures, and for two lines of words
SMALL = 220  # pixels of a scene's side where there are several: photographs make a page heavy
ERRORS = {"cmap": "viridis", "vmin": 0, "vmax": 48}  # grey levels of luma


def clearest_window(lr, hr, side: int = 64) -> tuple[int, int]:
    """(y, x) of the side×side HR window where bicubic errs most along clear edges; a multiple of LR's pixels.

    The rule behind every crop, whatever the arms: the squared error of bicubic, weighted by how much LR's gradients
    agree in direction (the structure tensor's coherence, 0…1; Bigün & Granlund, 1987). An edge that LR still shows can
    be recovered; hair and noise, where bicubic errs most, cannot. `lr` uint8 (h, w, 3), `hr` uint8 (4h, 4w, 3).

    Raises `StudyError` for an image smaller than the window.
    """
    height, width = hr.shape[:2]
    if min(height, width) < side:
        raise StudyError(
            f"An image of {width}×{height} pixels is smaller than a {side}×{side} crop; use larger images."
        )
    error = np.square(upsample(lr) - hr.astype(np.float32)).mean(-1)
    grey = cv2.cvtColor(lr, cv2.COLOR_RGB2GRAY).astype(np.float32)
    first, second = np.moveaxis(cv2.cornerEigenValsAndVecs(grey, 5, 3), -1, 0)[:2]
    coherence = np.square((first - second) / (first + second + 1e-6))
    weighted = error * cv2.resize(coherence, (width, height), interpolation=cv2.INTER_LINEAR)
    sums = cv2.boxFilter(weighted, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: height - side + 1 : SCALE, : width - side + 1 : SCALE]
    y, x = np.unravel_index(sums.argmax(), sums.shape)
    return int(y) * SCALE, int(x) * SCALE


def page(width: int, height: int):
    """An empty figure of so many pixels."""
    return plt.figure(figsize=(width / DPI, height / DPI))


def place(fig, image, x: int, y: int, zoom: int = 1, words: str = "", bold: bool = False, **options):
    """Show uint8 (h, w, 3), or (h, w) in colours, from (x, y) down, each pixel `zoom` wide, with words below."""
    height, width = (n * zoom for n in image.shape[:2])
    page_width, page_height = fig.bbox.size
    box = (x / page_width, 1 - (y + height) / page_height, width / page_width, height / page_height)
    ax = fig.add_axes(box)
    ax.imshow(image, interpolation="nearest", aspect="auto", **options)
    ax.axis("off")
    below = {"xycoords": "axes fraction", "textcoords": "offset pixels", "va": "top", "fontsize": 9}
    ax.annotate(words, (0, 0), (0, -4), weight="bold" if bold else "normal", **below)
    return ax


def _fit(image, room: tuple) -> float:
    """By how much a picture is scaled to fit into (width, height) pixels, enlarged by a half at most."""
    return min(1.5, room[0] / image.shape[1], room[1] / image.shape[0])


def _scene(fig, image, box: tuple, at: tuple, room: tuple, words: str, side: int) -> None:
    """A whole picture, scaled to fit, with the window at `box` framed."""
    scale = _fit(image, room)
    size = tuple(max(1, round(n * scale)) for n in image.shape[1::-1])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    ax = place(fig, cv2.resize(image, size, interpolation=way), *at, words=words, bold=True)
    for colour, width in (("white", 3.5), ("#EE7733", 2)):
        corner = (box[1] * scale - 0.5, box[0] * scale - 0.5)
        ax.add_patch(Rectangle(corner, side * scale, side * scale, fill=False, ec=colour, lw=width))


def _panels(images: Mapping, psnr: Callable, windows: Mapping, side: int) -> tuple[dict, dict]:
    """scene -> (y, x) of its window, and scene -> [(label, crop, words, dB)]: LR by nearest neighbour, HR last."""
    windows = {key: windows.get(key) or clearest_window(each["lr"], each["hr"], side) for key, each in images.items()}
    panels = {}
    for key, (y, x) in windows.items():
        versions = {k: upsample(image, "nearest") if k == "lr" else image for k, image in images[key].items()}
        crops = {label: image[y : y + side, x : x + side] for label, image in versions.items()}
        hr = crops.pop("hr")
        scores = {label: psnr(crop, hr) for label, crop in crops.items()}
        rows = [(label, crop, f"{name(label)}\n{scores[label]:.2f} dB", scores[label]) for label, crop in crops.items()]
        panels[key] = [*rows, ("hr", hr, name("hr"), -np.inf)]
    return windows, panels


def _told(fig, panels: Mapping, title: str, what: str):
    """The figure with a title that says who scores best in most windows."""
    best = Counter(name(max(shown, key=lambda each: each[3])[0]) for shown in panels.values())
    (first, count), *_ = best.most_common()
    where = "this window" if len(panels) == 1 else f"{count} of {len(panels)} windows"
    arms = ", ".join(name(label) for label, *_ in next(iter(panels.values())))
    return headline(
        fig,
        title or f"By PSNR, {first} comes nearest to HR in {where}",
        f"{what} of {', '.join(panels)}, each as {arms}",
    )


def crops(images: Mapping, psnr: Callable, windows: Mapping = {}, side: int = 64, zoom: int = 3, title: str = ""):
    """Each scene with its window and, beside it, the window in every version; the best PSNR is bold.

    `images` maps a scene's name to {label -> uint8 (H, W, 3)}, as `widgets.compare` takes it: "hr" and any arms; "lr",
    of a quarter of the size, is shown by nearest neighbour. `psnr` is `evaluation.psnr`, here of the windows. `windows`
    maps scenes to (y, x); without it, `clearest_window(lr, hr, side)` is shown. `side` is in HR pixels, each of them
    `zoom` screen pixels wide; nothing is smoothed.
    """
    windows, panels = _panels(images, psnr, windows, side)
    count = max(map(len, panels.values()))
    rows = -(-count // (4 if len(images) == 1 else 5))  # a single scene takes the room of the fifth
    columns, cell = -(-count // rows), side * zoom
    block = rows * (cell + WORDS) + GAP
    room = PAGE - columns * (cell + GAP) - GAP, block - WORDS  # for a scene
    room = room if len(images) == 1 else tuple(min(SMALL, each) for each in room)
    left = 2 * GAP + max(int(_fit(each["hr"], room) * each["hr"].shape[1]) for each in images.values())
    fig = page(left + columns * (cell + GAP) - GAP, block * len(images))
    for i, (key, shown) in enumerate(panels.items()):
        _scene(fig, images[key]["hr"], windows[key], (0, i * block), room, key, side)
        best = max(score for *_, score in shown)
        for j, (_, crop, words, score) in enumerate(shown):
            row, column = divmod(j, columns)
            at = left + column * (cell + GAP), i * block + row * (cell + WORDS)
            place(fig, crop, *at, zoom, words, bold=score == best)
    return _told(fig, panels, title, "Crops")


def error_maps(images: Mapping, psnr: Callable, windows: Mapping = {}, side: int = 64, zoom: int = 3, title: str = ""):
    """As `crops`, with an error map under each arm: the difference to HR's luma, in grey levels.

    The first column holds HR's window and the scene. The smallest mean error is bold.
    """
    windows, panels = _panels(images, psnr, windows, side)
    panels = {key: [each for each in shown if each[0] != "lr"] for key, shown in panels.items()}
    cell = side * zoom
    fig = page(max(map(len, panels.values())) * (cell + GAP), 2 * (cell + WORDS) * len(images) + 4 * GAP)
    for i, (key, (*shown, (_, hr, *_))) in enumerate(panels.items()):
        top, below = ((2 * i + row) * (cell + WORDS) for row in (0, 1))
        place(fig, hr, 0, top, zoom, name("hr"))
        _scene(fig, images[key]["hr"], windows[key], (0, below), (cell, cell), key, side)
        maps = [cv2.absdiff(*(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (crop, hr))) for _, crop, *_ in shown]
        most, least = max(score for *_, score in shown), min(m.mean() for m in maps)
        for j, ((_, crop, words, score), errors) in enumerate(zip(shown, maps, strict=True), 1):
            place(fig, crop, j * (cell + GAP), top, zoom, words, bold=score == most)
            words, bold = f"mean error {errors.mean():.1f}", errors.mean() == least
            place(fig, errors, j * (cell + GAP), below, zoom, words, bold, **ERRORS)
    scale = np.tile(np.linspace(0, ERRORS["vmax"], cell), (GAP, 1))
    words = f"error of luma: 0 … {ERRORS['vmax']} grey levels or more"
    place(fig, scale, cell + GAP, 2 * (cell + WORDS) * len(images), 1, words, **ERRORS)
    return _told(fig, panels, title, "Crops and error maps")


def training_patches(lr, hr, title: str = ""):
    """Training pairs as a contact sheet: HR patches, each above its LR. uint8 (n, h, w, 3) and (n, 4h, 4w, 3)."""
    side, zoom = hr.shape[1], max(1, 104 // hr.shape[1])
    cell = side * zoom + GAP
    fig = page(60 + cell * len(hr) - GAP, 2 * cell - GAP)
    for row, (patches, scale, label) in enumerate(((hr, zoom, "HR"), (lr, zoom * SCALE, "LR"))):
        fig.text(4 / fig.bbox.width, 0.75 - row / 2, f"{label}\n{patches.shape[1]}²", fontsize=9, va="center")
        for i, patch in enumerate(patches):
            place(fig, patch, 60 + i * cell, row * cell, scale)
    words = (
        f"Each training pair: {side}×{side} pixels of HR, and the {side // SCALE}×{side // SCALE} that are left in LR"
    )
    return headline(fig, title or words, f"{len(hr)} square patches of photographs, each above its LR version")
