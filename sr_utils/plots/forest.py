"""Figures of claims: every effect with its interval, and the verdicts at each profile."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sr_utils import filters
from sr_utils.claims.statistics import signed, span
from sr_utils.claims.table import MARGIN
from sr_utils.data.images import SCALE
from sr_utils.evaluation import probes as observations
from sr_utils.plots.style import DPI, FOOT, look, name

#: Colour (Okabe & Ito's, none of them an arm's), marker and sign of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o", "✓"),
    "does not hold": ("#D55E00", "X", "✗"),
    "undecided": ("#999999", "s", "?"),
    "not testable here": ("#dddddd", "", "–"),
}
PANELS = {
    "psnr": "difference of PSNR / dB",
    "loss": "difference of final validation loss / grey levels²",
    "epochs": "difference / epochs",
    "area": "difference of mean validation loss / grey levels²",
    "sharpness": "difference / share of HR's high-frequency power",
    "first_fifth": "difference / share of the loss's fall",
    "last_two_fifths": "difference / share of the loss's fall",
    "gmsd": "difference of GMSD",
    "response": "difference of gain / dB",
}
UNKNOWN = pd.Series({"effect": np.nan, "corrected": "not testable here", "why": "not among that run's claims"})
ROW, HEAD = 0.19, 0.62  # inches


def forest(table: pd.DataFrame):
    """Every tested claim of `claims.judge` as a mark with its 95 % interval, one panel per unit.

    Colour and marker are the verdict; a hollow mark is one that Holm's correction makes undecided.
    """
    table = table[table.p.notna()]
    panels = {}
    for metric in PANELS:
        rows = table[table.metric == metric]
        if len(rows):
            unit = PANELS[metric]
            panels[unit] = pd.concat([panels[unit], rows]) if unit in panels else rows
    heights = [ROW * len(rows) + HEAD for rows in panels.values()]
    height = sum(heights) + 0.35 + FOOT / DPI
    fig, axes = plt.subplots(
        len(panels), 1, figsize=(9.5, height), height_ratios=heights, layout="constrained", squeeze=False
    )
    fig.get_layout_engine().set(rect=(0, FOOT / DPI / height, 1, 1 - (FOOT / DPI + 0.3) / height))
    for ax, (unit, rows) in zip(axes[:, 0], panels.items(), strict=True):
        for place, row in enumerate(rows.itertuples()):
            colour, marker, _ = VERDICTS[row.verdict]
            fill = colour if row.corrected == row.verdict else "white"
            ax.plot([row.low, row.high], [place, place], color=colour, lw=1.4)
            ax.plot(row.effect, place, marker, color=colour, mfc=fill, ms=6)
        if "PSNR" in unit:
            ax.set_xscale("symlog", linthresh=MARGIN, linscale=0.6)
            ax.set_xticks([-10, -1, -MARGIN, 0, MARGIN, 1, 10], minor=False)
            ax.xaxis.set_major_formatter("{x:g}")
            ax.axvspan(-MARGIN, MARGIN, color="#f2f2f2", lw=0, zorder=0)
        ax.axvline(0, color="#222222", lw=1)
        names = [f"{row.Index}  {row.claim} ({row.expected})" for row in rows.itertuples()]
        ax.set(xlabel=unit, ylim=(len(rows) - 0.4, -0.6))
        ax.set_yticks(range(len(rows)), names, fontsize=7)
        ax.grid(axis="y", visible=False)
    marks = [
        Line2D([], [], color=colour, marker=marker, label=verdict)
        for verdict, (colour, marker, _) in list(VERDICTS.items())[:3]
    ]
    marks.append(Line2D([], [], color="#555555", marker="o", mfc="white", label="undecided after Holm's correction"))
    fig.legend(handles=marks, loc="upper right", ncols=4, fontsize=8)
    return fig


def survival(tables: dict[str, pd.DataFrame]):
    """Claims × runs of the study: effect, interval and sign of the verdict in each cell, coloured by verdict.

    `tables` maps a column's heading to what `claims.judge` returned for that run.
    """
    newest = list(tables.values())[-1]
    ids = newest.index
    left, width, row = 4.6, 2.3, 0.17
    size = (left + width * len(tables), row * (len(ids) + 3) + FOOT / DPI)
    fig = plt.figure(figsize=size, dpi=DPI)
    ax = fig.add_axes([0, 0, 1, 1])
    ax.set(xlim=(0, size[0]), ylim=(size[1], 0))
    ax.axis("off")
    for column, (heading, table) in enumerate(tables.items()):
        x = left + width * column
        ax.text(x + width / 2, 1.4 * row, heading, ha="center", va="center", fontsize=8, weight="bold")
        for place, id in enumerate(ids):
            known = id in table.index and table.loc[id].claim == newest.loc[id].claim
            cell, y = table.loc[id] if known else UNKNOWN, (place + 2.2) * row
            colour, _, sign = VERDICTS[cell.corrected]
            ax.add_patch(Rectangle((x, y), width - 0.06, row * 0.88, fc=colour, alpha=0.22, lw=0))
            ax.text(x + 0.12, y + row * 0.45, sign, va="center", ha="center", fontsize=8, color=colour, weight="bold")
            text = cell.why
            if np.isfinite(cell.effect):
                text = f"{signed(cell.effect)}  ({cell.why or span(cell.low, cell.high)})"
            ax.text(x + 0.26, y + row * 0.45, text, va="center", fontsize=7, color="#222222")
            if table is newest:
                label = f"{id}  {cell.claim} / {cell.unit}"
                ax.text(left - 0.08, y + row * 0.45, label, ha="right", va="center", fontsize=7)
    return fig


def response(observed: pd.DataFrame, runs):
    """Left: each arm's gain from bilinear image to SR over a ripple's frequency (`observations.response`), with a band
    from the tenth to the ninetieth percentile of seeds and images. Right: the spectrum of the learnt first layer alone.
    """
    fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    foot = FOOT / (3.4 * DPI)
    fig.get_layout_engine().set(rect=(0, foot, 1, 1 - foot))
    columns = [c for c in observed if c.startswith("gain ")]
    frequencies = np.array([float(c.removeprefix("gain ")) for c in columns])
    fine = np.linspace(1 / 32, 1 / 4, 50)
    lift = 20 * np.log10(filters.wave_gain(frequencies, strength=1))
    for label, rows in observed.groupby("arm", sort=False):
        gains, colour = rows[columns], look(label)["color"]
        axes[0].plot(frequencies, gains.mean(), label=name(label), **look(label, marker=False))
        axes[0].fill_between(frequencies, gains.quantile(0.1), gains.quantile(0.9), color=colour, alpha=0.15, lw=0)
        spectra = [observations.first_layer_gain(run, fine) for run in runs if run.label == label]
        axes[1].plot(fine, 20 * np.log10(np.mean(spectra, axis=0)), label=name(label), **look(label, marker=False))
    plain = observed[observed.arm == "srcnn"][columns].mean()
    axes[0].plot(frequencies, plain + lift, color="#aaaaaa", lw=1, label="SRCNN, were the filter not undone")
    for ax, what in zip(axes, ("gain from bilinear image to SR / dB", "gain of the first layer / dB"), strict=True):
        ax.axvline(0.5 / SCALE, color="#888888", ls="--", lw=1, label="LR's Nyquist frequency")
        ax.set(xlabel="frequency / cycles per HR pixel", ylabel=what)
        ax.legend(fontsize=7.5)
    return fig
