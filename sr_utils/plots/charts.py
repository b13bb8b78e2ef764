"""Every figure that shows data."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from sr_utils import filters
from sr_utils.claims.statistics import signed
from sr_utils.data.images import SCALE
from sr_utils.evaluation import scores as evaluation
from sr_utils.plots.style import DPI, FOOT, caption, look, name, save

__all__ = [
    "caption", "crops", "curves", "effects", "gain", "ladder", "name", "planes", "quality_against_cost", "save",
    "sweep",
]  # fmt: skip


def _axes(width: float, height: float, columns: int = 1):
    fig, axes = plt.subplots(1, columns, figsize=(width, height), layout="constrained", squeeze=False)
    foot = FOOT / (height * DPI)
    fig.get_layout_engine().set(rect=(0, foot, 1, 1 - foot))
    return fig, axes[0]


def curves(runs, column: str = "val_mse", unit: str = "validation MSE / grey levels²", steps: bool = False):
    """Loss over epochs, one line per arm: the mean over its seeds, and a band from the lowest to the highest seed."""
    fig, (ax,) = _axes(7, 3.8)
    for label in dict.fromkeys(run.label for run in runs):
        seeds = pd.concat([run.history[column] for run in runs if run.label == label], axis=1)
        ax.plot(seeds.index, seeds.mean(axis=1), label=name(label), **look(label, marker=False))
        ax.fill_between(seeds.index, seeds.min(axis=1), seeds.max(axis=1), color=look(label)["color"], alpha=0.15, lw=0)
    epoch = runs[0].config["profile"]["steps"]
    ax.set(xlabel=f"epoch ({epoch:,} steps each)", ylabel=unit, yscale="log")
    ax.yaxis.set_minor_formatter("{x:g}")
    ax.yaxis.set_major_formatter("{x:g}")
    ax.legend()
    return fig


def effects(table: pd.DataFrame, reference: str, unit: str = "PSNR difference / dB"):
    """A forest plot of `evaluation.compare`: each arm's difference to the reference with its 95 % interval."""
    table = table.drop(index=reference)
    fig, (ax,) = _axes(7, 1.1 + 0.3 * len(table))
    for row, (label, r) in enumerate(table.iterrows()):
        ax.errorbar(
            r.difference, row, xerr=[[r.difference - r.low], [r.high - r.difference]], capsize=3, ms=6, **look(label)
        )
        ax.annotate(
            signed(r.difference, "+.2f"), (r.high, row), (5, 0), textcoords="offset points", va="center", fontsize=8
        )
    ax.axvline(0, color="#222222", lw=1)
    ax.set(xlabel=f"{unit}, against {name(reference)}", yticks=range(len(table)), yticklabels=map(name, table.index))
    ax.invert_yaxis()
    ax.margins(x=0.15, y=0.15)
    return fig


def crops(pairs, arms: Mapping, side: int = 48, zoom: int = 3, overview: bool = True, where=evaluation.hardest_crop):
    """LR, the arms and HR side by side, one row per image, `zoom` screen pixels per HR pixel without smoothing.

    `arms` maps a label to what `evaluation.upscale` takes. Every row shows the window at `where(pair, side)`, unless
    told otherwise the one where bicubic errs most, boxed in its surroundings at actual size; PSNR is the crop's.
    """
    cell, gap, head, foot = side * zoom, 6, 22, 16
    shown = {"nearest": "nearest", **arms}
    left = cell + gap if overview else 0
    width = left + (cell + gap) * (len(shown) + 1) + gap
    height = head + (cell + foot) * len(pairs) + FOOT
    fig = plt.figure(figsize=(width / DPI, height / DPI), dpi=DPI)

    def place(image, x, row, text, title=None):
        bottom = height - head - (row + 1) * (cell + foot) + foot
        ax = fig.add_axes([x / width, bottom / height, cell / width, cell / height])
        ax.imshow(image, interpolation="nearest", aspect="equal")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        ax.grid(False)
        ax.set_xlabel(text, fontsize=7.5, labelpad=2)
        if title and row == 0:
            ax.set_title(title, loc="center", fontsize=8, pad=4)
        return ax

    for row, pair in enumerate(pairs):
        y, x = where(pair, side)
        window = np.s_[y : y + side, x : x + side]
        if overview:
            around = [
                int(np.clip(p + (side - cell) // 2, 0, max(0, n - cell)))
                for p, n in zip((y, x), pair.hr.shape, strict=False)
            ]
            ax = place(pair.hr[around[0] :][:cell, around[1] :][:, :cell], gap, row, pair.name, "HR, surroundings")
            ax.add_patch(Rectangle((x - around[1], y - around[0]), side, side, fill=False, ec="#EE7733", lw=1.5))
        for column, (label, arm) in enumerate({**shown, "hr": None}.items()):
            crop = pair.hr[window] if label == "hr" else evaluation.upscale_window(arm, pair, y, x, side)
            text = "" if label == "hr" else f"{evaluation.psnr(crop, pair.hr[window]):.2f} dB"
            place(crop, left + gap + column * (cell + gap), row, text, name(label))
    return fig


def planes(scores: pd.DataFrame):
    """The perception–distortion plane (Blau & Michaeli, 2018, arXiv:1711.06077): PSNR against sharpness and GMSD."""
    fig, axes = _axes(9.5, 3.8, 2)
    panels = (("sharpness", "share of HR's high-frequency power"), ("gmsd", "GMSD (0: like HR)"))
    for ax, (metric, unit) in zip(axes, panels, strict=True):
        for label, rows in scores.groupby("arm", sort=False):
            ax.plot(rows["psnr"].mean(), rows[metric].mean(), ms=8, label=name(label), **look(label))
        ax.set(xlabel="PSNR / dB (fidelity)", ylabel=unit)
        ax.margins(0.15)
    axes[0].legend()
    return fig


def sweep(scores: pd.DataFrame):
    """Strength of edge enhancement against PSNR, SSIM and sharpness, one line per arm; a ring marks each best value."""
    panels = (("psnr", "PSNR / dB"), ("ssim", "SSIM"), ("sharpness", "share of HR's high-frequency power"))
    fig, axes = _axes(9.5, 3.2, 3)
    for ax, (metric, unit) in zip(axes, panels, strict=True):
        for label, rows in scores.groupby("arm", sort=False):
            means = rows.groupby("strength")[metric].mean()
            distance = (means - 1).abs() if metric == "sharpness" else -means  # as sharp as HR is best, not sharper
            ax.plot(means.index, means, label=name(label), **look(label, marker=False))
            ax.plot(distance.idxmin(), means[distance.idxmin()], "o", ms=9, mfc="none", color=look(label)["color"])
        ax.set(xlabel="strength of edge enhancement", ylabel=unit)
    axes[2].axhline(1, color="#222222", lw=0.8, ls=":")
    axes[0].legend()
    return fig


def gain(strengths):
    """What edge enhancement multiplies a horizontal wave by, over its frequency, for each strength."""
    fig, (ax,) = _axes(6, 3.2)
    frequency = np.linspace(0, 0.5, 200)
    for shade, strength in zip(np.linspace(0.75, 0.1, len(strengths)), strengths, strict=True):
        ax.plot(frequency, filters.wave_gain(frequency, strength), color=str(shade), label=f"{strength:g}")
    ax.axvline(0.5 / SCALE, color="#CC6677", ls="--", lw=1)
    ax.annotate(
        "LR's Nyquist frequency", (0.5 / SCALE, ax.get_ylim()[1]), (4, -10), textcoords="offset points", fontsize=7.5
    )
    ax.set(xlabel="frequency / cycles per HR pixel", ylabel="gain")
    ax.legend(title="strength", loc="upper left", bbox_to_anchor=(0.02, 0.85))
    return fig


def ladder(table: pd.DataFrame):
    """`results.ladder` as stairs: PSNR after each change, the change's gain with its interval, and the cost."""
    fig, (ax,) = _axes(9.5, 0.9 + 0.5 * len(table))
    for row, (label, step) in enumerate(table.iterrows()):
        before, colour, text = step.psnr - step.difference, look(label)["color"], ""
        if row:
            ax.plot([before, before], [row - 1, row], color="#888888", lw=1)
            ax.plot([before, step.psnr], [row, row], color=colour, lw=5, alpha=0.35, solid_capstyle="butt")
            error = [[step.difference - step.low], [step.high - step.difference]]
            ax.errorbar(step.psnr, row, xerr=error, capsize=3, color=colour)
            text = f"{signed(step.difference, '+.2f')} dB · "
        ax.plot(step.psnr, row, ms=8, **look(label))
        text += f"{step.parameters:,.0f} parameters, {step.macs:,.0f} multiply–adds"
        right = max(before, before + step.high)
        ax.annotate(text, (right, row), (8, 0), textcoords="offset points", va="center", fontsize=7.5)
    names = [f"{step.change}\n-> {name(label)}" for label, step in table.iterrows()]
    ax.set_yticks(range(len(table)), names, fontsize=7.5)
    ax.set(xlabel="PSNR, mean over all images / dB", ylim=(len(table) - 0.4, -0.6))
    low, high = ax.get_xlim()
    ax.set_xlim(low, high + 0.55 * (high - low))  # room for the words
    ax.grid(axis="y", visible=False)
    return fig


def quality_against_cost(table: pd.DataFrame, published: pd.DataFrame):
    """PSNR against parameters and against multiply–adds per output pixel (`results.quality_and_cost`).

    On Set5, with published networks as hollow marks, where Set5 was scored; else the mean over all images, alone.
    """
    metric = "Set5" if "Set5" in table else "psnr"
    fig, axes = _axes(9.5, 4, 2)
    for ax, (column, unit) in zip(
        axes, (("parameters", "parameters"), ("macs", "multiply–adds per output pixel")), strict=True
    ):
        for label, row in table.iterrows():
            ax.plot(row[column], row[metric], ms=7, label=name(label), **look(label))
        for label, row in published.dropna(subset=[column]).iterrows() if metric == "Set5" else ():
            ax.plot(row[column], row[metric], "o", ms=6, mfc="none", color="#888888")
            ax.annotate(
                label, (row[column], row[metric]), (5, -3), textcoords="offset points", fontsize=7, color="#666666"
            )
        ax.set(xlabel=unit, ylabel=f"PSNR on {'Set5' if metric == 'Set5' else 'all images'} / dB", xscale="log")
        ax.margins(0.12)
        ax.xaxis.set_minor_formatter("")
    axes[1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return fig
