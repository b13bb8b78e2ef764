"""Estimates with their intervals, a row each: arms, study 02's design, the way to the combined model, claims."""

import textwrap

import numpy as np
import pandas as pd

from sr_utils.claims import words
from sr_utils.claims.statistics import compare, signed
from sr_utils.plots.style import GREY, INK, PAD, axes, headline, legible, look, name

SIGNS = {1: "#0072B2", -1: "#D55E00", 0: "#888888"}  # of an interval above, below and around zero
#: Study 02's design: each placement without and with the bilinear global skip.
PAIRS = {"srcnn": "srcnn_skip"}
PAIRS |= {f"{place}_upsampling": f"{place}_skip" for place in ("pre", "progressive", "iterative", "post")}
#: Colour (Okabe & Ito's), marker and sign of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o", "✓"),
    "does not hold": ("#D55E00", "X", "✗"),
    "undecided": ("#888888", "s", "?"),
    "no verdict": ("#666666", "D", "·"),
    "not testable here": ("#bbbbbb", "", "–"),
}


def sign(low: float, high: float) -> int:
    """1 for an interval above zero, −1 for one below, 0 for one that holds it (or for none)."""
    return int(low > 0) - int(high < 0)


def bars(row) -> list:
    """The interval of a row of `compare`'s table as `Axes.errorbar` takes it; nothing is drawn for NaN."""
    return [[row.difference - row.low], [row.high - row.difference]]


def estimate(ax, y: float, row, color: str, text: str = "", at: float | None = None, **options) -> None:
    """A row's difference with its interval, shown at `at` where that is another scale; text at the right."""
    options = {"ms": 8, "elinewidth": 2, "color": color, "marker": "o"} | options
    ax.errorbar(row.difference if at is None else at, y, xerr=bars(row), ls="none", **options)
    beside(ax, y, text, color)


def beside(ax, y: float, text: str, color: str, gap: int = 8) -> None:
    """Text at the right of a row, outside the axes."""
    where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": 9}
    ax.annotate(text, (1, y), (gap, 0), color=legible(color), annotation_clip=False, **where)


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
        estimate(ax, y, row, SIGNS[above[y]], signed(row.difference, "+.2f") + ends)
    ax.axvline(0, color=INK, lw=1)
    ax.set_xlabel(f"{unit}, against {name(reference)}")
    named_rows(ax, [name(label) for label in table.index])
    said = f"{above.count(1)} of {len(table)} arms are above {name(reference)}; first is {name(table.index[0])}"
    return headline(fig, title or said, f"{unit} of each arm to {name(reference)} with its 95 % interval")


def design(scores: pd.DataFrame, pairs: dict = PAIRS, reference: str = "srcnn", title: str = ""):
    """Placements × start: left each arm against the reference, right what the bilinear global skip adds to each place.

    `scores` as `evaluation.score_all` returns them, of every arm in `pairs` (placement without skip -> with it).
    """
    table = compare(scores[scores.arm.isin([*pairs, *pairs.values()])], reference)
    fig, (left, right) = axes(390, columns=2, sharey=True, width_ratios=(1.5, 1))
    for y, (plain, skip) in enumerate(pairs.items()):
        start, end = table.loc[plain], table.loc[skip]
        step = compare(scores[scores.arm.isin((plain, skip))], plain).loc[skip]
        style = {"color": look(plain)["color"], "marker": look(plain)["marker"], "ms": 9}
        link = {"color": style["color"], "lw": 6, "alpha": 0.2, "solid_capstyle": "round", "zorder": 0}
        left.plot((start.difference, end.difference), (y + 0.13, y - 0.13), **link)
        estimate(left, y + 0.13, start, **style, mfc="white", mew=1.8)
        estimate(left, y - 0.13, end, **style)
        estimate(right, y, step, text=f"{signed(step.difference, '+.2f')} dB", **style)
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
        before, arm = step.psnr - step.difference, look(label)
        mark = {"ms": 9, "marker": arm["marker"], "mfc": arm["color"], "mec": arm["color"]}
        colour, gain = SIGNS[sign(step.low, step.high)], f"{signed(step.difference, '+.2f')} dB" if y else ""
        ax.plot([before, before], [y - 1, y], color="#888888", lw=1.2 * (y > 0))
        ax.plot([before, step.psnr], [y, y], color=colour, lw=8, alpha=0.25, solid_capstyle="butt")
        estimate(ax, y, step, colour, gain, at=step.psnr, **mark)
        beside(ax, y, f"{step.parameters:,.0f} parameters\n{step.macs:,.0f} multiply–adds", GREY, gap=78)
    ax.set_xlabel("PSNR, mean over all images / dB")
    named_rows(ax, [f"{textwrap.fill(step.change, 46)}\n→ {name(label)}" for label, step in table.iterrows()])
    most, whole = table.loc[table.difference[1:].idxmax()], table.psnr.iloc[-1] - table.psnr.iloc[0]
    gains = [f"{signed(gain, '+.2f')} dB" for gain in (most.difference, whole)]
    said = f"{most.change} brings most, {gains[0]}; the whole way brings {gains[1]}"
    return headline(fig, title or said, f"Stairs of PSNR from {name(table.index[0])} to {name(table.index[-1])}")


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

    `table` is `claims.judge`'s, or some rows of it. The short line is what an effect is compared with, the grey band a
    margin of equivalence. An intersection shows its weakest part.
    """
    shown = by_study(table.dropna(subset=["effect", "low", "high"])).assign(difference=lambda rows: rows.effect)
    panels = [part for _, unit in shown.groupby(["study", "unit"], sort=False) for part in scales(unit)]
    panels.sort(key=lambda part: (part.study.iloc[0], part.family.min()))  # "primary" comes before "secondary"
    heights = [34 * len(part) for part in panels] or [34]  # a row has two lines of words
    fig, column = axes(sum(heights) + 44 * len(heights), rows=len(heights), height_ratios=heights)
    for ax, part, before in zip(column, panels, [None, *panels], strict=False):
        for y, row in enumerate(part.itertuples()):
            colour, marker, _ = VERDICTS[row.verdict]
            if row.margin > 0:
                ax.barh(y, 2 * row.margin, height=1, left=-row.margin, color="#ececec", zorder=0)
            ax.plot([row.null] * 2, [y - 0.5, y + 0.5], color=INK, lw=1)
            verdict = "" if row.verdict == "no verdict" else f"  {row.verdict}"
            estimate(ax, y, row, colour, words.measured(row) + verdict, marker=marker)
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
    lines = (f"{VERDICTS[row.verdict][2]}  {row.verdict}", words.effect(row), words.interval(row))
    return "\n    ".join(filter(None, lines))
