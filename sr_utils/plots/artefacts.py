"""The grid artefact of sub-pixel up-sampling: sixteen filters that do not agree leave a pattern of period four."""

from collections.abc import Mapping

import cv2
import matplotlib.patheffects as effects
import numpy as np

from sr_utils.data.images import SCALE
from sr_utils.plots.pictures import GAP, LINE, Page
from sr_utils.plots.style import PAGE, headline, name

CONTRAST = 4  # by which a flat window is stretched, so that a grid of a grey level can be seen
#: Frequencies of a pattern of period four, in cycles per four pixels (x, y), without their mirror images.
FREQUENCIES = ((1, 0), (2, 0), (0, 1), (0, 2), (1, 1), (1, 2), (1, 3), (2, 1), (2, 2))


def pattern(image, side: int = 32) -> np.ndarray:
    """How strong a pattern of period four is in each side×side window: float (H, W), standard deviation in grey levels.

    The entry at (y, x) is of the window whose top left corner is there; windows that stick out are 0. `image` uint8
    (H, W, 3).
    """
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    y, x = np.mgrid[: luma.shape[0], : luma.shape[1]]
    power = np.zeros_like(luma)
    for along, down in FREQUENCIES:
        wave = luma * np.exp(-2j * np.pi * (along * x + down * y) / SCALE)
        parts = (cv2.boxFilter(part, -1, (side, side), anchor=(0, 0)) for part in (wave.real.copy(), wave.imag.copy()))
        alone = along % 2 == 0 and down % 2 == 0  # a wave that is its own mirror image
        power += sum(np.square(part) for part in parts) * (1 if alone else 2)
    power[luma.shape[0] - side + 1 :], power[:, luma.shape[1] - side + 1 :] = 0, 0
    return np.sqrt(power)


def strongest(images: Mapping, side: int = 32) -> tuple[str, str, int, int]:
    """(scene, label, y, x) of the window where an arm has most of a grid that HR has not.

    Only the flattest tenth of HR's windows counts: an edge has some of every frequency, and hides a grid.
    """
    best = (-np.inf,)
    for scene, versions in images.items():
        luma = cv2.cvtColor(versions["hr"], cv2.COLOR_RGB2GRAY).astype(np.float64)
        mean, square = (cv2.boxFilter(each, -1, (side, side), anchor=(0, 0)) for each in (luma, luma**2))
        variance, of_hr = square - mean**2, pattern(versions["hr"], side)
        flat = variance <= np.quantile(variance, 0.1)
        for label, image in versions.items():
            if label not in ("lr", "nearest", "hr"):
                more = np.where(flat, pattern(image, side) - of_hr, -np.inf)
                y, x = np.unravel_index(more.argmax(), more.shape)
                best = max(best, (more[y, x], scene, label, int(y), int(x)))
    return best[1:]


def grid_artefact(images: Mapping, side: int = 32, zoom: int = 6, title: str = ""):
    """The window with the strongest grid in every version, with an arrow to it and each version's strength.

    HR's mean colour is shown as grey, and differences to it `CONTRAST` times as large. `images` as for `crops`.
    """
    scene, worst, y, x = strongest(images, side)
    versions = {label: image for label, image in images[scene].items() if label != "lr"}
    window = np.s_[y : y + side, x : x + side]
    middle = versions["hr"][window].mean((0, 1))
    strengths = {label: pattern(image[window], side)[0, 0] for label, image in versions.items()}
    cell = side * zoom
    columns = min(len(versions), PAGE // (cell + GAP))
    block = cell + 2 * LINE + GAP
    page = Page(columns * (cell + GAP) - GAP, block * -(-len(versions) // columns))
    for i, (label, image) in enumerate(versions.items()):
        row, column = divmod(i, columns)
        words = f"{name(label)}\ngrid {strengths[label]:.1f} grey levels"
        raised = np.clip(127 + CONTRAST * (image[window] - middle), 0, 255).astype(np.uint8)
        ax = page.place(raised, column * (cell + GAP), row * block, zoom, words, bold=label == worst)
        if label == worst:
            outline = [effects.withStroke(linewidth=3, foreground="white")]
            ax.annotate(
                "grid", (side / 2, side / 2), (3, 4), ha="left", va="center", fontsize=11, weight="bold",
                path_effects=outline, arrowprops={"arrowstyle": "-|>", "lw": 2, "path_effects": outline},
            )  # fmt: skip
    words = title or (
        f"The grid artefact where it is strongest: {strengths[worst]:.1f} grey levels in {name(worst)}'s {scene}, "
        f"{strengths['hr']:.1f} in HR (contrast ×{CONTRAST})"
    )
    listed = ", ".join(f"{name(label)} {value:.1f}" for label, value in strengths.items())
    return headline(
        page.fig, words, f"One window of {scene} in {len(versions)} versions. Grid in grey levels: {listed}."
    )
