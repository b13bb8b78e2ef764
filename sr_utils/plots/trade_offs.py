"""What is won against what it costs: PSNR beside perceptual measures, and beside parameters and multiply–adds."""

import numpy as np
import pandas as pd

from sr_utils.claims.statistics import compare
from sr_utils.plots.charts import SHARPNESS
from sr_utils.plots.intervals import bars
from sr_utils.plots.style import GREY, axes, headline, legible, look, name

SIDES = ((1, 0), (0.7, 0.7), (0.7, -0.7), (-1, 0), (-0.7, 0.7), (-0.7, -0.7), (0, 1), (0, -1))
#: Places for a name around its point, in pixels: the first free one is taken.
PLACES = [(reach * x, reach * y) for reach in (9, 20, 34, 50, 70) for x, y in SIDES]


def label_points(ax) -> None:
    """What `ax.legend()` would list, beside each point, where it covers no line, point or other text.

    A name that is far from its point gets a thin line to it. Axes limits must be final.
    """
    ax.figure.draw_without_rendering()
    inside = ax.get_window_extent()
    taken = [artist.get_window_extent() for artist in (*ax.lines, *ax.texts)]
    taken += [bar.get_datalim(ax.transData).transformed(ax.transData) for bar in ax.collections]
    for point, text in zip(*ax.get_legend_handles_labels(), strict=True):
        options = {"color": legible(point.get_color()), "fontsize": 9, "textcoords": "offset pixels"}
        note = ax.annotate(text, point.get_xydata()[0], (0, 0), **options)
        boxes = [_moved(note, place) for place in PLACES]
        outside = [not all(inside.contains(*corner) for corner in box.corners()) for box in boxes]
        best = int(np.argmin([box.count_overlaps(taken) + 5 * out for box, out in zip(boxes, outside, strict=True)]))
        taken.append(_moved(note, PLACES[best]))
        if np.hypot(*PLACES[best]) > 30:
            line = {"arrowstyle": "-", "color": "#aaaaaa", "lw": 0.7, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", note.xy, PLACES[best], textcoords="offset pixels", arrowprops=line)


def _moved(note, place: tuple):
    """Move an annotation to one side of its point; the box that it then covers."""
    x, y = np.sign(place).astype(int)
    note.set(position=place, ha=("center", "left", "right")[x], va=("center", "bottom", "top")[y])
    return note.get_window_extent()


def better(ax, x: int, y: int) -> None:
    """The word "better" with an arrow into a corner of the axes; x and y are −1 or 1."""
    corner = {"xy": ((1 + 0.98 * x) / 2, (1 + 0.98 * y) / 2), "xycoords": "axes fraction"}
    text = {"xytext": (-52 * x, -26 * y), "textcoords": "offset points", "ha": "center", "va": "center"}
    ax.annotate("better", **corner, **text, color=GREY, arrowprops={"arrowstyle": "-|>", "color": "#888888"})


def planes(scores: pd.DataFrame, reference: str = "srcnn", title: str = ""):
    """The perception–distortion plane (Blau & Michaeli, 2018, arXiv:1711.06077): PSNR against sharpness and GMSD.

    `scores` as `evaluation.score_all` returns them. The bars are 95 % intervals of the difference to the reference.
    """
    psnr, sharpness, gmsd = (compare(scores, reference, metric) for metric in ("psnr", "sharpness", "gmsd"))
    panels = (("sharpness", sharpness, SHARPNESS, 1), ("gmsd", gmsd, "GMSD, distance to HR", -1))
    fig, pair = axes(440, columns=2)
    for ax, (metric, table, unit, good) in zip(pair, panels, strict=True):
        for label, x in psnr.iterrows():
            y, colour = table.loc[label], look(label)["color"]
            ax.plot(x.psnr, y[metric], ms=9, label=name(label), **look(label))
            if label != reference:
                ax.errorbar(x.psnr, y[metric], bars(y), bars(x), fmt="none", color=colour, elinewidth=1.2)
        ax.margins(0.15, 0.25)
        ax.set(xlabel="PSNR / dB", ylabel=unit)
        better(ax, 1, good)
        label_points(ax)
    words = title or (
        f"Highest PSNR: {name(psnr.psnr.idxmax())}. Sharpest: {name(sharpness.sharpness.idxmax())}. "
        f"Nearest to HR by GMSD: {name(gmsd.gmsd.idxmin())}."
    )
    return headline(fig, words, "PSNR against sharpness and against GMSD, two scatter plots")


def front(costs, values) -> list[int]:
    """Positions of the points that no other point beats in both, by rising cost (Pareto's front)."""
    order = np.lexsort((-np.asarray(values), np.asarray(costs)))
    best = np.maximum.accumulate(np.asarray(values)[order])
    return [int(i) for i in order[np.diff(best, prepend=-np.inf) > 0]]


def quality_against_cost(ours: pd.DataFrame, published: pd.DataFrame, shipped: pd.DataFrame | None = None,
                         title: str = ""):  # fmt: skip
    """PSNR against parameters and against multiply–adds per output pixel, with the front of each group.

    Filled marks are this study's arms, hollow ones published networks, stars the trained weights that come with it.

    Parameters
    ----------
    ours, shipped : indexed by arm, columns `parameters`, `macs`, and `Set5` or, where it was not scored, `psnr` (the
        mean over all images; then nothing published is shown).
    published : indexed by network, the same columns.
    """
    metric = "Set5" if "Set5" in ours else "psnr"
    if metric == "psnr":
        published, shipped = ours[:0], None
    shipped = ours[:0] if shipped is None else shipped
    star, ring = {"marker": "*", "ms": 15, "mec": "white"}, {"marker": "o", "ms": 7, "mfc": "white", "color": "#888888"}
    fig, panels = axes(560, columns=2, sharey=True)
    for ax, cost, unit in zip(
        panels, ("parameters", "macs"), ("parameters", "multiply–adds per output pixel"), strict=True
    ):
        theirs = published.dropna(subset=[cost, metric])
        for label, row in ours.iterrows():
            ax.plot(row[cost], row[metric], ms=8, label=name(label), **look(label))
        for label, row in shipped.iterrows():
            ax.plot(row[cost], row[metric], label=f"{name(label)}, shipped", **look(label) | star)
        for label, row in theirs.iterrows():
            ax.plot(row[cost], row[metric], label=f"{label}, published" if label == "SRCNN" else label, **ring)
        ax.set(xscale="log", xlabel=unit)
        ax.margins(0.1, 0.08)
        ax.xaxis.set_minor_formatter("")
        better(ax, -1, 1)
        label_points(ax)
        for group, colour in ((theirs, "#888888"), (ours, "#EE7733")):
            best = group.iloc[front(group[cost], group[metric])]
            ax.plot(best[cost], best[metric], color=colour, lw=6, alpha=0.2, zorder=0)
    panels[0].set_ylabel(f"PSNR on {metric if metric == 'Set5' else 'all images'} / dB")
    best, first = ours.loc[ours[metric].idxmax()], ours.loc["srcnn" if "srcnn" in ours.index else ours.index[0]]
    words = title or (
        f"{name(best.name)} is the best arm: {best[metric]:.2f} dB, {best[metric] - first[metric]:.2f} dB above "
        f"SRCNN, at {best.macs / first.macs:.2g} times its multiply–adds"
    )
    return headline(fig, words, "PSNR against parameters and against multiply–adds, two scatter plots")
