"""Line charts with each curve's name at its end, and the curves of training."""

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, MaxNLocator
from scipy.optimize import isotonic_regression

from sr_utils.plots.style import GREY, PIXEL, axes, headline, legible, look, name, styled

FAR = 1.25  # times the lowest final loss, 1 dB: a curve above that is named, and not drawn in the last third
COLLAPSED = 3  # times the lowest final loss of an arm's seeds: their mean would be of no network
BAND = "#ececec"  # of margins


def curve(ax, label: str, samples: pd.DataFrame, band: tuple = (0, 1), text: str = "") -> pd.Series:
    """Draw the mean of the samples (one a row) over the columns, and a band between two quantiles; return the mean."""
    mean = samples.mean()
    ax.plot(mean.index, mean, label=text or name(label), **look(label, marker=False))
    ax.fill_between(mean.index, *map(samples.quantile, band), color=look(label)["color"], alpha=0.13, lw=0)
    return mean


def spaced(positions, gap: float) -> np.ndarray:
    """Positions moved as little as possible (in squares) until neighbours are `gap` apart: float (n,)."""
    ordered = pd.Series(positions, dtype=float).sort_values(kind="stable")
    steps = gap * np.arange(len(ordered))
    return pd.Series(isotonic_regression(ordered - steps).x + steps, ordered.index).sort_index().to_numpy()


def label_ends(ax) -> None:
    """Write each curve's label at the right of its last point. Axes limits must be final."""
    lines, labels = ax.get_legend_handles_labels()
    ends = [line.get_xydata()[-1] for line in lines]
    colours = [legible(line.get_color()) for line in lines]
    place = {"xytext": (10, 0), "textcoords": "offset points", "va": "center"}
    notes = [ax.annotate(*each, color=colour, **place) for *each, colour in zip(labels, ends, colours, strict=True)]
    ax.figure.draw_without_rendering()  # the layout makes room for the labels
    heights = ax.transData.transform(ends)[:, 1]
    for note, up in zip(notes, spaced(heights, gap=15) - heights, strict=True):
        note.set_position((10, up * PIXEL))


def mark(ax, x: float, text: str, y: float) -> None:
    """A vertical line with a text at its right, at a share y of the axes' height."""
    ax.axvline(x, color="#888888", ls="--", lw=1.2)
    place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (x, y), (4, 0), color=GREY, **place)


@styled()
def loss_curves(runs, band: tuple = ()):
    """Validation MSE over epochs, one curve per arm: the whole schedule at the left, its last third at the right.

    A curve is the mean over an arm's seeds, and its band reaches from the lowest seed to the highest; where some seeds
    collapsed, each has a curve of its own. `band` (lowest, highest, words) becomes a grey margin. The last third leaves
    out curves that end more than a quarter above the lowest, and names them.
    """
    fig, (whole, end) = axes(430, columns=2, width_ratios=(1.35, 1))
    curves = [(label, words, samples, samples.iloc[:, -1].mean()) for label, words, samples in _curves(runs)]
    best, *_, worst = sorted([(final, words) for _, words, _, final in curves] * 2)
    first = curves[0][2].mean()
    epochs, far = len(first), []
    for label, words, samples, final in curves:
        curve(whole, label, samples)
        if final > FAR * best[0]:
            far.append(f"not drawn: {words}  {final:,.1f}")
        else:
            curve(end, label, samples.iloc[:, min(-2, -epochs // 3) :], text=f"{words}  {final:,.1f}")
    place = {"xycoords": "axes fraction", "ha": "right", "va": "top", "color": GREY}
    end.annotate("\n".join(far), (1, 1), **place)
    if band:
        for ax in (whole, end):
            ax.axhspan(*band[:2], color=BAND, zorder=0)
        above = end.dataLim.y1 > band[1]  # the words stand where no curve is
        at = (end.dataLim.x0, band[0]) if above else (epochs, band[1])
        sides = {"ha": "left", "va": "bottom"} if above else {"ha": "right", "va": "top"}
        end.annotate(band[2], at, (0, 4 if above else -4), textcoords="offset points", color=GREY, **sides)
    unit = "MSE on the validation crops / grey levels²"
    whole.set(xlabel=f"epoch ({runs[0].config['profile']['steps']:,} steps each)", ylabel=f"{unit}, logarithmic")
    whole.set(yscale="log", title="the whole schedule")
    low, high = whole.get_ylim()
    whole.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)) if high > 2 * low else MaxNLocator(5))
    whole.yaxis.set_major_formatter("{x:,.0f}")
    whole.yaxis.set_minor_formatter("")
    end.set(xlabel="epoch", title="its last third, enlarged")
    for ax in (whole, end):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_ends(end)
    title = f"On the validation crops, {best[1]} ends lowest, at {best[0]:,.1f} grey levels²; "
    title += f"{worst[1]} highest, at {worst[0]:,.1f}"
    if len(curves) == 1:
        title = f"{best[1]}'s loss falls from {first.iloc[0]:,.1f} to {best[0]:,.1f} grey levels² "
        title += "on the validation crops"
    return headline(fig, title, f"Line plots of {unit} over epochs")


def _curves(runs):
    """(label, words, losses: a row per seed) of each arm, or of each seed of an arm of which some collapsed."""
    for label in dict.fromkeys(run.label for run in runs):
        losses = {run.config["seed"]: run.history["val_mse"] for run in runs if run.label == label}
        samples = pd.DataFrame(losses).T
        if samples.iloc[:, -1].max() <= COLLAPSED * samples.iloc[:, -1].min():
            yield label, name(label), samples
        else:
            yield from ((label, f"{name(label)}, seed {seed}", samples.loc[[seed]]) for seed in losses)
