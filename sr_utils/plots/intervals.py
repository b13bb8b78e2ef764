"""Estimates with their intervals, one a row: arms, study 02's design, the steps to the combined model, claims."""

import textwrap

import numpy as np
import pandas as pd

from sr_utils.claims import phrases
from sr_utils.claims.statistics import differences, signed
from sr_utils.models.arms import PLACES
from sr_utils.plots.style import GREY, INK, PAD, PAGE, axes, headline, legible, look, name

SIGNS = {1: "#0072B2", -1: "#D55E00", 0: "#888888"}  # of an interval above, below and around zero
#: Study 02's design: each placement without and with the bilinear global skip.
PAIRS = {"srcnn": "srcnn_skip"} | {arm: f"{place}_skip" for place, arm in PLACES.items()}
#: Colour (Okabe & Ito's) and marker of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o"),
    "does not hold": ("#D55E00", "X"),
    "undecided": ("#888888", "s"),
    "no verdict": ("#666666", "D"),
    "not testable here": ("#bbbbbb", ""),
}


def estimates(ax, table: pd.DataFrame, shift: float = 0, **style) -> None:
    """Draw a mark with its interval for each row, from the top down, and a text at the right, outside the axes.

    Columns: `x`, `low`, `high`, `color`, `marker`, `text`. `shift` moves the marks down, in rows. An interval of NaN is
    not drawn.
    """
    for y, row in enumerate(table.itertuples()):
        options = {"color": row.color, "marker": row.marker, "ls": "none", "elinewidth": 2} | style
        ax.errorbar(row.x, y + shift, xerr=[[row.x - row.low], [row.high - row.x]], **options)
        beside(ax, y, row.text, row.color)


def beside(ax, y: float, text: str, color: str, gap: int = 8) -> None:
    """A text at the right of a row, outside the axes."""
    place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (1, y), (gap, 0), color=legible(color), annotation_clip=False, **place)


def named_rows(ax, names, bold=()) -> None:
    """Name the rows at the left, from the top down; the names at the positions `bold` are bold."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=6)
    for place in bold:
        ax.get_yticklabels()[place].set_weight("bold")


def scales(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows, without those that reach more than five times as far as the median row; and those."""
    reach = table[["x", "low", "high"]].abs().max(axis=1)
    return [rows for _, rows in table.groupby(reach > 5 * reach.quantile(interpolation="lower"))]


def panels(parts: list[pd.DataFrame], pitch: int, width: int):
    """A figure with one axes for each table, each of its rows `pitch` pixels high, and the list of axes."""
    heights = [pitch * len(part) for part in parts] or [pitch]
    return axes(sum(heights) + 44 * len(heights), rows=len(heights), height_ratios=heights, width=width)


def effects(scores: pd.DataFrame, reference: str):
    """Each arm's paired PSNR difference to the reference with its 95 % interval, largest first.

    `scores` as `evaluation.score_all` returns them. Blue: the interval is above zero; red: below; grey: around it.
    Arms whose intervals reach much further than the others' have an axis of their own.
    """
    table = differences(scores, reference).drop(index=reference).sort_values("difference", ascending=False)
    sides = [phrases.direction(row) for row in table.itertuples()]
    written = table[["difference", "low", "high"]].map(signed, spec="+.2f").itertuples(index=False)
    texts = ["{}  ({} … {})".format(*row).removesuffix("  (+nan … +nan)") for row in written]
    parts = scales(table.assign(x=table.difference, color=[SIGNS[side] for side in sides], marker="o", text=texts))
    fig, column = panels(parts, pitch=24, width=900)
    for ax, part in zip(column, parts, strict=True):
        estimates(ax, part)
        ax.axvline(0, color=INK, lw=1)
        named_rows(ax, [name(label) for label in part.index])
    column[-1].set_xlabel(f"PSNR difference / dB, against {name(reference)}")
    title = f"{sides.count(1)} of {len(table)} arms are above {name(reference)}; first is {name(table.index[0])}"
    return headline(fig, title, f"PSNR difference of each arm to {name(reference)} with its 95 % interval")


def design(scores: pd.DataFrame):
    """Placements × start: left each arm against SRCNN, right what the bilinear global skip adds to each placement.

    `scores` as `evaluation.score_all` returns them, of every arm in `PAIRS`.
    """
    table = differences(scores[scores.arm.isin([*PAIRS, *PAIRS.values()])], "srcnn").assign(text="")
    steps = [differences(scores[scores.arm.isin(pair)], pair[0]).loc[pair[1]] for pair in PAIRS.items()]
    steps = pd.DataFrame(steps).assign(text=lambda t: [f"{signed(x, '+.2f')} dB" for x in t.difference])
    looks = pd.DataFrame([look(plain) for plain in PAIRS])[["color", "marker"]].to_dict("list")
    start, end, steps = (
        rows.assign(x=rows.difference, **looks) for rows in (table.loc[[*PAIRS]], table.loc[[*PAIRS.values()]], steps)
    )
    fig, (left, right) = axes(390, columns=2, sharey=True, width_ratios=(1.5, 1))
    for y, (a, b, color) in enumerate(zip(start.x, end.x, looks["color"], strict=True)):
        left.plot((a, b), (y + 0.13, y - 0.13), color=color, lw=6, alpha=0.2, solid_capstyle="round", zorder=0)
    estimates(left, start, 0.13, mfc="white", mew=1.8)
    estimates(left, end, -0.13)
    estimates(right, steps)
    for ax in (left, right):
        named_rows(ax, [name(plain) for plain in PAIRS])
        ax.axvline(0, color=INK, lw=1)
    left.set(xlabel="PSNR difference to SRCNN / dB", title="hollow: without skip, filled: with skip")
    right.set(xlabel="PSNR that the skip adds / dB", title="what the skip adds")
    without, with_skip = (np.ptp(rows.x.iloc[1:]) for rows in (start, end))  # of the four; the first is SRCNN
    title = f"Without the skip the four placements lie {without:.2f} dB apart, with it {with_skip:.2f} dB"
    return headline(fig, title, f"PSNR against SRCNN for {len(PAIRS)} placements, with intervals")


def stairs(table: pd.DataFrame):
    """`record.ladder` as stairs: PSNR after each change, the change's gain with its interval, and the cost."""
    before = table.psnr - table.difference
    gains = [f"{signed(gain, '+.2f')} dB" for gain in table.difference]
    rows = table.assign(x=table.psnr, low=before + table.low, high=before + table.high, text=["", *gains[1:]])
    rows["color"] = [SIGNS[phrases.direction(step)] for step in table.itertuples()]
    rows["marker"] = [look(label)["marker"] for label in table.index]
    fig, (ax,) = axes(58 * len(table) + 50)
    for y, (row, start) in enumerate(zip(rows.itertuples(), before, strict=True)):
        ax.plot([start, start], [max(y - 1, 0), y], color="#888888", lw=1.2)
        ax.plot([start, row.x], [y, y], color=row.color, lw=8, alpha=0.25, solid_capstyle="butt")
        beside(ax, y, f"{row.parameters:,.0f} parameters\n{row.macs:,.0f} multiply–adds", GREY, gap=78)
    estimates(ax, rows)
    ax.set_xlabel("PSNR, mean over all images / dB")
    named_rows(ax, [f"{textwrap.fill(row.change, 46)}\n→ {name(row.Index)}" for row in table.itertuples()])
    most, whole = table.loc[table.difference[1:].idxmax()], table.psnr.iloc[-1] - table.psnr.iloc[0]
    title = f"{most.change} brings most, {signed(most.difference, '+.2f')} dB; "
    title += f"the whole way brings {signed(whole, '+.2f')} dB"
    return headline(fig, title, f"Stairs of PSNR from {name(table.index[0])} to {name(table.index[-1])}")


def by_study(table: pd.DataFrame) -> pd.DataFrame:
    """`claims.judge`'s table in the order of studies, primary rows first."""
    return table.iloc[np.lexsort((table.family != "primary", table.study))]


def forest(table: pd.DataFrame):
    """Claims with their intervals, by study; a panel for each unit and order of size, primary rows first and bold.

    `table` is `claims.judge`'s, or some rows of it. The short line is what an effect is compared with, the grey band a
    margin of equivalence. A claim of several parts shows the weakest.
    """
    shown = by_study(table.dropna(subset=["effect", "low", "high"])).assign(x=lambda rows: rows.effect)
    shown["color"], shown["marker"] = (shown.verdict.map({v: each[i] for v, each in VERDICTS.items()}) for i in (0, 1))
    shown["text"] = [
        f"{phrases.measured(row)}  {row.verdict}".removesuffix("  no verdict") for row in shown.itertuples()
    ]
    parts = [part for _, unit in shown.groupby(["study", "unit"], sort=False) for part in scales(unit)]
    parts.sort(key=lambda part: (part.study.iloc[0], part.family.min()))  # "primary" comes before "secondary"
    fig, column = panels(parts, pitch=34, width=PAGE)  # a row has two lines of words
    studies = [part.study.iloc[0] for part in parts]
    for i, (ax, part) in enumerate(zip(column, parts, strict=False)):
        estimates(ax, part)
        for y, row in enumerate(part.itertuples()):
            if row.margin > 0:
                ax.barh(y, 2 * row.margin, height=1, left=-row.margin, color="#ececec", zorder=0)
            ax.plot([row.null] * 2, [y - 0.5, y + 0.5], color=INK, lw=1)
        named_rows(ax, [_claim(row) for row in part.itertuples()], np.flatnonzero(part.family == "primary"))
        if studies[i] not in studies[:i]:
            place = {"xycoords": ("figure pixels", "axes fraction"), "textcoords": "offset points", "weight": "bold"}
            ax.annotate(f"Study {studies[i]:02d}", (PAD, 1), (0, 6), annotation_clip=False, **place)
    counts = table[table.family == "primary"].verdict.value_counts()
    counted = ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS if verdict in counts)
    title = f"The original's claims: {counted}" if counted else f"{len(shown)} effects with their intervals"
    return headline(fig, title, f"{len(shown)} effects with 95 % intervals, by study")


def _claim(row) -> str:
    shown = f" ({row.binding} shown)" if row.binding else ""
    return textwrap.fill(f"{row.Index}  {row.original or row.claim}{shown}", 62 if row.family == "primary" else 76)
