"""Estimates with their intervals, a row each: arms, the design of study 02, the way to the combined model."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sr_utils.claims.statistics import compare, signed
from sr_utils.plots.style import DPI, GREY, INK, PAGE, headline, legible, look, name

SIGNS = {1: "#0072B2", -1: "#D55E00", 0: "#888888"}  # of an interval above, below and around zero
ROW = 24  # pixels
#: Study 02's design: each placement without and with the bilinear global skip.
PAIRS = {
    "srcnn": "srcnn_skip",
    "pre_upsampling": "pre_skip",
    "progressive_upsampling": "progressive_skip",
    "iterative_upsampling": "iterative_skip",
    "post_upsampling": "post_skip",
}


def sign(low: float, high: float) -> int:
    """1 for an interval above zero, −1 for one below, 0 for one that holds it (or for none)."""
    return int(low > 0) - int(high < 0)


def rows_axes(heights, left: int, right: int, head: int = 0, width: int = PAGE):
    """A figure of panels one below the other, each `heights` pixels high, between margins of `left` and `right`."""
    gap, foot = 44, 46
    total = head + sum(heights) + gap * (len(heights) - 1) + foot
    fig = plt.figure(figsize=(width / DPI, total / DPI), dpi=DPI)
    panels, top = [], total - head
    for height in heights:
        top -= height
        panels.append(fig.add_axes((left / width, top / total, (width - left - right) / width, height / total)))
        top -= gap
    return fig, panels


def estimate(ax, y: float, effect: float, low: float, high: float, color: str, marker: str = "o", **options) -> None:
    """One mark with its interval; an interval of NaN is not drawn."""
    ax.plot([low, high], [y, y], color=color, lw=2, solid_capstyle="butt")
    ax.plot(effect, y, linestyle="none", **{"ms": 8, "color": color, "marker": marker, **options})


def named_rows(ax, names, bold=()) -> None:
    """Rows from the top down with their names at the left; those at the positions `bold` stand out."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    for place in bold:
        ax.get_yticklabels()[place].set_weight("bold")


def beside(ax, y: float, text: str, colour: str = INK, **options) -> None:
    """Text at the right of a row, outside the axes."""
    where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": 9}
    ax.annotate(text, (1, y), (8, 0), color=legible(colour), annotation_clip=False, **where, **options)


def effects(scores: pd.DataFrame, reference: str, metric: str = "psnr", unit: str = "PSNR difference / dB",
            title: str = ""):  # fmt: skip
    """Each arm's paired difference to the reference with its 95 % interval, largest first.

    `scores` as `evaluation.score_all` returns them. Blue: the interval is above zero; red: below; grey: it holds zero.
    """
    table = compare(scores, reference, metric).drop(index=reference).sort_values("difference", ascending=False)
    fig, (ax,) = rows_axes([ROW * len(table)], 240, 190, width=900)
    for y, row in enumerate(table.itertuples()):
        colour = SIGNS[sign(row.low, row.high)]
        estimate(ax, y, row.difference, row.low, row.high, colour)
        ends = "" if np.isnan(row.low) else f"  ({signed(row.low, '+.2f')} … {signed(row.high, '+.2f')})"
        beside(ax, y, signed(row.difference, "+.2f") + ends, colour)
    ax.axvline(0, color=INK, lw=1)
    ax.set_xlabel(f"{unit}, against {name(reference)}")
    named_rows(ax, [name(label) for label in table.index])
    up = [name(r.Index) for r in table.itertuples() if sign(r.low, r.high) > 0]
    said = f"{len(up)} of {len(table)} arms are above {name(reference)}; first is {name(table.index[0])}"
    listed = "; ".join(f"{name(r.Index)} {signed(r.difference, '+.2f')}" for r in table.itertuples())
    return headline(fig, title or said, f"{unit} to {name(reference)} with 95 % intervals: {listed}.")


def design(scores: pd.DataFrame, pairs: dict = PAIRS, reference: str = "srcnn", title: str = ""):
    """Placements × start, as one picture: left each arm against the reference, right what the skip adds to each place.

    `scores` as `evaluation.score_all` returns them, of every arm in `pairs` (placement without skip -> with it).
    Hollow marks are the arms without the bilinear global skip, filled ones those with it; bars are 95 % intervals.
    """
    arms = [arm for pair in pairs.items() for arm in pair]
    table = compare(scores[scores.arm.isin(arms)], reference)
    added = {plain: compare(scores[scores.arm.isin((plain, skip))], plain).loc[skip] for plain, skip in pairs.items()}
    fig, row = plt.subplots(
        1, 2, figsize=(PAGE / DPI, 3.9), layout="constrained", sharey=True, width_ratios=(1.5, 1)
    )  # fmt: skip
    for y, (plain, skip) in enumerate(pairs.items()):
        start, end, colour = table.loc[plain], table.loc[skip], look(plain)["color"]
        marker = look(plain)["marker"]
        ends = (start.difference, end.difference), (y + 0.13, y - 0.13)
        row[0].plot(*ends, color=colour, lw=6, alpha=0.2, solid_capstyle="round", zorder=0)
        estimate(row[0], y + 0.13, *_interval(start, plain == reference), colour, marker, mfc="white", ms=9, mew=1.8)
        estimate(row[0], y - 0.13, *_interval(end), colour, marker, ms=9)
        step = added[plain]
        estimate(row[1], y, *_interval(step), colour, marker, ms=9)
        row[1].annotate(
            f"{signed(step.difference, '+.2f')} dB",
            (np.fmax(step.difference, step.high), y),
            (8, 0),
            textcoords="offset points",
            va="center",
        )
    named_rows(row[0], [name(plain) for plain in pairs])
    for ax in row:
        ax.axvline(0, color=INK, lw=1)
        ax.grid(axis="y", visible=False)
    row[1].tick_params(axis="y", length=0)
    row[1].spines["left"].set_visible(False)
    row[0].set(xlabel=f"PSNR difference to {name(reference)} / dB", title="hollow: without skip, filled: with skip")
    row[1].set(xlabel="PSNR that the skip adds / dB", title="what the skip adds")
    row[1].margins(x=0.2)
    spans = [np.ptp(table.loc[list(group), "difference"]) for group in (pairs, pairs.values())]
    said = f"Without the skip the placements lie {spans[0]:.2f} dB apart, with it {spans[1]:.2f} dB"
    listed = "; ".join(
        f"{name(plain)} {signed(table.difference[plain], '+.2f')} without, "
        f"{signed(table.difference[skip], '+.2f')} with" for plain, skip in pairs.items()
    )  # fmt: skip
    return headline(fig, title or said, f"PSNR in dB against {name(reference)} for five placements: {listed}.")


def _interval(row, bare: bool = False):
    return (row.difference, np.nan, np.nan) if bare else (row.difference, row.low, row.high)


def stairs(table: pd.DataFrame, title: str = ""):
    """`record.ladder` as stairs: PSNR after each change, the change's gain with its interval, and the cost."""
    fig, (ax,) = rows_axes([58 * len(table)], 330, 330)
    for y, (label, step) in enumerate(table.iterrows()):
        before, cost = step.psnr - step.difference, f"{step.parameters:,.0f} parameters\n{step.macs:,.0f} multiply–adds"
        if y:
            colour = SIGNS[sign(step.low, step.high)]
            ax.plot([before, before], [y - 1, y], color="#888888", lw=1.2)
            ax.plot([before, step.psnr], [y, y], color=colour, lw=8, alpha=0.25, solid_capstyle="butt")
            ax.plot([before + step.low, before + step.high], [y, y], color=colour, lw=2)
            beside(ax, y, f"{signed(step.difference, '+.2f')} dB", colour, weight="bold")
        ax.plot(step.psnr, y, ms=9, **look(label))
        ax.annotate(
            cost, (1, y), (78, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            fontsize=9, color=GREY, annotation_clip=False,
        )  # fmt: skip
    ax.set_xlabel("PSNR, mean over all images / dB")
    named_rows(ax, [f"{textwrap.fill(step.change, 46)}\n→ {name(label)}" for label, step in table.iterrows()])
    steps = table.iloc[1:]
    most = steps.difference.idxmax()
    whole = table.psnr.iloc[-1] - table.psnr.iloc[0]
    said = f"{steps.change[most]} brings most, {signed(steps.difference[most], '+.2f')} dB; the whole way brings "
    said += f"{signed(whole, '+.2f')} dB"
    listed = "; ".join(f"{s.change}: {signed(s.difference, '+.2f')} dB" for _, s in steps.iterrows())
    return headline(fig, title or said, f"Stairs from {name(table.index[0])} to {name(table.index[-1])}: {listed}.")
