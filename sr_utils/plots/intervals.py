"""Estimates with their intervals, one a row: arms, the steps to the combined model, claims."""

import textwrap

import numpy as np
import pandas as pd

from sr_utils.claims import phrases
from sr_utils.claims.statistics import differences, paired, signed
from sr_utils.plots.charts import BAND
from sr_utils.plots.style import GREY, INK, PAGE, axes, headline, legible, look, name, styled

SIDES = {1: "#0072B2", -1: "#D55E00", 0: "#888888"}  # colours of an interval above, below and around zero
COLLAPSED = 1  # dB between two seeds of an arm: their mean would be of no network
#: Colour (Okabe & Ito's) and marker of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o"),
    "does not hold": ("#D55E00", "X"),
    "undecided": ("#888888", "s"),
    "no verdict": ("#666666", "D"),
    "not testable here": ("#bbbbbb", ""),
}


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


def panels(parts: list[pd.DataFrame], pitch: int, width: int):
    """A figure with one axes for each table, each of its rows `pitch` pixels high, and the list of axes."""
    heights = [pitch * len(part) for part in parts] or [pitch]
    return axes(sum(heights) + 44 * len(heights), rows=len(heights), height_ratios=heights, width=width)


@styled()
def effects(scores: pd.DataFrame, reference: str):
    """Each arm's paired PSNR difference to the reference with its 95 % interval, largest first; seeds as small marks.

    `scores` as `evaluation.score_all` returns them. Blue: the interval is above zero; red: below; grey: around it.
    An arm of which some seeds collapsed has its seeds alone. What reaches much further has an axis of its own.
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
    fig, column = panels(parts, pitch=24, width=900)
    for ax, part in zip(column, parts, strict=True):
        estimates(ax, part, [*map(name, part.index)])
    column[-1].set_xlabel(f"PSNR difference / dB, against {name(reference)} (small marks: seeds)")
    title = f"Clearly above {name(reference)}: {sides.count(1)} of {len(table)} arms; clearly below: {sides.count(-1)}"
    return headline(fig, title, f"PSNR difference of each arm to {name(reference)} with its 95 % interval")


@styled()
def stairs(table: pd.DataFrame):
    """`record.ladder` as stairs: PSNR after each change, the change's gain with its interval, and the cost."""
    before = table.psnr - table.difference
    gains = [f"{signed(gain, '+.2f')} dB" for gain in table.difference]
    rows = table.assign(x=table.psnr, low=before + table.low, high=before + table.high, text=["", *gains[1:]])
    rows["color"] = [SIDES[phrases.direction(step)] for step in table.itertuples()]
    rows["marker"] = [look(label)["marker"] for label in table.index]
    fig, (ax,) = axes(58 * len(table) + 50)
    for y, (row, start) in enumerate(zip(rows.itertuples(), before, strict=True)):
        ax.plot([start, start], [max(y - 1, 0), y], color="#888888", lw=1.2)
        ax.plot([start, row.x], [y, y], color=row.color, lw=8, alpha=0.25, solid_capstyle="butt")
        beside(ax, y, f"{row.parameters:,.0f} parameters\n{row.macs:,.0f} multiply–adds", GREY, gap=78)
    names = [f"{textwrap.fill(row.change, 46)}\n→ {name(row.Index)}" for row in table.itertuples()]
    estimates(ax, rows, names, zero=None)
    ax.set_xlabel("PSNR, mean over all images / dB")
    most, whole = table.loc[table.difference[1:].idxmax()], table.psnr.iloc[-1] - table.psnr.iloc[0]
    title = f"{most.change} brings most, {signed(most.difference, '+.2f')} dB; "
    title += f"the whole way brings {signed(whole, '+.2f')} dB"
    return headline(fig, title, f"Stairs of PSNR from {name(table.index[0])} to {name(table.index[-1])}")


@styled()
def forest(table: pd.DataFrame):
    """Claims with their intervals, by study; a panel for each unit and order of size, primary rows first and bold.

    `table` is `claims.judge`'s, or some rows of it. The claim's side is shaded: an interval within it, corrected where
    several claims are judged, holds. A claim of several parts shows the weakest.
    """
    shown = by_study(table.dropna(subset=["effect", "low", "high"])).assign(x=lambda rows: rows.effect)
    for end in ("low", "high"):
        shown[end] = shown[f"corrected_{end}"].fillna(shown[end])
    shown["color"], shown["marker"] = (shown.verdict.map({v: each[i] for v, each in VERDICTS.items()}) for i in (0, 1))
    shown["text"] = [
        f"{phrases.measured(row)}  {row.verdict}".removesuffix("  no verdict") for row in shown.itertuples()
    ]
    parts = [part for _, unit in shown.groupby(["study", "unit"], sort=False) for part in scales(unit)]
    parts.sort(key=lambda part: (part.study.iloc[0], part.family.min()))  # "primary" comes before "secondary"
    fig, column = panels(parts, pitch=34, width=PAGE)  # a row has two lines of words
    studies = [part.study.iloc[0] for part in parts]
    for i, (ax, part) in enumerate(zip(column, parts, strict=False)):
        estimates(ax, part, [_claim(row) for row in part.itertuples()], zero=None)
        ax.update_datalim([(end, 0) for end in (*part.null - part.margin, *part.null + part.margin)])
        ax.autoscale_view(scaley=False)
        least, most = ax.get_xlim()
        for y, row in enumerate(part.itertuples()):
            sides = {"more": (row.null, most), "less": (least, row.null), "same": (-row.margin, row.margin)}
            ax.fill_betweenx([y - 0.5, y + 0.5], *sides[row.expect], color=BAND, lw=0, zorder=0)
            ax.plot([row.null] * 2, [y - 0.5, y + 0.5], color=INK, lw=1)
            ax.get_yticklabels()[y].set_weight("bold" if row.family == "primary" else "normal")
        ax.set_xlim(least, most)
        if studies[i] not in studies[:i]:
            place = {"xycoords": ("figure pixels", "axes fraction"), "textcoords": "offset points", "weight": "bold"}
            ax.annotate(f"Study {studies[i]:02d}", (0, 1), (0, 6), annotation_clip=False, **place)
    counts = table[table.family == "primary"].verdict.value_counts()
    counted = ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS if verdict in counts)
    title = f"The original's claims: {counted}" if counted else f"{len(shown)} effects with their intervals"
    return headline(fig, title, f"{len(shown)} effects with 95 % intervals, by study, the claim's side shaded")


def by_study(table: pd.DataFrame) -> pd.DataFrame:
    """`claims.judge`'s table in the order of studies, primary rows first."""
    return table.iloc[np.lexsort((table.family != "primary", table.study))]


def _claim(row) -> str:
    shown = f" ({row.binding} shown)" if row.binding else ""
    return textwrap.fill(f"{row.Index}  {row.original or row.claim}{shown}", 62 if row.family == "primary" else 76)
