"""Pictures beside each other: scenes with a window, its crops at integer zoom, error maps, training patches."""

from collections import Counter
from collections.abc import Callable, Mapping

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from sr_utils import StudyError
from sr_utils.data.images import SCALE, upsample
from sr_utils.plots.style import DPI, GREY, INK, PAGE, headline, name

GAP, LINE = 8, 17  # pixels between pictures, and of a line of words
SMALL = 220  # pixels of a scene's side where there are several: photographs make a page heavy
BOX = "#EE7733"
ERRORS = 48  # grey levels of luma that get the error map's brightest colour


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


class Page:
    """A figure on which pictures are placed pixel by pixel, from the top left corner."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.fig = plt.figure(figsize=(width / DPI, height / DPI), dpi=DPI)

    def place(self, image, x: int, y: int, zoom: int = 1, words: str = "", bold: bool = False, **options):
        """uint8 (h, w, 3), or (h, w) with a colour map, each pixel `zoom` screen pixels wide; words below."""
        height, width = (n * zoom for n in image.shape[:2])
        bottom = self.height - y - height
        ax = self.fig.add_axes((x / self.width, bottom / self.height, width / self.width, height / self.height))
        ax.imshow(image, interpolation="nearest", aspect="auto", **options)
        ax.axis("off")
        self.write(words, x, y + height, bold)
        return ax

    def write(self, words: str, x: int, y: int, bold: bool = False, color: str = INK) -> None:
        """Lines of words from (x, y) down."""
        weight = "bold" if bold else "normal"
        self.fig.text(
            x / self.width, 1 - (y + 3) / self.height, words, fontsize=9, va="top", weight=weight, color=color
        )

    def scene(self, image, box, x: int, y: int, width: int, height: int, words: str, side: int) -> None:
        """A whole picture, scaled to fit, with the window at `box` framed."""
        scale = _fit(image, width, height)
        size = tuple(max(1, round(n * scale)) for n in image.shape[1::-1])
        scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        ax = self.place(scaled, x, y, 1, words, bold=True)
        top, left = box
        frame = ((left * scale - 0.5, top * scale - 0.5), side * scale, side * scale)
        ax.add_patch(Rectangle(*frame, fill=False, ec="white", lw=3.5))
        ax.add_patch(Rectangle(*frame, fill=False, ec=BOX, lw=2))


def _fit(image, width: int, height: int) -> float:
    """By how much a picture is scaled to fit, enlarged by a half at most."""
    return min(1.5, width / image.shape[1], height / image.shape[0])


def _panels(images: Mapping, y: int, x: int, side: int, psnr: Callable) -> list:
    """(label, crop, words, dB) of each picture; LR by nearest neighbour, HR last."""
    window = np.s_[y : y + side, x : x + side]
    hr = images["hr"][window]
    rows = []
    for label, image in images.items():
        if label == "hr":
            continue
        crop = (upsample(image, "nearest") if label == "lr" else image)[window]
        score = psnr(crop, hr)
        rows.append((label, crop, f"{name(label)}\n{score:.2f} dB", score))
    return [*rows, ("hr", hr, name("hr"), -np.inf)]


def _best(panels: Mapping) -> str:
    """Title: who scores best in most windows."""
    best = Counter(name(max(shown, key=lambda each: each[3])[0]) for shown in panels.values())
    (first, count), *_ = best.most_common()
    where = "this window" if len(panels) == 1 else f"{count} of {len(panels)} windows"
    return f"By PSNR, {first} comes nearest to HR in {where}"


def _said(images: Mapping, panels: Mapping) -> str:
    """Alt text: which pictures, and who scores best in each window."""
    best = (f"{scene}: {name(max(p, key=lambda each: each[3])[0])} best" for scene, p in panels.items())
    arms = ", ".join(name(label) for label in next(iter(images.values())))
    return f"Crops of {', '.join(images)}, each as {arms}. By the window's PSNR, {'; '.join(best)}."


def crops(images: Mapping, psnr: Callable, windows: Mapping = {}, side: int = 64, zoom: int = 3, title: str = ""):
    """Each scene with its window and, beside it, the window in every version; the best PSNR is bold.

    Parameters
    ----------
    images : name of a scene -> {label -> uint8 (H, W, 3)}, as `widgets.compare` takes it: "hr" and any arms; "lr", of
        a quarter of the size, is shown by nearest neighbour.
    psnr : `evaluation.psnr`, here of the windows.
    windows : scene -> (y, x); default: `clearest_window(lr, hr, side)`, for which "lr" must be there.
    side, zoom : of the window in HR pixels, and screen pixels per HR pixel; nothing is smoothed.
    """
    windows = {key: windows.get(key) or clearest_window(each["lr"], each["hr"], side) for key, each in images.items()}
    panels = {key: _panels(each, *windows[key], side, psnr) for key, each in images.items()}
    count = max(map(len, panels.values()))
    rows = -(-count // 4)
    columns, cell, foot = -(-count // rows), side * zoom, 2 * LINE + GAP
    block = rows * (cell + foot) + GAP
    room = PAGE - columns * (cell + GAP) - GAP, block - LINE - 3 * GAP  # for a scene
    room = room if len(images) == 1 else (min(SMALL, room[0]), min(SMALL, room[1]))
    left = 2 * GAP + max(int(_fit(each["hr"], *room) * each["hr"].shape[1]) for each in images.values())
    page = Page(left + columns * (cell + GAP) - GAP, block * len(images))
    for i, (key, shown) in enumerate(panels.items()):
        page.scene(images[key]["hr"], windows[key], 0, i * block, *room, key, side)
        best = max(score for *_, score in shown)
        for j, (_, crop, words, score) in enumerate(shown):
            row, column = divmod(j, columns)
            at = left + column * (cell + GAP), i * block + row * (cell + foot)
            page.place(crop, *at, zoom, words, bold=score == best)
    return headline(page.fig, title or _best(panels), _said(images, panels))


def error_maps(images: Mapping, psnr: Callable, windows: Mapping = {}, side: int = 64, zoom: int = 3, title: str = ""):
    """As `crops`, with an error map under each arm: the difference to HR's luma, in grey levels.

    The first column holds HR's window and the scene. The smallest mean error is bold.
    """
    windows = {key: windows.get(key) or clearest_window(each["lr"], each["hr"], side) for key, each in images.items()}
    arms = {key: {k: v for k, v in each.items() if k != "lr"} for key, each in images.items()}
    panels = {key: _panels(each, *windows[key], side, psnr) for key, each in arms.items()}
    cell, foot = side * zoom, 2 * LINE + GAP
    block = 2 * (cell + foot)
    width = max(map(len, panels.values())) * (cell + GAP)
    page = Page(width, block * len(images) + LINE + GAP)
    for i, (key, shown) in enumerate(panels.items()):
        *shown, (_, hr, _, _) = shown
        top, below = i * block, i * block + cell + foot
        page.place(hr, 0, top, zoom, name("hr"))
        page.scene(images[key]["hr"], windows[key], 0, below, cell, cell, key, side)
        maps = [cv2.absdiff(*(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (crop, hr))) for _, crop, *_ in shown]
        means, best = [m.mean() for m in maps], max(score for *_, score in shown)
        for j, (_, crop, words, score) in enumerate(shown, 1):
            page.place(crop, j * (cell + GAP), top, zoom, words, bold=score == best)
            page.place(
                maps[j - 1], j * (cell + GAP), below, zoom, f"mean error {means[j - 1]:.1f}",
                bold=means[j - 1] == min(means), cmap="viridis", vmin=0, vmax=ERRORS,
            )  # fmt: skip
    scale = np.tile(np.linspace(0, ERRORS, cell), (LINE - 4, 1))
    page.place(scale, cell + GAP, block * len(images), cmap="viridis", vmin=0, vmax=ERRORS)
    words = f"error of luma: 0 … {ERRORS} grey levels or more"
    page.write(words, 2 * (cell + GAP), block * len(images) - 4, color=GREY)
    return headline(page.fig, title or _best(panels), f"{_said(arms, panels)} Under each crop is its error map.")


def training_patches(lr, hr, title: str = ""):
    """Training pairs as a contact sheet: HR patches, each above its LR. uint8 (n, h, w, 3) and (n, 4h, 4w, 3)."""
    side, columns = hr.shape[1], 10
    zoom = max(1, 104 // side)
    cell, block = side * zoom + GAP, 2 * (side * zoom + GAP) + GAP
    rows = -(-len(hr) // columns)
    page = Page(60 + cell * min(columns, len(hr)), block * rows)
    for i, (low, high) in enumerate(zip(lr, hr, strict=True)):
        row, column = divmod(i, columns)
        x, y = 60 + column * cell, row * block
        page.place(high, x, y, zoom)
        page.place(low, x, y + cell, zoom * SCALE)
        if column == 0:
            page.write(f"HR\n{side}²", 4, y + cell // 2 - LINE)
            page.write(f"LR\n{side // SCALE}²", 4, y + cell + cell // 2 - LINE)
    words = (
        f"Each training pair: {side}×{side} pixels of HR, and the {side // SCALE}×{side // SCALE} that are left in LR"
    )
    return headline(page.fig, title or words, f"{len(hr)} square patches of photographs, each above its LR version.")
