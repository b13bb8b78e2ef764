"""Charts of what was measured: learning curves, trade-offs, strengths, frequencies."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from sr_utils import filters
from sr_utils.claims.statistics import compare, signed
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


def curves(runs, column: str = "val_mse", unit: str = "validation MSE / grey levels²", levels: Mapping = {},
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
    late = epochs[epochs >= epochs[0] + 2 / 3 * (epochs[-1] - epochs[0])]
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
    end.set_xlim(late[0], late[-1] if len(late) > 1 else late[0] + 1)
    for ax in (whole, end):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finals = {label: mean.iloc[-1] for label, mean in means.items()}
    labels.at_ends(end, [(epochs[-1], v, f"{name(k)}  {v:.1f}", look(k)["color"]) for k, v in finals.items()])
    ranked = sorted(finals, key=finals.get)
    if len(ranked) > 1:
        words = (
            f"{name(ranked[0])} ends lowest, at {finals[ranked[0]]:.1f} grey levels²; "
            f"{name(ranked[-1])} highest, at {finals[ranked[-1]]:.1f}"
        )
    else:
        (curve,) = means.values()
        done = (curve.iloc[0] - curve) / (curve.iloc[0] - curve.iloc[-1])
        shares = [f"{done[max(1, round(s * epochs[-1]))]:.0%} of it {w}".replace("%", " %") for s, w in marks.items()]
        words = f"{name(ranked[0])}'s loss falls to {curve.iloc[-1]:.1f} grey levels²" + "".join(
            f"{'; ' if i == 0 else ', '}{share}" for i, share in enumerate(shares)
        )
    order = ", ".join(f"{name(label)} {finals[label]:.1f}" for label in ranked)
    return headline(fig, title or words, f"{unit} over epochs. At the end, lowest first: {order}.")


def _trade_off(ax, scores, reference, metric):
    """PSNR against another metric, a mark per arm with the interval of its difference to the reference in both."""
    sides = {m: compare(scores, reference, m) for m in ("psnr", metric)}
    points, boxes = [], []
    for label in sides["psnr"].index:
        x, y = (sides[m].loc[label] for m in ("psnr", metric))
        ax.plot(x.psnr, y[metric], ms=9, **look(label))
        points.append((x.psnr, y[metric], name(label), look(label)["color"]))
        if label != reference:
            left, right = x.psnr - x.difference + x.low, x.psnr - x.difference + x.high
            bottom, top = y[metric] - y.difference + y.low, y[metric] - y.difference + y.high
            boxes += [(left, y[metric], right, y[metric]), (x.psnr, bottom, x.psnr, top)]
            ax.plot([left, right], [y[metric]] * 2, color=look(label)["color"], lw=1.2)
            ax.plot([x.psnr] * 2, [bottom, top], color=look(label)["color"], lw=1.2)
    ax.margins(0.15, 0.25)
    return points, boxes


def planes(scores: pd.DataFrame, reference: str = "srcnn", title: str = ""):
    """The perception–distortion plane (Blau & Michaeli, 2018, arXiv:1711.06077): PSNR against sharpness and GMSD.

    `scores` as `evaluation.score_all` returns them. The bars are 95 % intervals of the difference to the reference.
    """
    fig, (left, right) = axes(440, 2)
    panels = ((left, "sharpness", SHARPNESS, 1), (right, "gmsd", "GMSD, distance to HR", -1))
    for ax, metric, unit, good in panels:
        points, boxes = _trade_off(ax, scores, reference, metric)
        ax.set(xlabel="PSNR / dB", ylabel=unit)
        labels.better(ax, 1, good)
        labels.at_points(ax, points, boxes)
    means = scores.groupby("arm", sort=False)[["psnr", "sharpness", "gmsd"]].mean()
    most = {m: name(means[m].idxmax()) for m in ("psnr", "sharpness")} | {"gmsd": name(means["gmsd"].idxmin())}
    words = f"Highest PSNR: {most['psnr']}. Sharpest: {most['sharpness']}. Nearest to HR by GMSD: {most['gmsd']}."
    listed = "; ".join(
        f"{name(k)}: {r.psnr:.2f} dB, sharpness {r.sharpness:.2f}, GMSD {r.gmsd:.3f}" for k, r in means.iterrows()
    )
    return headline(fig, title or words, f"Two scatter plots of PSNR against sharpness and against GMSD. {listed}.")


def sweep(scores: pd.DataFrame, title: str = ""):
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


def gain(strengths, title: str = ""):
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


def response(observed: pd.DataFrame, first_layer: Mapping, title: str = ""):
    """Left: each arm's gain from bilinear image to SR over a ripple's frequency, with a band from the tenth to the
    ninetieth percentile of seeds and images. Right: the gain of the learnt first layer alone; both on one scale.

    Parameters
    ----------
    observed : rows of `probes.response`; the columns `gain <frequency>` are in dB.
    first_layer : label -> (frequencies, gain in dB), each float (n,).
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
    for label, (f, decibels) in first_layer.items():
        right.plot(f, decibels, **look(label, marker=False))
    for ax, what in ((left, "whole network, filter included"), (right, "first layer alone")):
        ax.set(xlabel="frequency / cycles per HR pixel", title=what)
        _nyquist(ax, 0.01)
    left.set_ylabel("gain / dB")
    labels.at_ends(left, ends)
    labels.at_ends(right, [(f[-1], d[-1], name(k), look(k)["color"]) for k, (f, d) in first_layer.items()])
    up_to = frequencies <= NYQUIST
    apart = float((means.loc["srcnn_edge_input"] - means.loc["srcnn"])[up_to].mean())
    words = title or (
        f"The network undoes the filter: up to LR's Nyquist frequency the arms' mean gains differ by "
        f"{signed(apart, '+.1f')} dB, where the filter alone lifts by {lift[up_to].mean():.1f} dB"
    )
    return headline(fig, words, f"Gain in dB over frequency for each arm. {words}.")


def _nyquist(ax, height: float) -> None:
    ax.axvline(NYQUIST, color="#888888", ls="--", lw=1.1)
    ax.annotate(
        "LR's Nyquist frequency", (NYQUIST, height), (4, 2), xycoords=("data", "axes fraction"),
        textcoords="offset points", fontsize=9, color=GREY,
    )  # fmt: skip


def front(costs, values) -> list[int]:
    """Positions of the points that no other point beats in both, by rising cost (Pareto's front)."""
    best, kept = -np.inf, []
    for i in np.lexsort((-np.asarray(values), np.asarray(costs))):
        if values[i] > best:
            best = values[i]
            kept.append(int(i))
    return kept


def quality_against_cost(ours: pd.DataFrame, published: pd.DataFrame, shipped: pd.DataFrame | None = None,
                         title: str = ""):  # fmt: skip
    """PSNR against parameters and against multiply–adds per output pixel, with the front of each group.

    Filled marks are this study's arms, hollow ones published networks, stars the trained weights that come with it.

    Parameters
    ----------
    ours, shipped : indexed by arm, columns `parameters`, `macs`, and `Set5` or, where it was not scored, `psnr` (the
        mean over all images; then nothing published is shown).
    published : indexed by network, the same columns.
    """
    metric = "Set5" if "Set5" in ours else "psnr"
    if metric == "psnr":
        published, shipped = published[:0], None
    fig, panels = axes(560, 2, sharey=True)
    for ax, column in zip(panels, ("parameters", "macs"), strict=True):
        points = []
        theirs = published.dropna(subset=[column, metric])
        for group, colour, style in ((theirs, "#888888", "-"), (ours, "#EE7733", "-")):
            kept = group.iloc[front(group[column].to_numpy(), group[metric].to_numpy())]
            ax.plot(kept[column], kept[metric], color=colour, lw=6, alpha=0.2, ls=style, zorder=0)
        for label, row in ours.iterrows():
            ax.plot(row[column], row[metric], ms=8, **look(label))
            points.append((row[column], row[metric], name(label), look(label)["color"]))
        for label, row in () if shipped is None else shipped.iterrows():
            ax.plot(row[column], row[metric], "*", ms=15, mec="white", color=look(label)["color"])
            points.append((row[column], row[metric], f"{name(label)}, shipped", look(label)["color"]))
        for label, row in theirs.iterrows():
            ax.plot(row[column], row[metric], "o", ms=7, mfc="white", color="#888888")
            points.append((row[column], row[metric], f"{label}, published" if label == "SRCNN" else label, GREY))
        ax.set(xscale="log")
        ax.set_xlabel({"parameters": "parameters", "macs": "multiply–adds per output pixel"}[column])
        ax.margins(0.1, 0.08)
        ax.xaxis.set_minor_formatter("")
        labels.better(ax, -1, 1)
        labels.at_points(ax, points)
    panels[0].set_ylabel(f"PSNR on {metric if metric == 'Set5' else 'all images'} / dB")
    best, first = ours[metric].idxmax(), ours.loc["srcnn"] if "srcnn" in ours.index else ours.iloc[0]
    words = title or (
        f"{name(best)} is the best arm: {ours[metric][best]:.2f} dB, {ours[metric][best] - first[metric]:.2f} dB above "
        f"SRCNN, at {ours.macs[best] / first.macs:.2g} times its multiply–adds"
    )
    listed = "; ".join(f"{name(k)} {r[metric]:.2f} dB, {r.macs:,.0f} multiply–adds" for k, r in ours.iterrows())
    return headline(fig, words, f"PSNR against cost, two scatter plots. {listed}.")
