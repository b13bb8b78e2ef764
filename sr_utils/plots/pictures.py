"""Pictures beside each other: windows of scenes at an integer zoom, error maps, training patches."""

from collections import Counter
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from matplotlib.patches import Rectangle

from sr_utils import StudyError
from sr_utils.data.images import SCALE, upsample
from sr_utils.plots.style import PAGE, canvas, headline, name

GAP, WORDS = 8, 42  # pixels between pictures, and for two lines of words
ZOOM = 3  # screen pixels for each HR pixel of a window
SMALL = 220  # pixels of a scene's side where there are several: photographs make a page heavy
ERRORS = {"cmap": "viridis", "vmin": 0, "vmax": 48}  # grey levels of luma


def clearest_window(lr, hr, side: int) -> tuple[int, int]:
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


def show(ax, image, x: int, y: int, zoom: int, *lines: str, bold: bool = False, **options) -> None:
    """Show uint8 (h, w, 3), or (h, w) in colours, from (x, y) down, each pixel `zoom` wide, with lines of text below.

    `bold`: the last line is bold.
    """
    right, bottom = x + image.shape[1] * zoom, y + image.shape[0] * zoom
    ax.imshow(image, extent=(x, right, bottom, y), aspect="auto", **options)
    for i, line in enumerate(lines, 1):
        ax.text(x, bottom + 15 * i, line, weight="bold" if bold and i == len(lines) else "normal")


def _scene(ax, label: str, image, window: tuple, side: int, at: tuple, room: tuple) -> None:
    """Show a whole picture, scaled to fit into (width, height) pixels, with its window framed."""
    scale = min(1.5, room[0] / image.shape[1], room[1] / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    show(ax, small, *at, 1, label)
    corner = (at[0] + window[1] * scale, at[1] + window[0] * scale)
    for colour, width in (("white", 3.5), ("#EE7733", 2)):
        ax.add_patch(Rectangle(corner, side * scale, side * scale, fill=False, ec=colour, lw=width))


def _windows(images: Mapping, psnr: Callable, windows: Mapping, side: int) -> dict[str, tuple]:
    """scene -> ((y, x) of its window, {label: crop}, {label: dB of a crop}); LR is enlarged by nearest neighbour."""
    cut = {}
    for scene, versions in images.items():
        y, x = windows.get(scene) or clearest_window(versions["lr"], versions["hr"], side)
        whole = versions | {"lr": upsample(versions["lr"], "nearest")}
        crops = {label: image[y : y + side, x : x + side] for label, image in whole.items()}
        cut[scene] = (y, x), crops, {label: psnr(crop, crops["hr"]) for label, crop in crops.items() if label != "hr"}
    return cut


def _nearest(fig, cut: Mapping, what: str):
    """The figure with a title that says which version is best in most windows."""
    (first, count), *_ = Counter(name(max(scores, key=scores.get)) for *_, scores in cut.values()).most_common()
    where = "this window" if len(cut) == 1 else f"{count} of {len(cut)} windows"
    labels = ", ".join(name(label) for label in next(iter(cut.values()))[1])
    title = f"By PSNR, {first} comes nearest to HR in {where}"
    return headline(fig, title, f"{what} of {', '.join(cut)}, each as {labels}")


def crops(images: Mapping, psnr: Callable, windows: Mapping = {}):
    """Each scene with its window and, beside it, the window in every version; the best PSNR is bold.

    `images` maps a scene's name to {label -> uint8 (H, W, 3)}, as `evaluation.pictures` returns it: "hr", any arms, and
    "lr", of a quarter of the size. `psnr` is `evaluation.psnr`, here of the windows. `windows` maps scenes to (y, x) in
    HR pixels; for others it is `clearest_window(lr, hr)`. Nothing is smoothed.
    """
    side, cell = 64, 64 * ZOOM
    cut = _windows(images, psnr, windows, side)
    count, single = max(len(crops) for _, crops, _ in cut.values()), len(images) == 1
    rows = -(-count // (4 if single else 5))  # a single scene is as wide as two windows
    columns = -(-count // rows)
    block = rows * (cell + WORDS) + GAP
    room = PAGE - columns * (cell + GAP) - GAP, block - WORDS
    room = room if single else tuple(min(SMALL, each) for each in room)
    fig, ax = canvas(room[0] + 2 * GAP + columns * (cell + GAP) - GAP, block * len(images))
    for i, (scene, (window, crops, scores)) in enumerate(cut.items()):
        _scene(ax, scene, images[scene]["hr"], window, side, (0, i * block), room)
        for j, (label, crop) in enumerate(crops.items()):
            row, column = divmod(j, columns)
            at = room[0] + 2 * GAP + column * (cell + GAP), i * block + row * (cell + WORDS)
            score = f"{scores[label]:.2f} dB" if label in scores else ""
            show(ax, crop, *at, ZOOM, name(label), score, bold=scores.get(label) == max(scores.values()))
    return _nearest(fig, cut, "Crops")


def error_maps(images: Mapping, psnr: Callable):
    """As `crops`, without LR and with an error map under each arm: the difference to HR's luma, in grey levels.

    The first column holds HR's window and the scene. The best PSNR and the smallest mean error are bold.
    """
    side, cell = 60, 60 * ZOOM  # so that six columns fit on a page
    cut = _windows(images, psnr, {}, side)
    row, column = cell + WORDS, cell + GAP
    fig, ax = canvas(column * max(len(crops) - 1 for _, crops, _ in cut.values()) - GAP, 2 * row * len(cut) + WORDS)
    for i, (scene, (window, crops, scores)) in enumerate(cut.items()):
        top, below, hr = 2 * i * row, (2 * i + 1) * row, crops["hr"]
        show(ax, hr, 0, top, ZOOM, name("hr"))
        _scene(ax, scene, images[scene]["hr"], window, side, (0, below), (cell, cell))
        del scores["lr"]
        maps = {k: cv2.absdiff(*(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (crops[k], hr))) for k in scores}
        least = min(errors.mean() for errors in maps.values())
        for j, (label, errors) in enumerate(maps.items(), 1):
            score, mean = scores[label], errors.mean()
            best = score == max(scores.values())
            show(ax, crops[label], j * column, top, ZOOM, name(label), f"{score:.2f} dB", bold=best)
            show(ax, errors, j * column, below, ZOOM, f"mean error {mean:.1f}", bold=mean == least, **ERRORS)
    scale = np.tile(np.linspace(0, ERRORS["vmax"], cell), (GAP, 1))
    show(ax, scale, column, 2 * row * len(cut), 1, f"error of luma: 0 … {ERRORS['vmax']} grey levels or more", **ERRORS)
    return _nearest(fig, cut, "Crops and error maps")


def training_patches(lr, hr):
    """Training pairs as a contact sheet: HR patches, each above its LR. uint8 (n, h, w, 3) and (n, 4h, 4w, 3)."""
    side, zoom = hr.shape[1], max(1, 104 // hr.shape[1])
    cell = side * zoom + GAP
    fig, ax = canvas(60 + cell * len(hr) - GAP, 2 * cell - GAP)
    for row, (patches, scale, label) in enumerate(((hr, zoom, "HR"), (lr, zoom * SCALE, "LR"))):
        ax.text(4, (row + 0.5) * cell, f"{label}\n{patches.shape[1]}²", va="center")
        for i, patch in enumerate(patches):
            show(ax, patch, 60 + i * cell, row * cell, scale)
    title = f"Each training pair: {side}×{side} pixels of HR, and the {side // SCALE}×{side // SCALE} that remain in LR"
    return headline(fig, title, f"{len(hr)} square patches of photographs, each above its LR version")
