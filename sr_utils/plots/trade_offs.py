"""Points with their names beside them: PSNR against parameters and multiply–adds."""

import numpy as np
import pandas as pd

from sr_utils.models.arms import ARMS
from sr_utils.plots.style import GREY, axes, headline, legible, look, name, styled

#: Where a label can stand beside its point: sides, and pixels between the two. The first free place is taken.
SIDES = np.array([(1, 0), (1, 0.8), (1, -0.8), (-1, 0), (-1, 0.8), (-1, -0.8), (0, 1), (0, -1)])
GAPS = (8, 16, 28, 42, 60)
RING = {"marker": "o", "ms": 7, "mfc": "white", "color": "#888888", "ls": "none"}  # published networks


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


def front(table: pd.DataFrame, cost: str, value: str) -> pd.DataFrame:
    """The rows that no other row beats in both cost and value, by rising cost (Pareto's front)."""
    ordered = table.sort_values([cost, value], ascending=[True, False])
    return ordered[~(ordered[value] <= ordered[value].cummax().shift())]


@styled()
def quality_against_cost(ours: pd.DataFrame, published: pd.DataFrame, shipped: pd.DataFrame):
    """PSNR against parameters and against multiply–adds per output pixel, with the front of each group.

    Filled marks are this study's arms, stars the trained weights that come with it, hollow marks published networks.
    Every table has the columns `parameters`, `macs`, and `Set5` in dB. Where `ours` has no `Set5`, its `psnr` (the mean
    over all images) is shown, and nothing else. An arm more than 1 dB below SRCNN is named, and not drawn. Of arms that
    differ only in their loss, so that they cost alike, MSE's is shown, and the best of all arms.
    """
    metric = "Set5" if "Set5" in ours else "psnr"
    if metric == "psnr":
        published = shipped = ours[:0]
    published = published.rename(index={"SRCNN": "SRCNN, published"})
    best, first = ours.loc[ours[metric].idxmax()], ours.loc["srcnn"]
    ours = ours[[label == best.name or ARMS[label].loss == "mse" for label in ours.index]]
    far = ours[metric] < first[metric] - 1
    fig, panels = axes(640, columns=2, sharey=True)
    units = {"parameters": "parameters", "macs": "multiply–adds per output pixel"}
    for ax, (cost, unit) in zip(panels, units.items(), strict=True):
        for label, row in ours[~far].iterrows():
            ax.plot(row[cost], row[metric], label=name(label), **look(label))
        for label, row in shipped.iterrows():
            star = look(label) | {"marker": "*", "ms": 15, "mec": "white"}
            ax.plot(row[cost], row[metric], label=f"{name(label)}, shipped", **star)
        for label, row in published.dropna(subset=[cost, metric]).iterrows():
            ax.plot(row[cost], row[metric], label=label, **RING)
        ax.set(xscale="log", xlabel=unit)
        ax.margins(0.1, 0.08)
        ax.xaxis.set_minor_formatter("")
        better(ax, 0.01, 0.99)
        label_points(ax)
        for group, colour in ((published.dropna(subset=[cost]), RING["color"]), (ours[~far], "#EE7733")):
            ax.plot(cost, metric, data=front(group, cost, metric), color=colour, lw=6, alpha=0.2, zorder=0)
    if far.any():
        below = f"not drawn, more than 1 dB below SRCNN: {'; '.join(map(name, ours.index[far]))}"
        panels[1].annotate(below, (1, 0), (0, 6), "axes fraction", "offset points", ha="right", color=GREY)
    panels[0].set_ylabel(f"PSNR on {metric if metric == 'Set5' else 'all images'} / dB")
    title = f"{name(best.name)} is the best arm: {best[metric]:.2f} dB, {best[metric] - first[metric]:.2f} dB above "
    title += f"SRCNN, at {best.macs / first.macs:.2g} times its multiply–adds"
    return headline(fig, title, "PSNR against parameters and against multiply–adds, two scatter plots")
