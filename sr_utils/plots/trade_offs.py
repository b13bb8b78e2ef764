"""Points with their names beside them, and which way is better."""

import numpy as np

from sr_utils.plots.style import GREY, legible

#: Where a label can stand beside its point: sides, and pixels between the two. The first free place is taken.
SIDES = np.array([(1, 0), (1, 0.8), (1, -0.8), (-1, 0), (-1, 0.8), (-1, -0.8), (0, 1), (0, -1)])
GAPS = (8, 16, 28, 42, 60)


def label_points(ax) -> None:
    """Write each point's label beside it, where it covers least; one further away gets a thin line to its point.

    Axes limits must be final.
    """
    ax.figure.draw_without_rendering()
    taken = [artist.get_window_extent().extents for artist in (*ax.lines, *ax.texts)]
    taken += [bar.get_datalim(ax.transData).transformed(ax.transData).padded(2).extents for bar in ax.collections]
    place = {"textcoords": "offset pixels", "ha": "center", "va": "center_baseline"}
    line = {"arrowstyle": "-", "color": "#aaaaaa", "lw": 0.7, "shrinkA": 0, "shrinkB": 6}
    for point, text in zip(*ax.get_legend_handles_labels(), strict=True):
        note = ax.annotate(text, point.get_xydata()[0], (0, 0), color=legible(point.get_color()), **place)
        box = note.get_window_extent()
        moves = np.concatenate([SIDES * (box.size / 2 + gap) for gap in GAPS])
        boxes = box.extents + np.tile(moves, 2)
        inside = overlap(boxes, [ax.bbox.extents])
        best = np.argmin(np.round(overlap(boxes, taken) - 10 * inside))
        note.set_position(moves[best])
        taken.append(boxes[best])
        if best >= 2 * len(SIDES):
            ax.annotate("", note.xy, moves[best], textcoords="offset pixels", arrowprops=line)


def overlap(boxes, others) -> np.ndarray:
    """By how many pixels the others cover each box: (n, 4) and (m, 4) as left, bottom, right, top -> (n,)."""
    boxes, others = np.asarray(boxes)[:, None], np.asarray(others)
    sides = np.minimum(boxes[..., 2:], others[:, 2:]) - np.maximum(boxes[..., :2], others[:, :2])
    return np.prod(np.maximum(sides, 0), axis=-1).sum(axis=1)


def better(ax, x: float, y: float, where: str = "axes fraction") -> None:
    """The word "better" with an arrow to (x, y), from the middle of the axes."""
    text = {"xytext": (-52 if x > 0.5 else 52, 26 if y < 0.5 else -26), "textcoords": "offset points"}
    place = {"xycoords": ("axes fraction", where), "ha": "center", "va": "center", "color": GREY}
    ax.annotate("better", (x, y), **text, **place, arrowprops={"arrowstyle": "-|>", "color": "#888888"})
