"""Estimates with their intervals, one a row."""

import textwrap

import numpy as np
import pandas as pd

from sr_utils.claims import phrases
from sr_utils.claims.statistics import differences, paired, signed
from sr_utils.plots.style import INK, PHONE, axes, headline, legible, name, styled

SIDES = {1: "#0072B2", -1: "#D55E00", 0: "#888888"}  # colours of an interval above, below and around zero
WORDS = {1: "clearly better", -1: "clearly worse"}
COLLAPSED = 1  # dB between two seeds of an arm: their mean would be of no network


def estimates(ax, table: pd.DataFrame, names, shift: float = 0, zero: float | None = 0, **style) -> None:
    """A named row for each line of the table, from the top down: its mark, its interval, and a text at the right.

    Columns: `x`, `low`, `high`, `color`, `marker`, `text`, and maybe `small`, lists of small marks that stand below.
    `shift` moves marks down, in rows. What is NaN is not drawn. A vertical line stands at `zero`.
    """
    for y, row in enumerate(table.itertuples()):
        options = {"color": row.color, "marker": row.marker, "ls": "none", "elinewidth": 2} | style
        ax.errorbar(row.x, y + shift, xerr=[[row.x - row.low], [row.high - row.x]], **options)
        small = getattr(row, "small", [])
        ax.plot(small, [y + 0.3] * len(small), "|", ms=5, color=legible(row.color))
        beside(ax, y, row.text, row.color)
    if zero is not None:
        ax.axvline(zero, color=INK, lw=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=6)


def beside(ax, y: float, text: str, color: str, gap: int = 8) -> None:
    """A text at the right of a row, outside the axes."""
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (1, y), (gap, 0), color=legible(color), annotation_clip=False, **place)


def scales(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows, without those that reach more than five times as far as the median row; and those."""
    reach = table[["x", "low", "high"]].abs().max(axis=1)
    return [rows for _, rows in table.groupby(reach > 5 * reach.quantile(interpolation="lower"))]


def panels(parts: list[pd.DataFrame], pitch: int, width: int, gap: int = 44):
    """A figure with one axes for each table, its rows `pitch` pixels high and `gap` below, and the list of axes."""
    heights = [pitch * len(part) for part in parts] or [pitch]
    return axes(sum(heights) + gap * len(heights), rows=len(heights), height_ratios=heights, width=width)


@styled()
def effects(scores: pd.DataFrame, reference: str, phone: bool = False):
    """Each arm's paired PSNR difference to the reference with its 95 % interval, largest first; seeds as small marks.

    `scores` as `evaluation.score_all` returns them. Blue: the interval is above zero; red: below; grey: around it.
    An arm of which some seeds collapsed has its seeds alone. What reaches much further has an axis of its own. `phone`:
    for a narrow screen.
    """
    table = differences(scores, reference).drop(index=reference).sort_values("difference", ascending=False)
    sides = [phrases.direction(row) for row in table.itertuples()]
    table["small"] = [paired(scores, arm, reference).mean(axis=1).tolist() for arm in table.index]
    least, most = table.small.map(min), table.small.map(max)
    written = table[["difference", "low", "high"]].map(signed, spec="+.2f").itertuples(index=False)
    table["text"] = ["{}  ({} … {})".format(*row).removesuffix("  (+nan … +nan)") for row in written]
    table = table.assign(x=table.difference, color=[SIDES[side] for side in sides], marker="o")
    for arm in table.index[most - least > COLLAPSED]:
        text = f"seeds from {signed(least[arm], '+.2f')} to {signed(most[arm], '+.2f')}"
        table.loc[arm, ["x", "low", "high"]] = np.nan, least[arm], most[arm]
        table.loc[arm, ["color", "text"]] = SIDES[0], text
    parts = scales(table)
    fig, column = panels(parts, pitch=34 if phone else 24, width=PHONE if phone else 900)
    for ax, part in zip(column, parts, strict=True):
        rows = part.assign(text=part.text.str.replace("  ", "\n")) if phone else part
        estimates(ax, rows, [textwrap.fill(name(arm), 16 if phone else 60) for arm in part.index], ms=5)
        ax.locator_params(axis="x", nbins=3 if phone else 6)
    column[-1].set_xlabel(f"PSNR difference / dB, against {name(reference)}")
    groups = {words: table.index[table.color == SIDES[side]] for side, words in WORDS.items()}
    groups["with collapsed seeds"] = table.index[most - least > COLLAPSED]
    listed = [
        f"{words}: {', '.join(map(name, arms)) if len(arms) < 4 else f'{len(arms)} of {len(table)}'}"
        for words, arms in groups.items() if len(arms)
    ]  # fmt: skip
    title = f"Against {name(reference)}, {'; '.join(listed) or 'no arm is clearly better or worse'}"
    key = "Bars: 95 % intervals; blue is better, orange is worse, grey is not clear. Small marks: seeds."
    return headline(fig, title, f"PSNR difference of each arm to {name(reference)} with its 95 % interval", key)
