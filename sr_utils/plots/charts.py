"""Line charts with each curve's name at its end: of training, of the filter's strength, and over frequency."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, MaxNLocator
from scipy.optimize import isotonic_regression

from sr_utils import filters
from sr_utils.claims.observations import best_strengths, share_of_fall
from sr_utils.claims.statistics import signed
from sr_utils.data.images import SCALE
from sr_utils.plots.style import GREY, axes, headline, legible, look, name

NYQUIST = 0.5 / SCALE  # cycles per HR pixel
SHARPNESS = "sharpness / share of HR's high-frequency power"


def curve(ax, label: str, samples: pd.DataFrame, band: tuple = (0, 1), text: str = "") -> pd.Series:
    """Draw the mean of the samples (one a row) over the columns, and a band between two quantiles; return the mean."""
    mean = samples.mean()
    ax.plot(mean.index, mean, label=text or name(label), **look(label, marker=False))
    ax.fill_between(mean.index, *map(samples.quantile, band), color=look(label)["color"], alpha=0.13, lw=0)
    return mean


def spaced(positions, gap: float) -> np.ndarray:
    """Positions moved as little as possible (in squares) until neighbours are `gap` apart: float (n,)."""
    positions = np.asarray(positions, float)
    order = np.argsort(positions, kind="stable")
    steps = gap * np.arange(len(positions))
    moved = np.empty_like(positions)
    moved[order] = isotonic_regression(positions[order] - steps).x + steps
    return moved


def label_ends(ax) -> None:
    """Write each curve's label at the right of its last point. Axes limits must be final."""
    lines, labels = ax.get_legend_handles_labels()
    ends = [line.get_xydata()[-1] for line in lines]
    colours = [legible(line.get_color()) for line in lines]
    place = {"xytext": (14, 0), "textcoords": "offset pixels", "va": "center"}
    notes = [ax.annotate(*each, color=colour, **place) for *each, colour in zip(labels, ends, colours, strict=True)]
    ax.figure.draw_without_rendering()  # the layout makes room for the labels
    heights = ax.transData.transform(ends)[:, 1]
    for note, up in zip(notes, spaced(heights, gap=15) - heights, strict=True):
        note.set_position((14, up))


def mark(ax, x: float, text: str, y: float) -> None:
    """A vertical line with a text at its right, at a share y of the axes' height."""
    ax.axvline(x, color="#888888", ls="--", lw=1.2)
    place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (x, y), (4, 0), color=GREY, **place)


def loss_curves(runs, levels: Mapping = {}, marks: Mapping = {}):
    """Validation MSE over epochs, one curve per arm: the whole schedule at the left, its last third at the right.

    A curve is the mean over an arm's seeds, and its band reaches from the lowest seed to the highest. Of `runs`
    (`training.Run`s), `label`, `history` and `config` are read. `levels` (label -> loss of what is not trained) become
    horizontal lines, `marks` (share of the schedule -> words) vertical ones, with the first arm's share of its fall.
    The last third leaves out arms whose loss is more than three times the lowest, and names them.
    """
    fig, (whole, end) = axes(430, columns=2, width_ratios=(1.35, 1))
    labels = dict.fromkeys(run.label for run in runs)
    seeds = {label: pd.DataFrame([run.history["val_mse"] for run in runs if run.label == label]) for label in labels}
    means = {label: curve(whole, label, samples) for label, samples in seeds.items()}
    finals = pd.Series({label: mean.iloc[-1] for label, mean in means.items()}).sort_values()
    named = {label: f"{name(label)}  {loss:,.1f}" for label, loss in finals.items()}
    first = means[runs[0].label]
    epochs, far = len(first), finals.index[finals > 3 * finals.iloc[0]]
    for label in [each for each in labels if each not in far]:
        curve(end, label, seeds[label].iloc[:, min(-2, -epochs // 3) :], text=named[label])
    if len(far):
        place = {"xycoords": "axes fraction", "ha": "right", "va": "top", "color": GREY}
        end.annotate("\n".join(f"above: {named[label]}" for label in far), (1, 1), **place)
    for label, level in levels.items():
        whole.axhline(level, **look(label, marker=False))
        whole.annotate(name(label), (epochs, level), (0, 3), textcoords="offset points", ha="right", color=GREY)
    for share, words in marks.items():
        mark(whole, share * epochs, f"{100 * share_of_fall(first, share):.0f} % of the fall\n{words}", 0.94)
    steps, unit = runs[0].config["profile"]["steps"], "validation MSE / grey levels²"
    whole.set(xlabel=f"epoch ({steps:,} steps each)", ylabel=unit, yscale="log", title="the whole schedule")
    whole.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    whole.yaxis.set_major_formatter("{x:,.0f}")
    whole.yaxis.set_minor_formatter("")
    end.set(xlabel="epoch", title="its last third, enlarged")
    for ax in (whole, end):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_ends(end)
    best, worst = finals.index[[0, -1]]
    title = f"{name(best)} ends lowest, at {finals[best]:,.1f} grey levels²; "
    title += f"{name(worst)} highest, at {finals[worst]:,.1f}"
    if best == worst:
        title = f"{name(best)}'s loss falls from {first.iloc[0]:,.1f} to {finals[best]:,.1f} grey levels²"
    return headline(fig, title, f"Line plots of {unit} over epochs")


def strength_curves(scores: pd.DataFrame):
    """Strength of edge enhancement against PSNR, SSIM and sharpness, one line per arm; a ring marks each best value.

    `scores` as `evaluation.strength_sweep` returns them. The best sharpness is the one nearest to HR's.
    """
    fig, row = axes(380, columns=3)
    best = best_strengths(scores)
    for ax, metric, unit in zip(row, ("psnr", "ssim", "sharpness"), ("PSNR / dB", "SSIM", SHARPNESS), strict=True):
        for label, rows in scores.groupby("arm", sort=False):
            samples = rows.pivot(index=["seed", "set", "image"], columns="strength", values=metric)
            mean = curve(ax, label, samples, band=(0.5, 0.5))  # no band: images differ far more than strengths
            at = best[metric][label]
            ax.plot(at, mean[at], "o", ms=10, mfc="none", mew=1.8, color=look(label)["color"])
        ax.set(xlabel="strength of edge enhancement", ylabel=unit)
    row[2].axhline(1, label="HR", **look("hr", marker=False) | {"linestyle": ":", "linewidth": 1})
    for ax in row:
        label_ends(ax)
    arm = "srcnn" if "srcnn" in best.index else best.index[0]
    title = "{}'s PSNR is best at strength {psnr:g}, its SSIM at {ssim:g}; it is as sharp as HR at {sharpness:g}"
    title = title.format(name(arm), **best.loc[arm])
    return headline(fig, title, "PSNR, SSIM and sharpness over the filter's strength, three line plots")


def filter_gain(strengths):
    """By how much edge enhancement multiplies a horizontal wave, over the wave's frequency, for each strength."""
    fig, (ax,) = axes(380, width=760)
    frequency = np.append(np.linspace(0, 0.5, 200), NYQUIST)
    for shade, strength in zip(np.linspace(0.7, 0.1, len(strengths)), strengths, strict=True):
        *gains, at = filters.wave_gain(frequency, strength)
        ax.plot(frequency[:-1], gains, color=str(shade), label=f"strength {strength:g}")
    ax.set(xlabel="frequency / cycles per HR pixel", ylabel="gain", xlim=(0, 0.5))
    mark(ax, NYQUIST, "LR's Nyquist frequency", 0.96)
    label_ends(ax)
    title = f"At strength {strengths[-1]:g} the filter multiplies the finest waves by {gains[-1]:.0f}, "
    title += f"and those at LR's Nyquist frequency by {at:.1f}"
    return headline(fig, title, "The filter's gain over frequency, a curve per strength")


def ripple_response(observed: pd.DataFrame, first_layer: pd.DataFrame):
    """Gain over the frequency of a ripple: left from bilinear image to SR, right of the trained first layer alone.

    The band reaches from the tenth to the ninetieth percentile of seeds and images. `observed` are rows of
    `evaluation.response` (columns `gain <frequency>` in dB), `first_layer` those of `evaluation.first_layer`.
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
        mark(ax, NYQUIST, "LR's Nyquist frequency", 0.03)
        label_ends(ax)
    low = gains.columns <= NYQUIST
    apart = float((means["srcnn_edge_input"] - means["srcnn"])[low].mean())
    undoes = "undoes" if abs(apart) < lift[low].mean() / 10 else "does not undo"  # all but a tenth of it
    title = f"The network {undoes} the filter: up to LR's Nyquist frequency the arms' mean gains differ by "
    title += f"{signed(apart, '+.1f')} dB, where the filter alone lifts by {lift[low].mean():.1f} dB"
    return headline(fig, title, "Gain in dB over frequency for each arm, two line plots")
