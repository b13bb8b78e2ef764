"""The grid artefact of sub-pixel up-sampling: sixteen filters that do not agree leave a pattern of period four."""

from collections.abc import Mapping

import cv2
import numpy as np
from matplotlib.patheffects import withStroke

from sr_utils.data.images import SCALE
from sr_utils.plots.pictures import GAP, WORDS, page, place
from sr_utils.plots.style import PAGE, headline, name

CONTRAST = 4  # by which a flat window is stretched, so that a grid of a grey level can be seen
VISIBLE = 0.5  # grey levels; a weaker grid is not pointed at
SMOOTH = np.array([1, 2, 2, 2, 1]) / 8  # removes every pattern of period four, and leaves slopes as they are


def _tiles(image, side: int) -> np.ndarray:
    """An image (H, W) as side×side windows of 4×4 tiles: (rows, tiles, 4, columns, tiles, 4)."""
    rows, columns = (n // side for n in image.shape)
    tiles = (rows, side // SCALE, SCALE, columns, side // SCALE, SCALE)
    return image[: rows * side, : columns * side].reshape(tiles)


def pattern(image, side: int = 32) -> np.ndarray:
    """How strong a pattern of period four is in each side×side window: float (H // side, W // side), in grey levels.

    The standard deviation of the sixteen positions in a 4×4 tile: of luma less its smooth part, the median over the
    window's tiles, so that an edge through some of them does not count. `image` uint8 (H, W, 3).
    """
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    fine = luma - cv2.sepFilter2D(luma, -1, SMOOTH, SMOOTH)
    return np.median(_tiles(fine, side), axis=(1, 4)).std(axis=(1, 3))


def strongest(images: Mapping, side: int = 32) -> tuple[str, str, int, int]:
    """(scene, label, y, x) of the window where an arm has most of a grid that HR has not.

    Only the flattest tenth of HR's windows counts: elsewhere what is in the picture hides a grid.
    """
    best = (-np.inf,)
    for scene, versions in images.items():
        spread = _tiles(cv2.cvtColor(versions["hr"], cv2.COLOR_RGB2GRAY), side).std(axis=(1, 2, 4, 5))
        for label in versions.keys() - {"lr", "hr"}:
            more = pattern(versions[label], side) - pattern(versions["hr"], side)
            more = np.where(spread <= np.quantile(spread, 0.1), more, -np.inf)
            y, x = np.unravel_index(more.argmax(), more.shape)
            best = max(best, (more[y, x], scene, label, int(y) * side, int(x) * side))
    return best[1:]


def grid_artefact(images: Mapping, side: int = 32, title: str = ""):
    """The window with the strongest grid in every version, with an arrow to it and each version's strength.

    HR's mean colour is shown as grey, and differences to it `CONTRAST` times as large. `images` as for `crops`.
    """
    scene, worst, y, x = strongest(images, side)
    versions = {k: image[y : y + side, x : x + side] for k, image in images[scene].items() if k != "lr"}
    strengths = {label: pattern(image, side).item() for label, image in versions.items()}
    seen = strengths[worst] >= VISIBLE
    zoom = int(np.clip((PAGE / len(versions) - GAP) // side, 4, 6))
    cell = side * zoom
    fig = page(len(versions) * (cell + GAP) - GAP, cell + WORDS)
    for i, (label, image) in enumerate(versions.items()):
        raised = np.clip(127 + CONTRAST * (image - versions["hr"].mean((0, 1))), 0, 255).astype(np.uint8)
        words = f"{name(label)}\ngrid {strengths[label]:.1f} grey levels"
        ax = place(fig, raised, i * (cell + GAP), 0, zoom, words, bold=label == worst)
        if label == worst and seen:
            outline = [withStroke(linewidth=3, foreground="white")]
            line = {"arrowstyle": "-|>", "lw": 2, "path_effects": outline}
            options = {"fontsize": 11, "weight": "bold", "path_effects": outline, "arrowprops": line}
            ax.annotate("grid", (side / 2, side / 2), (3, 4), va="center", **options)
    first = "The grid artefact where it is strongest:" if seen else "No grid can be seen: at most"
    where = f"{strengths[worst]:.1f} grey levels in {name(worst)}'s {scene}, {strengths['hr']:.1f} in HR"
    words = title or f"{first} {where}; contrast ×{CONTRAST}"
    return headline(fig, words, f"One window of {scene} in {len(versions)} versions, with the strength of its grid")
