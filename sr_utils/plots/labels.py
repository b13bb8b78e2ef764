"""Names beside what they name: labels at the ends of curves and beside points, moved apart until none overlaps."""

import numpy as np
from scipy.optimize import isotonic_regression

from sr_utils.plots.style import DPI, legible

LINE = 15  # pixels from one label to the next
POINT = 72 / DPI  # of a pixel
CORNERS = [(x, y) for reach in (9, 20, 34, 50, 70) for x, y in reach * np.array(
    [(1, 0), (0.7, 0.7), (0.7, -0.7), (-1, 0), (-0.7, 0.7), (-0.7, -0.7), (0, 1), (0, -1)])]  # fmt: skip


def spread(positions, gap: float) -> np.ndarray:
    """Positions moved as little as possible (in squares) until neighbours are `gap` apart: float (n,)."""
    positions = np.asarray(positions, float)
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(len(positions))
    moved = np.empty_like(positions)
    moved[order] = isotonic_regression(positions[order] - steps).x + steps
    return moved


def at_ends(ax, ends) -> None:
    """Write (x, y, text, colour) at the right of each curve's last point. Axes limits must be final."""
    texts = [
        ax.annotate(text, (x, y), (10, 0), textcoords="offset points", va="center", color=legible(colour), fontsize=9.5)
        for x, y, text, colour in ends
    ]
    ax.figure.draw_without_rendering()  # the layout makes room for the labels
    pixels = ax.transData.transform([(x, y) for x, y, *_ in ends])[:, 1]
    for text, moved in zip(texts, spread(pixels, LINE) - pixels, strict=True):
        text.set_position((10, moved * POINT))


def at_points(ax, points, boxes=()) -> None:
    """Write (x, y, text, colour) beside each point, where it covers no other point, label, or box (x, y, x, y).

    Each label takes the first free of forty places around its point, in the order given; one that is far from its
    point gets a thin line to it. Axes limits must be final.
    """
    fig = ax.figure
    fig.draw_without_rendering()
    inside = ax.get_window_extent()
    marks = ax.transData.transform([(x, y) for x, y, *_ in points])
    taken = np.hstack([marks - 6, marks + 6])  # left, bottom, right, top
    if len(boxes):
        ends = ax.transData.transform(np.reshape(boxes, (-1, 2))).reshape(-1, 4)
        taken = np.vstack([taken, ends + np.array([-2, -2, 2, 2])])
    taken = np.vstack([taken, *([text.get_window_extent().extents] for text in ax.texts)])
    for (x, y, words, colour), mark in zip(points, marks, strict=False):
        text = ax.annotate(words, (x, y), (0, 0), textcoords="offset pixels", color=legible(colour), fontsize=9)
        extent = text.get_window_extent()
        width, height = extent.width, extent.height
        places = []
        for dx, dy in CORNERS:
            left = mark[0] + dx - (width if dx < 0 else width / 2 if dx == 0 else 0)
            bottom = mark[1] + dy - height / 2
            box = np.array([left, bottom, left + width, bottom + height])
            overlap = np.clip(np.minimum(taken[:, 2:], box[2:]) - np.maximum(taken[:, :2], box[:2]), 0, None).prod(1)
            outside = max(0, inside.x0 - box[0]) + max(0, box[2] - inside.x1)
            outside += max(0, inside.y0 - box[1]) + max(0, box[3] - inside.y1)
            places.append((overlap.sum() + 10 * height * outside, box, abs(dx) + abs(dy)))
        _, box, reach = min(places, key=lambda place: place[0])
        text.set_position(box[:2] - mark)
        taken = np.vstack([taken, box])
        if reach > 30:
            target = np.clip(mark, box[:2], box[2:])
            ends = ax.transData.inverted().transform([mark, target])
            ax.plot(*ends.T, color="#aaaaaa", lw=0.7, zorder=1)


def better(ax, x: int, y: int) -> None:
    """The word "better" with an arrow into a corner of the axes; x and y are −1 or 1."""
    corner = ((1 + 0.98 * x) / 2, (1 + 0.98 * y) / 2)
    ax.annotate(
        "better", corner, (-52 * x, -26 * y), xycoords="axes fraction", textcoords="offset points",
        ha="center", va="center", fontsize=9.5, color="#666666", arrowprops={"arrowstyle": "-|>", "color": "#888888"},
    )  # fmt: skip
