"""Curves with their names at their ends: of learning, of the strength of a filter, and over frequency."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from scipy.optimize import isotonic_regression

from sr_utils import filters
from sr_utils.claims.statistics import signed
from sr_utils.data.images import SCALE
from sr_utils.plots.style import GREY, INK, axes, headline, legible, look, name

NYQUIST = 0.5 / SCALE  # cycles per HR pixel
SHARPNESS = "sharpness / share of HR's high-frequency power"


def curve(ax, label: str, samples: pd.DataFrame, band: tuple | None = None, text: str = "") -> pd.Series:
    """Draw the mean of the samples (a row each) over the columns, with a band between two quantiles; the mean."""
    mean = samples.mean()
    ax.plot(mean.index, mean, label=text or name(label), **look(label, marker=False))
    if band:
        ax.fill_between(mean.index, *map(samples.quantile, band), color=look(label)["color"], alpha=0.13, lw=0)
    return mean


def spread(positions, gap: float) -> np.ndarray:
    """Positions moved as little as possible (in squares) until neighbours are `gap` apart: float (n,)."""
    positions = np.asarray(positions, float)
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(len(positions))
    moved = np.empty_like(positions)
    moved[order] = isotonic_regression(positions[order] - steps).x + steps
    return moved


def label_ends(ax) -> None:
    """What `ax.legend()` would list, at the right of each curve's last point. Axes limits must be final."""
    lines, texts = ax.get_legend_handles_labels()
    where = {"xytext": (14, 0), "textcoords": "offset pixels", "va": "center"}
    ends = [line.get_xydata()[-1] for line in lines]
    notes = [
        ax.annotate(text, end, color=legible(line.get_color()), **where)
        for text, end, line in zip(texts, ends, lines, strict=True)
    ]
    ax.figure.draw_without_rendering()  # the layout makes room for the labels
    pixels = ax.transData.transform(ends)[:, 1]
    for note, up in zip(notes, spread(pixels, gap=15) - pixels, strict=True):
        note.set_position((14, up))


def mark(ax, x: float, text: str, y: float, dashes: str = ":") -> None:
    """A vertical line with words at its right, at a share y of the axes' height."""
    ax.axvline(x, color="#888888", ls=dashes, lw=1.2)
    where = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (x, y), (4, 0), fontsize=9, color=GREY, **where)


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
    fig, (whole, end) = axes(430, columns=2, width_ratios=(1.35, 1))
    means, late = {}, []
    for label in dict.fromkeys(run.label for run in runs):
        seeds = pd.DataFrame([run.history[column] for run in runs if run.label == label])
        means[label] = curve(whole, label, seeds, band=(0, 1))
        curve(end, label, seeds, band=(0, 1), text=f"{name(label)}  {means[label].iloc[-1]:,.1f}")
        epochs = seeds.columns
        late.append(seeds.iloc[:, min(-2, -len(epochs) // 3) :])
    for label, level in levels.items():
        for ax in (whole, end):
            ax.axhline(level, **look(label, marker=False))
        whole.annotate(name(label), (epochs[-1], level), (0, 3), textcoords="offset points", ha="right", color=GREY)
    for share, words in marks.items():
        mark(whole, share * epochs[-1], words, 0.96)
    steps = runs[0].config["profile"]["steps"]
    whole.set(xlabel=f"epoch ({steps:,} steps each)", ylabel=unit, yscale="log", title="the whole schedule")
    whole.yaxis.set_minor_formatter("{x:g}")
    whole.yaxis.set_major_formatter("{x:g}")
    low, high = min(each.min(axis=None) for each in late), max(each.max(axis=None) for each in late)
    room = 0.06 * (high - low) or 1
    end.set(ylim=(low - room, high + room), xlabel="epoch", title="its last third, enlarged")
    end.set_xlim(late[0].columns[0] - (len(epochs) == 1), epochs[-1])
    for ax in (whole, end):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_ends(end)
    words = title or (_ranking(means) if len(means) > 1 else _fall(*means.items(), marks))
    return headline(fig, words, f"Line plots of {unit} over epochs")


def _ranking(means: Mapping) -> str:
    """Who ends lowest and highest."""
    finals = sorted((mean.iloc[-1], name(label)) for label, mean in means.items())
    (low, first), *_, (high, last) = finals
    return f"{first} ends lowest, at {low:,.1f} grey levels²; {last} highest, at {high:,.1f}"


def _fall(item, marks: Mapping) -> str:
    """How far the only curve falls, and how much of it is done at each mark."""
    label, mean = item
    done = (mean.iloc[0] - mean) / (mean.iloc[0] - mean.iloc[-1])
    shares = [f"{100 * done[max(1, round(s * mean.index[-1]))]:.0f} % {after}" for s, after in marks.items()]
    fall = f"{name(label)}'s loss falls to {mean.iloc[-1]:,.1f} grey levels²"
    return f"{fall}; of the fall, {', and '.join(shares)}" if shares else fall


def strength_curves(scores: pd.DataFrame, title: str = ""):
    """Strength of edge enhancement against PSNR, SSIM and sharpness, one line per arm; a ring marks each best value.

    `scores` as `evaluation.strength_sweep` returns them. The best sharpness is the one nearest to HR's.
    """
    panels = {"psnr": "PSNR / dB", "ssim": "SSIM", "sharpness": SHARPNESS}
    fig, row = axes(380, columns=3)
    best = {}
    for ax, (metric, unit) in zip(row, panels.items(), strict=True):
        for label, rows in scores.groupby("arm", sort=False):
            mean = curve(ax, label, rows.pivot(index=["seed", "set", "image"], columns="strength", values=metric))
            at = best[label, metric] = ((mean - 1).abs() if metric == "sharpness" else -mean).idxmin()
            ax.plot(at, mean[at], "o", ms=10, mfc="none", mew=1.8, color=look(label)["color"])
        ax.set(xlabel="strength of edge enhancement", ylabel=unit)
        if metric == "sharpness":
            ax.axhline(1, color=INK, lw=1, ls=":")
            ax.annotate("HR", (0, 1), (2, 3), textcoords="offset points")
        label_ends(ax)
    first = "srcnn" if ("srcnn", "psnr") in best else next(iter(best))[0]
    words = title or (
        f"{name(first)}'s PSNR is best at strength {best[first, 'psnr']:g}, its SSIM at {best[first, 'ssim']:g}; "
        f"it is as sharp as HR at {best[first, 'sharpness']:g}"
    )
    return headline(fig, words, "PSNR, SSIM and sharpness over the filter's strength, three line plots")


def filter_gain(strengths, title: str = ""):
    """What edge enhancement multiplies a horizontal wave by, over its frequency, for each strength."""
    fig, (ax,) = axes(380, width=760)
    frequency = np.append(np.linspace(0, 0.5, 200), NYQUIST)
    for shade, strength in zip(np.linspace(0.7, 0.1, len(strengths)), strengths, strict=True):
        *gains, at = filters.wave_gain(frequency, strength)
        ax.plot(frequency[:-1], gains, color=str(shade), label=f"strength {strength:g}")
    ax.set(xlabel="frequency / cycles per HR pixel", ylabel="gain", xlim=(0, 0.5))
    mark(ax, NYQUIST, "LR's Nyquist frequency", 0.96, "--")
    label_ends(ax)
    words = title or (
        f"At strength {strengths[-1]:g} the filter multiplies the finest waves by {gains[-1]:.0f}, "
        f"and those at LR's Nyquist frequency by {at:.1f}"
    )
    return headline(fig, words, "The filter's gain over frequency, a curve per strength")


def ripple_response(observed: pd.DataFrame, first_layer: pd.DataFrame, title: str = ""):
    """Gain over a ripple's frequency: left from bilinear image to SR, right of the learnt first layer, on one scale.

    The band reaches from the tenth to the ninetieth percentile of seeds and images.

    Parameters
    ----------
    observed : rows of `probes.response`; the columns `gain <frequency>` are in dB.
    first_layer : rows of `probes.first_layer`: `arm`, `seed`, `frequency`, and `spectrum`, a gain that is no dB.
    """
    fig, (left, right) = axes(420, columns=2, sharey=True)
    gains = observed.set_index("arm").filter(like="gain ")
    gains.columns = gains.columns.str.removeprefix("gain ").astype(float)
    lift = 20 * np.log10(filters.wave_gain(gains.columns.to_numpy(), strength=1))
    means = {label: curve(left, label, rows, (0.1, 0.9)) for label, rows in gains.groupby(level=0, sort=False)}
    left.plot(gains.columns, means["srcnn"] + lift, color="#999999", lw=1.2, label="SRCNN, were the\nfilter not undone")
    for label, rows in first_layer.groupby("arm", sort=False):
        spectrum = rows.pivot(index="seed", columns="frequency", values="spectrum")
        curve(right, label, 20 * np.log10(spectrum.mean().to_frame().T))
    left.set(ylabel="gain / dB", title="whole network, filter included")
    right.set(title="first layer alone")
    for ax in (left, right):
        ax.set_xlabel("frequency / cycles per HR pixel")
        mark(ax, NYQUIST, "LR's Nyquist frequency", 0.03, "--")
        label_ends(ax)
    up_to = gains.columns <= NYQUIST
    apart = float((means["srcnn_edge_input"] - means["srcnn"])[up_to].mean())
    undoes = "undoes" if abs(apart) < lift[up_to].mean() / 10 else "does not undo"  # all but a tenth of it
    words = title or (
        f"The network {undoes} the filter: up to LR's Nyquist frequency the arms' mean gains differ by "
        f"{signed(apart, '+.1f')} dB, where the filter alone lifts by {lift[up_to].mean():.1f} dB"
    )
    return headline(fig, words, "Gain in dB over frequency for each arm, two line plots")
