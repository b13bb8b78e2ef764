"""The grid artefact of sub-pixel up-sampling: sixteen filters that do not agree leave a pattern of period four."""

from collections.abc import Mapping

import cv2
import matplotlib.patheffects as effects
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sr_utils.data.images import SCALE
from sr_utils.plots.pictures import GAP, LINE, Page
from sr_utils.plots.style import PAGE, headline, name

CONTRAST = 4  # by which a flat window is stretched, so that a grid of a grey level can be seen
VISIBLE = 0.5  # grey levels; a weaker grid is not pointed at
STEP = 8  # pixels from one window to the next
SMOOTH = np.array([1, 2, 2, 2, 1]) / 8  # removes every pattern of period four, and leaves slopes as they are


def pattern(image, side: int = 32) -> np.ndarray:
    """How strong a pattern of period four is in each side×side window: float (rows, columns), in grey levels.

    The standard deviation of the sixteen positions in a 4×4 tile: of luma less its smooth part, the median over the
    window's tiles, so that an edge through some of them does not count. Entry (i, j) is of the window at (8i, 8j).
    `image` uint8 (H, W, 3).
    """
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    fine = luma - cv2.sepFilter2D(luma, -1, SMOOTH, SMOOTH)
    rows, columns = (n // SCALE for n in fine.shape)
    tiles = fine[: rows * SCALE, : columns * SCALE].reshape(rows, SCALE, columns, SCALE).swapaxes(1, 2)
    windows = sliding_window_view(tiles, (side // SCALE, side // SCALE), axis=(0, 1))
    step = STEP // SCALE
    return np.median(windows[::step, ::step], axis=(-2, -1)).std(axis=(-2, -1))  # (rows, columns)


def strongest(images: Mapping, side: int = 32) -> tuple[str, str, int, int]:
    """(scene, label, y, x) of the window where an arm has most of a grid that HR has not.

    Only the flattest tenth of HR's windows counts: elsewhere what is in the picture hides a grid.
    """
    best = (-np.inf,)
    for scene, versions in images.items():
        luma = cv2.cvtColor(versions["hr"], cv2.COLOR_RGB2GRAY).astype(np.float64)
        mean, square = (cv2.boxFilter(each, -1, (side, side), anchor=(0, 0)) for each in (luma, luma**2))
        of_hr = pattern(versions["hr"], side)
        variance = (square - mean**2)[::STEP, ::STEP][: of_hr.shape[0], : of_hr.shape[1]]
        flat = variance <= np.quantile(variance, 0.1)
        for label, image in versions.items():
            if label not in ("lr", "nearest", "hr"):
                more = np.where(flat, pattern(image, side) - of_hr, -np.inf)
                y, x = np.unravel_index(more.argmax(), more.shape)
                best = max(best, (more[y, x], scene, label, int(y) * STEP, int(x) * STEP))
    return best[1:]


def grid_artefact(images: Mapping, side: int = 32, title: str = ""):
    """The window with the strongest grid in every version, with an arrow to it and each version's strength.

    HR's mean colour is shown as grey, and differences to it `CONTRAST` times as large. `images` as for `crops`.
    """
    scene, worst, y, x = strongest(images, side)
    versions = {label: image for label, image in images[scene].items() if label != "lr"}
    window = np.s_[y : y + side, x : x + side]
    middle = versions["hr"][window].mean((0, 1))
    strengths = {label: pattern(image[window], side)[0, 0] for label, image in versions.items()}
    seen = strengths[worst] >= VISIBLE
    zoom = int(np.clip((PAGE / len(versions) - GAP) // side, 4, 6))
    cell = side * zoom
    columns = min(len(versions), PAGE // (cell + GAP))
    block = cell + 2 * LINE + GAP
    page = Page(columns * (cell + GAP) - GAP, block * -(-len(versions) // columns))
    for i, (label, image) in enumerate(versions.items()):
        row, column = divmod(i, columns)
        words = f"{name(label)}\ngrid {strengths[label]:.1f} grey levels"
        raised = np.clip(127 + CONTRAST * (image[window] - middle), 0, 255).astype(np.uint8)
        ax = page.place(raised, column * (cell + GAP), row * block, zoom, words, bold=label == worst)
        if label == worst and seen:
            outline = [effects.withStroke(linewidth=3, foreground="white")]
            ax.annotate(
                "grid", (side / 2, side / 2), (3, 4), ha="left", va="center", fontsize=11, weight="bold",
                path_effects=outline, arrowprops={"arrowstyle": "-|>", "lw": 2, "path_effects": outline},
            )  # fmt: skip
    where = f"{strengths[worst]:.1f} grey levels in {name(worst)}'s {scene}, {strengths['hr']:.1f} in HR"
    first = "The grid artefact where it is strongest:" if seen else "No grid can be seen: at most"
    words = title or f"{first} {where}; contrast ×{CONTRAST}"
    listed = ", ".join(f"{name(label)} {value:.1f}" for label, value in strengths.items())
    return headline(
        page.fig, words, f"One window of {scene} in {len(versions)} versions. Grid in grey levels: {listed}."
    )
