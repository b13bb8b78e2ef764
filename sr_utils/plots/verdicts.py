"""The claims as figures: every effect with its interval, and the verdicts of several runs side by side."""

import textwrap

import numpy as np
import pandas as pd

from sr_utils.claims import words
from sr_utils.plots.intervals import estimate, named_rows
from sr_utils.plots.style import INK, PAD, axes, headline, legible

#: Colour (Okabe & Ito's), marker and sign of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o", "✓"),
    "does not hold": ("#D55E00", "X", "✗"),
    "undecided": ("#888888", "s", "?"),
    "no verdict": ("#666666", "D", "·"),
    "not testable here": ("#bbbbbb", "", "–"),
}


def by_study(table: pd.DataFrame) -> pd.DataFrame:
    """`claims.judge`'s table in the order of studies, primary rows first."""
    return table.iloc[np.lexsort((table.family != "primary", table.study))]


def scales(table: pd.DataFrame, ratio: float = 5) -> list[pd.DataFrame]:
    """Rows split so that on one axis no interval reaches more than `ratio` times as far as the next smaller one."""
    reach = table[["effect", "low", "high"]].abs().max(axis=1).sort_values()
    part = (reach > ratio * reach.shift()).cumsum()
    return [rows for _, rows in table.groupby(part)]


def forest(table: pd.DataFrame, title: str = ""):
    """Claims with their intervals, by study; a panel for each unit and order of size, primary rows first and bold.

    `table` is `claims.judge`'s, or some rows of it. Colour, mark and words say the verdict; the short line is what an
    effect is compared with, the grey band a margin of equivalence. An intersection shows its weakest part.
    """
    shown = by_study(table.dropna(subset=["effect", "low", "high"]))
    panels = [part for _, unit in shown.groupby(["study", "unit"], sort=False) for part in scales(unit)]
    panels.sort(key=lambda part: (part.study.iloc[0], part.family.min()))  # "primary" comes before "secondary"
    heights = [34 * len(part) for part in panels]  # a row has two lines of words
    fig, column = axes(sum(heights) + 44 * len(panels), rows=len(panels), height_ratios=heights)
    for ax, part, before in zip(column, panels, [None, *panels], strict=False):
        for y, row in enumerate(part.itertuples()):
            colour, marker, _ = VERDICTS[row.verdict]
            if row.margin > 0:
                ax.barh(y, 2 * row.margin, height=1, left=-row.margin, color="#ececec", zorder=0)
            ax.plot([row.null] * 2, [y - 0.5, y + 0.5], color=INK, lw=1)
            verdict = "" if row.verdict == "no verdict" else f"  {row.verdict}"
            bars = [[row.effect - row.low], [row.high - row.effect]]
            estimate(ax, y, row.effect, bars, colour, words.measured(row) + verdict, marker)
        named_rows(ax, [_claim(row) for row in part.itertuples()], np.flatnonzero(part.family == "primary"))
        study = part.study.iloc[0]
        if before is None or before.study.iloc[0] != study:
            where = {"xycoords": ("figure pixels", "axes fraction"), "textcoords": "offset points", "weight": "bold"}
            ax.annotate(f"Study {study:02d}", (PAD, 1), (0, 6), annotation_clip=False, **where)
    counts = table[table.family == "primary"].verdict.value_counts()
    counted = ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS if verdict in counts)
    said = f"The original's claims: {counted}" if counted else f"{len(shown)} effects with their intervals"
    return headline(fig, title or said, f"{len(shown)} effects with 95 % intervals, by study")


def _claim(row) -> str:
    shown = f" ({row.binding} shown)" if row.binding else ""
    return textwrap.fill(f"{row.Index}  {row.original or row.claim}{shown}", 62 if row.family == "primary" else 76)


def verdict_table(tables: dict[str, pd.DataFrame], title: str = ""):
    """Primary claims × runs of the study: verdict, effect and interval in each cell, coloured by verdict.

    `tables` maps a column's heading to what `claims.judge` returned for that run; rows are the last one's.
    """
    primary = list(tables.values())[-1].query("family == 'primary'")
    runs = [table.reindex(primary.index).fillna({"verdict": "not testable here"}) for table in tables.values()]
    verdicts = pd.concat([run.verdict for run in runs], axis=1)
    cells = [[_cell(row) for row in rows] for rows in zip(*(run.itertuples() for run in runs), strict=True)]
    names = [textwrap.fill(f"{row.Index}  {row.original}", 56) for row in primary.itertuples()]
    fig, (ax,) = axes(56 * len(primary) + 30)
    ax.axis("off")
    grid = ax.table(cells, rowLabels=names, colLabels=list(tables), bbox=(0, 0, 1, 1))
    grid.auto_set_font_size(False)
    grid.auto_set_column_width([-1])
    for (y, x), cell in grid.get_celld().items():
        colour = VERDICTS[verdicts.iloc[y - 1, x]][0] if y and x >= 0 else ""
        cell.set(edgecolor="white", linewidth=5, facecolor=(colour, 0.18) if colour else "white")
        cell.set_text_props(fontsize=9, ha="right" if x < 0 else "left", weight="normal" if y else "bold")
        cell.set_text_props(color=legible(colour or INK))
    tested = verdicts[~verdicts.isin(("no verdict", "not testable here")).any(axis=1)]
    stay = int((tested.nunique(axis=1) == 1).sum())
    said = f"{stay} of the {len(tested)} primary claims that every run can judge keep their verdict"
    said = said if len(tested) else "The primary claims, run by run"
    return headline(fig, title or said, f"Table of {len(primary)} primary claims in {len(tables)} runs")


def _cell(row) -> str:
    mark = VERDICTS[row.verdict][2]
    return "\n    ".join(filter(None, (f"{mark}  {row.verdict}", words.effect(row), words.interval(row))))
