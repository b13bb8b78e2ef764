"""Curves: of learning, of the strength of a filter, and over frequency."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from sr_utils import filters
from sr_utils.claims.statistics import signed
from sr_utils.data.images import SCALE
from sr_utils.plots import labels
from sr_utils.plots.style import DPI, GREY, INK, PAGE, headline, look, name

NYQUIST = 0.5 / SCALE  # cycles per HR pixel
SHARPNESS = "sharpness / share of HR's high-frequency power"


def axes(height: int, columns: int = 1, width: int = PAGE, **options):
    """A figure of that many pixels and its axes, side by side."""
    fig, row = plt.subplots(
        1, columns, figsize=(width / DPI, height / DPI), layout="constrained", squeeze=False, **options
    )
    return fig, row[0]


def loss_curves(runs, column: str = "val_mse", unit: str = "validation MSE / grey levels²", levels: Mapping = {},
           marks: Mapping = {}, title: str = ""):  # fmt: skip
    """Loss over epochs, one curve per arm; left the whole schedule, right its last third, enlarged.

    Each curve is the mean over an arm's seeds; its band reaches from the lowest seed to the highest.

    Parameters
    ----------
    runs : `training.Run`s; `label`, `history` and `config` are read.
    levels : label -> loss of something that does not learn ("bicubic"), drawn as a horizontal line.
    marks : share of the schedule -> words, drawn as vertical lines.
    """
    fig, (whole, end) = axes(430, 2, width_ratios=(1.35, 1))
    means, bands = {}, []
    for label in dict.fromkeys(run.label for run in runs):
        seeds = pd.concat([run.history[column] for run in runs if run.label == label], axis=1)
        means[label] = seeds.mean(axis=1)
        bands.append(seeds.agg(["min", "max"], axis=1))
        for ax in (whole, end):
            ax.plot(seeds.index, means[label], **look(label, marker=False))
            ax.fill_between(
                seeds.index, bands[-1]["min"], bands[-1]["max"], color=look(label)["color"], alpha=0.13, lw=0
            )
    epochs = bands[0].index
    late = epochs[min(-2, -len(epochs) // 3) :]
    low, high = min(band["min"][late].min() for band in bands), max(band["max"][late].max() for band in bands)
    for label, level in levels.items():
        whole.axhline(level, **look(label, marker=False))
        end.axhline(level, **look(label, marker=False))
        whole.annotate(
            name(label), (epochs[-1], level), (0, 3), textcoords="offset points", ha="right", fontsize=9.5, color=GREY
        )
    for share, words in marks.items():
        whole.axvline(share * epochs[-1], color="#999999", ls=":", lw=1.2)
        whole.annotate(
            words, (share * epochs[-1], 1), (4, -4), xycoords=("data", "axes fraction"), textcoords="offset points",
            va="top", fontsize=9, color=GREY,
        )  # fmt: skip
    steps = runs[0].config["profile"]["steps"]
    whole.set(xlabel=f"epoch ({steps:,} steps each)", ylabel=unit, yscale="log", title="the whole schedule")
    whole.yaxis.set_minor_formatter("{x:g}")
    whole.yaxis.set_major_formatter("{x:g}")
    room = 0.06 * (high - low) or 1
    end.set(ylim=(low - room, high + room), xlabel="epoch", title="its last third, enlarged")
    end.set_xlim(late[0] - (len(late) == 1), late[-1])
    for ax in (whole, end):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finals = {label: mean.iloc[-1] for label, mean in means.items()}
    labels.at_ends(end, [(epochs[-1], v, f"{name(k)}  {v:,.1f}", look(k)["color"]) for k, v in finals.items()])
    ranked = sorted(finals, key=finals.get)
    if len(ranked) > 1:
        words = (
            f"{name(ranked[0])} ends lowest, at {finals[ranked[0]]:,.1f} grey levels²; "
            f"{name(ranked[-1])} highest, at {finals[ranked[-1]]:,.1f}"
        )
    else:
        (curve,) = means.values()
        done = (curve.iloc[0] - curve) / (curve.iloc[0] - curve.iloc[-1])
        shares = [f"{100 * done[max(1, round(s * epochs[-1]))]:.0f} %" for s in marks]
        shares = [f"{share} {after}" for share, after in zip(shares, marks.values(), strict=True)]
        words = f"{name(ranked[0])}'s loss falls to {curve.iloc[-1]:,.1f} grey levels²"
        words += f"; of the fall, {', and '.join(shares)}" if shares else ""
    order = ", ".join(f"{name(label)} {finals[label]:.1f}" for label in ranked)
    return headline(fig, title or words, f"{unit} over epochs. At the end, lowest first: {order}.")


def strength_curves(scores: pd.DataFrame, title: str = ""):
    """Strength of edge enhancement against PSNR, SSIM and sharpness, one line per arm; a ring marks each best value."""
    panels = (("psnr", "PSNR / dB"), ("ssim", "SSIM"), ("sharpness", SHARPNESS))
    fig, row = axes(380, 3)
    best = {}
    for ax, (metric, unit) in zip(row, panels, strict=True):
        ends = []
        for label, rows in scores.groupby("arm", sort=False):
            means = rows.groupby("strength")[metric].mean()
            distance = (means - 1).abs() if metric == "sharpness" else -means  # as sharp as HR is best, not sharper
            best[label, metric] = distance.idxmin()
            colour = look(label)["color"]
            ax.plot(means.index, means, label=name(label), **look(label, marker=False))
            ax.plot(best[label, metric], means[best[label, metric]], "o", ms=10, mfc="none", mew=1.8, color=colour)
            ends.append((means.index[-1], means.iloc[-1], name(label), colour))
        ax.set(xlabel="strength of edge enhancement", ylabel=unit)
        if metric == "sharpness":
            ax.axhline(1, color=INK, lw=1, ls=":")
            ax.annotate("HR", (0, 1), (2, 3), textcoords="offset points", fontsize=9.5)
        labels.at_ends(ax, ends)
    first = "srcnn" if ("srcnn", "psnr") in best else next(iter(best))[0]
    words = (
        f"{name(first)}'s PSNR is best at strength {best[first, 'psnr']:g}, its SSIM at {best[first, 'ssim']:g}; "
        f"it is as sharp as HR at {best[first, 'sharpness']:g}"
    )
    listed = "; ".join(f"{name(arm)}, {metric}: {value:g}" for (arm, metric), value in best.items())
    return headline(fig, title or words, f"Three line plots over the filter's strength, 0 to 1. Best at: {listed}.")


def filter_gain(strengths, title: str = ""):
    """What edge enhancement multiplies a horizontal wave by, over its frequency, for each strength."""
    fig, (ax,) = axes(380, width=760)
    frequency = np.linspace(0, 0.5, 200)
    ends = []
    for shade, strength in zip(np.linspace(0.7, 0.1, len(strengths)), strengths, strict=True):
        gains = filters.wave_gain(frequency, strength)
        ax.plot(frequency, gains, color=str(shade), label=f"{strength:g}")
        ends.append((0.5, gains[-1], f"strength {strength:g}", str(shade)))
    ax.set(xlabel="frequency / cycles per HR pixel", ylabel="gain", xlim=(0, 0.5))
    _nyquist(ax, 0.94)
    labels.at_ends(ax, ends)
    at = filters.wave_gain(np.array([NYQUIST]), strengths[-1])[0]
    words = title or (
        f"At strength {strengths[-1]:g} the filter multiplies the finest waves by {gains[-1]:.0f}, "
        f"and those at LR's Nyquist frequency by {at:.1f}"
    )
    return headline(fig, words, f"Gain over frequency, a curve per strength, from 1 at frequency 0. {words}.")


def ripple_response(observed: pd.DataFrame, first_layer: pd.DataFrame, title: str = ""):
    """Left: each arm's gain from bilinear image to SR over a ripple's frequency, with a band from the tenth to the
    ninetieth percentile of seeds and images. Right: the gain of the learnt first layer alone; both on one scale.

    Parameters
    ----------
    observed : rows of `probes.response`; the columns `gain <frequency>` are in dB.
    first_layer : rows of `probes.first_layer`: `arm`, `seed`, `frequency`, and `spectrum`, a gain that is no dB.
    """
    fig, (left, right) = axes(420, 2, sharey=True)
    columns = [c for c in observed if c.startswith("gain ")]
    frequencies = np.array([float(c.removeprefix("gain ")) for c in columns])
    lift = 20 * np.log10(filters.wave_gain(frequencies, strength=1))
    means = observed.groupby("arm", sort=False)[columns].mean()
    ends = []
    for label, rows in observed.groupby("arm", sort=False):
        gains, colour = rows[columns], look(label)["color"]
        left.plot(frequencies, means.loc[label], **look(label, marker=False))
        left.fill_between(frequencies, gains.quantile(0.1), gains.quantile(0.9), color=colour, alpha=0.13, lw=0)
        ends.append((frequencies[-1], means.loc[label].iloc[-1], name(label), colour))
    undone = means.loc["srcnn"] + lift
    left.plot(frequencies, undone, color="#999999", lw=1.2)
    ends.append((frequencies[-1], undone.iloc[-1], "SRCNN, were the\nfilter not undone", "#888888"))
    kernels = 20 * np.log10(first_layer.groupby(["arm", "frequency"], sort=False).spectrum.mean())
    ends_of_kernels = []
    for label, gains in kernels.groupby("arm", sort=False):
        gains = gains.droplevel("arm")
        right.plot(gains.index, gains, **look(label, marker=False))
        ends_of_kernels.append((gains.index[-1], gains.iloc[-1], name(label), look(label)["color"]))
    for ax, what in ((left, "whole network, filter included"), (right, "first layer alone")):
        ax.set(xlabel="frequency / cycles per HR pixel", title=what)
        _nyquist(ax, 0.01)
    left.set_ylabel("gain / dB")
    labels.at_ends(left, ends)
    labels.at_ends(right, ends_of_kernels)
    up_to = frequencies <= NYQUIST
    apart = float((means.loc["srcnn_edge_input"] - means.loc["srcnn"])[up_to].mean())
    undoes = "undoes" if abs(apart) < lift[up_to].mean() / 10 else "does not undo"  # all but a tenth of it
    words = title or (
        f"The network {undoes} the filter: up to LR's Nyquist frequency the arms' mean gains differ by "
        f"{signed(apart, '+.1f')} dB, where the filter alone lifts by {lift[up_to].mean():.1f} dB"
    )
    return headline(fig, words, f"Gain in dB over frequency for each arm. {words}.")


def _nyquist(ax, height: float) -> None:
    ax.axvline(NYQUIST, color="#888888", ls="--", lw=1.1)
    ax.annotate(
        "LR's Nyquist frequency", (NYQUIST, height), (4, 2), xycoords=("data", "axes fraction"),
        textcoords="offset points", fontsize=9, color=GREY,
    )  # fmt: skip
