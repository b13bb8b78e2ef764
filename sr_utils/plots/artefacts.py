"""The grid artefact of sub-pixel up-sampling: sixteen filters that do not agree leave a pattern of period four."""

from collections.abc import Mapping

import cv2
import numpy as np

from sr_utils.plots.pictures import GAP, WORDS, show
from sr_utils.plots.style import canvas, headline, name

SIDE, ZOOM = 32, 5  # of a window: HR pixels, and screen pixels for each of them
CONTRAST = 4  # by which a flat window is stretched, so that a grid of a grey level can be seen
VISIBLE = 0.5  # grey levels; a weaker grid is not pointed at
SMOOTH = np.array([1, 2, 2, 2, 1]) / 8  # removes every pattern of period four, and leaves slopes as they are


def _windows(luma) -> np.ndarray:
    """(H, W) as windows of 4×4 tiles: (window rows, window columns, tile rows, 4, tile columns, 4)."""
    rows, columns = (n // SIDE for n in luma.shape)
    tiles = luma[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE // 4, 4, columns, SIDE // 4, 4)
    return tiles.transpose(0, 3, 1, 2, 4, 5)


def pattern(image) -> np.ndarray:
    """How strong a pattern of period four is in each window, in grey levels: float (H // 32, W // 32).

    The standard deviation of the sixteen positions in a 4×4 tile: of luma less its smooth part, the median over the
    window's tiles, so that an edge through some of them does not count. `image` uint8 (H, W, 3).
    """
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    fine = luma - cv2.sepFilter2D(luma, -1, SMOOTH, SMOOTH)
    return np.median(_windows(fine), axis=(2, 4)).std(axis=(2, 3))


def strongest(images: Mapping) -> tuple[str, str, int, int]:
    """(scene, label, y, x) of the window where an arm has most of a grid that HR does not have.

    Only the flattest tenth of HR's windows counts: elsewhere the picture's own detail hides a grid.
    """
    best = (-np.inf,)
    for scene, versions in images.items():
        contrast = _windows(cv2.cvtColor(versions["hr"], cv2.COLOR_RGB2GRAY)).std(axis=(2, 3, 4, 5))
        for label in versions.keys() - {"lr", "hr"}:
            more = pattern(versions[label]) - pattern(versions["hr"])
            more[contrast > np.quantile(contrast, 0.1)] = -np.inf
            y, x = np.unravel_index(more.argmax(), more.shape)
            best = max(best, (more[y, x], scene, label, int(y) * SIDE, int(x) * SIDE))
    return best[1:]


def grid_artefact(images: Mapping):
    """The window with the strongest grid in every version, with an arrow to the grid and its strength in each.

    HR's mean colour is shown as grey, and differences to it `CONTRAST` times as large. `images` as for `crops`.
    """
    scene, worst, y, x = strongest(images)
    versions = {k: image[y : y + SIDE, x : x + SIDE] for k, image in images[scene].items() if k != "lr"}
    strengths = {label: pattern(image).item() for label, image in versions.items()}
    cell = SIDE * ZOOM
    fig, ax = canvas(len(versions) * (cell + GAP) - GAP, cell + WORDS)
    for i, (label, image) in enumerate(versions.items()):
        raised = np.clip(127 + CONTRAST * (image - versions["hr"].mean((0, 1))), 0, 255).astype(np.uint8)
        left, score = i * (cell + GAP), f"grid {strengths[label]:.1f} grey levels"
        show(ax, raised, left, 0, ZOOM, name(label), score, bold=label == worst)
        if label == worst and strengths[worst] >= VISIBLE:
            place = (left + cell / 2, cell / 2), (left + 10, 24)
            text = {"fontsize": 11, "weight": "bold", "bbox": {"fc": "white", "ec": "none", "pad": 2}}
            ax.annotate("grid", *place, **text, arrowprops={"arrowstyle": "-|>", "lw": 2})
    title = f"The grid artefact where it is strongest: {strengths[worst]:.1f} grey levels in {name(worst)}'s {scene}, "
    title += f"{strengths['hr']:.1f} in HR; contrast ×{CONTRAST}"
    return headline(fig, title, f"One window of {scene} in {len(versions)} versions, with the strength of its grid")
