"""Estimates with their intervals, a row each: arms, study 02's design, the way to the combined model."""

import textwrap

import numpy as np
import pandas as pd

from sr_utils.claims.statistics import compare, signed
from sr_utils.plots.style import GREY, INK, axes, headline, legible, look, name

SIGNS = {1: "#0072B2", -1: "#D55E00", 0: "#888888"}  # of an interval above, below and around zero
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


def bars(row) -> list:
    """The interval of a row of `compare`'s table as `Axes.errorbar` takes it; nothing is drawn for NaN."""
    return [[row.difference - row.low], [row.high - row.difference]]


def estimate(ax, y: float, effect: float, bars: list, color: str, text: str = "", marker: str = "o", **options):
    """One mark with its interval in a row, and text at the right of the axes."""
    options = {"ms": 8, "elinewidth": 2, "color": color, "marker": marker} | options
    ax.errorbar(effect, y, xerr=bars, ls="none", **options)
    beside(ax, y, text, color)


def beside(ax, y: float, text: str, color: str, gap: int = 8, **options) -> None:
    """Text at the right of a row, outside the axes."""
    where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": 9}
    ax.annotate(text, (1, y), (gap, 0), color=legible(color), annotation_clip=False, **where, **options)


def named_rows(ax, names, bold=()) -> None:
    """Rows from the top down with their names at the left; those at the positions `bold` stand out."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    for place in bold:
        ax.get_yticklabels()[place].set_weight("bold")


def effects(scores: pd.DataFrame, reference: str, metric: str = "psnr", unit: str = "PSNR difference / dB",
            title: str = ""):  # fmt: skip
    """Each arm's paired difference to the reference with its 95 % interval, largest first.

    `scores` as `evaluation.score_all` returns them. Blue: the interval is above zero; red: below; grey: it holds zero.
    """
    table = compare(scores, reference, metric).drop(index=reference).sort_values("difference", ascending=False)
    fig, (ax,) = axes(24 * len(table) + 50, width=900)
    above = [sign(row.low, row.high) for row in table.itertuples()]
    for y, row in enumerate(table.itertuples()):
        ends = "" if np.isnan(row.low) else f"  ({signed(row.low, '+.2f')} … {signed(row.high, '+.2f')})"
        estimate(ax, y, row.difference, bars(row), SIGNS[above[y]], signed(row.difference, "+.2f") + ends)
    ax.axvline(0, color=INK, lw=1)
    ax.set_xlabel(f"{unit}, against {name(reference)}")
    named_rows(ax, [name(label) for label in table.index])
    said = f"{above.count(1)} of {len(table)} arms are above {name(reference)}; first is {name(table.index[0])}"
    return headline(fig, title or said, f"{unit} of each arm to {name(reference)} with its 95 % interval")


def design(scores: pd.DataFrame, pairs: dict = PAIRS, reference: str = "srcnn", title: str = ""):
    """Placements × start, as one picture: left each arm against the reference, right what the skip adds to each place.

    `scores` as `evaluation.score_all` returns them, of every arm in `pairs` (placement without skip -> with it).
    Hollow marks are the arms without the bilinear global skip, filled ones those with it; bars are 95 % intervals.
    """
    table = compare(scores[scores.arm.isin([*pairs, *pairs.values()])], reference)
    fig, (left, right) = axes(390, columns=2, sharey=True, width_ratios=(1.5, 1))
    for y, (plain, skip) in enumerate(pairs.items()):
        start, end = table.loc[plain], table.loc[skip]
        step = compare(scores[scores.arm.isin((plain, skip))], plain).loc[skip]
        style = {"color": look(plain)["color"], "marker": look(plain)["marker"], "ms": 9}
        link = {"color": style["color"], "lw": 6, "alpha": 0.2, "solid_capstyle": "round", "zorder": 0}
        left.plot((start.difference, end.difference), (y + 0.13, y - 0.13), **link)
        estimate(left, y + 0.13, start.difference, bars(start), **style, mfc="white", mew=1.8)
        estimate(left, y - 0.13, end.difference, bars(end), **style)
        estimate(right, y, step.difference, bars(step), text=f"{signed(step.difference, '+.2f')} dB", **style)
    for ax in (left, right):
        named_rows(ax, [name(plain) for plain in pairs])
        ax.axvline(0, color=INK, lw=1)
    left.set(xlabel=f"PSNR difference to {name(reference)} / dB", title="hollow: without skip, filled: with skip")
    right.set(xlabel="PSNR that the skip adds / dB", title="what the skip adds")
    without, with_skip = (np.ptp(table.difference[list(group)]) for group in (pairs, pairs.values()))
    said = f"Without the skip the placements lie {without:.2f} dB apart, with it {with_skip:.2f} dB"
    return headline(fig, title or said, f"PSNR against {name(reference)} for {len(pairs)} placements, with intervals")


def stairs(table: pd.DataFrame, title: str = ""):
    """`record.ladder` as stairs: PSNR after each change, the change's gain with its interval, and the cost."""
    fig, (ax,) = axes(58 * len(table) + 50)
    for y, (label, step) in enumerate(table.iterrows()):
        before, mark = step.psnr - step.difference, {"ms": 9, "mfc": look(label)["color"], "mec": look(label)["color"]}
        colour, gain = SIGNS[sign(step.low, step.high)], f"{signed(step.difference, '+.2f')} dB" if y else ""
        ax.plot([before, before], [y - 1, y], color="#888888", lw=1.2 * (y > 0))
        ax.plot([before, step.psnr], [y, y], color=colour, lw=8, alpha=0.25, solid_capstyle="butt")
        estimate(ax, y, step.psnr, bars(step), colour, gain, look(label)["marker"], **mark)
        cost = f"{step.parameters:,.0f} parameters\n{step.macs:,.0f} multiply–adds"
        beside(ax, y, cost, GREY, gap=78)
    ax.set_xlabel("PSNR, mean over all images / dB")
    named_rows(ax, [f"{textwrap.fill(step.change, 46)}\n→ {name(label)}" for label, step in table.iterrows()])
    most, whole = table.loc[table.difference[1:].idxmax()], table.psnr.iloc[-1] - table.psnr.iloc[0]
    said = f"{most.change} brings most, {signed(most.difference, '+.2f')} dB; the whole way brings "
    said += f"{signed(whole, '+.2f')} dB"
    return headline(fig, title or said, f"Stairs of PSNR from {name(table.index[0])} to {name(table.index[-1])}")
