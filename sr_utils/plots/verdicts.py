"""The claims as figures: every effect with its interval, and the verdicts of several runs side by side."""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from sr_utils.claims import words
from sr_utils.plots.intervals import beside, estimate, named_rows, rows_axes
from sr_utils.plots.style import DPI, INK, PAGE, headline, legible

CLAIM = 34  # pixels: the height of a row with two lines of words
#: Colour (Okabe & Ito's), marker and sign of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o", "✓"),
    "does not hold": ("#D55E00", "X", "✗"),
    "undecided": ("#888888", "s", "?"),
    "no verdict": ("#666666", "D", "·"),
    "not testable here": ("#bbbbbb", "", "–"),
}


def scales(table: pd.DataFrame, ratio: float = 5) -> list[pd.DataFrame]:
    """Rows split so that on one axis no interval reaches more than `ratio` times as far as the next smaller one."""
    reach = table[["effect", "low", "high"]].abs().max(axis=1).sort_values()
    cuts = np.flatnonzero(reach.to_numpy()[1:] > ratio * reach.to_numpy()[:-1]) + 1
    return [table[table.index.isin(ids)] for ids in np.split(reach.index.to_numpy(), cuts)]


def forest(table: pd.DataFrame, title: str = ""):
    """Claims with their intervals, by study; a panel for each unit and order of size, primary rows first and bold.

    `table` is `claims.judge`'s, or some rows of it. Colour, mark and words say the verdict; the short line is what an
    effect is compared with, the grey band a margin of equivalence. An intersection shows its weakest part.
    """
    shown = table[table[["effect", "low", "high"]].notna().all(axis=1)]
    shown = shown.assign(second=shown.family != "primary").sort_values(["study", "second"], kind="stable")
    panels = [
        part
        for _, study in shown.groupby("study", sort=True)
        for _, unit in study.groupby("unit", sort=False)
        for part in scales(unit)
    ]
    panels.sort(key=lambda part: (part.study.iloc[0], part.second.min()))
    left, right = 520, 390
    fig, axes = rows_axes([CLAIM * len(part) for part in panels], left, right, head=30)
    before = None
    for ax, part in zip(axes, panels, strict=True):
        for y, row in enumerate(part.itertuples()):
            colour, marker, _ = VERDICTS[row.verdict]
            if row.margin > 0:
                ax.add_patch(Rectangle((-row.margin, y - 0.5), 2 * row.margin, 1, color="#ececec", lw=0, zorder=0))
            ax.plot([row.null] * 2, [y - 0.5, y + 0.5], color=INK, lw=1)
            estimate(ax, y, row.effect, row.low, row.high, colour, marker)
            verdict = "" if row.verdict == "no verdict" else f"  {row.verdict}"
            beside(ax, y, words.measured(row) + verdict, colour)
        named_rows(ax, [_claim(row) for row in part.itertuples()], np.flatnonzero(~part.second))
        if part.study.iloc[0] != before:
            before = part.study.iloc[0]
            ax.set_title(f"Study {before:02d}", x=-left / (PAGE - left - right), ha="left")
    counts = table[table.family == "primary"].verdict.value_counts()
    counted = ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS if verdict in counts)
    title = title or (f"The original's claims: {counted}" if counted else f"{len(shown)} effects with their intervals")
    return headline(
        fig, title, f"{len(shown)} effects with 95 % intervals, by study. Primary claims: {counted or 'not judged'}."
    )  # fmt: skip


def _claim(row) -> str:
    shown = f" ({row.binding} shown)" if row.binding else ""
    return textwrap.fill(f"{row.Index}  {row.original or row.claim}{shown}", 76 if row.second else 62)


def verdict_table(tables: dict[str, pd.DataFrame], title: str = ""):
    """Primary claims × runs of the study: verdict, effect and interval in each cell, coloured by verdict.

    `tables` maps a column's heading to what `claims.judge` returned for that run; rows are the last one's.
    """
    newest = list(tables.values())[-1]
    rows = newest[newest.family == "primary"]
    left, height = 480, 36
    width = (PAGE - left) / len(tables)
    fig = plt.figure(figsize=(PAGE / DPI, height * (len(rows) + 1) / DPI), dpi=DPI)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, PAGE), ylim=(height * (len(rows) + 1), 0))
    ax.axis("off")
    verdicts = {}
    for y, row in enumerate(rows.itertuples()):
        middle = height * (y + 1.5)
        ax.text(left - 10, middle, textwrap.fill(f"{row.Index}  {row.original}", 68), ha="right", va="center")
        for column, table in enumerate(tables.values()):
            x, known = left + width * column, row.Index in table.index
            cell = next(table.loc[[row.Index]].itertuples()) if known else None
            verdict = cell.verdict if known else "not testable here"
            colour, _, mark = VERDICTS[verdict]
            verdicts.setdefault(row.Index, []).append(verdict)
            ax.add_patch(Rectangle((x, middle - 16), width - 8, 32, fc=colour, alpha=0.18, lw=0))
            text = (
                f"{mark}  {verdict}\n    {words.measured(cell)}"
                if known and words.effect(cell)
                else f"{mark}  {verdict}"
            )
            ax.text(x + 8, middle, text, va="center", fontsize=9, color=legible(colour), linespacing=1.1)
    for column, heading in enumerate(tables):
        ax.text(left + width * column, 0.5 * height, heading, va="center", weight="bold")
    tested = [each for each in verdicts.values() if not {"no verdict", "not testable here"} & set(each)]
    stay = sum(len(set(each)) == 1 for each in tested)
    said = f"{stay} of the {len(tested)} primary claims that every run can judge keep their verdict"
    title = title or (said if tested else "The primary claims, run by run")
    return headline(fig, title, f"Table of {len(rows)} primary claims in {len(tables)} runs. {said}.")
