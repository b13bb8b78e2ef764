"""Line charts with each curve's name at its end, and the curves of training."""

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, MaxNLocator
from scipy.optimize import isotonic_regression

from sr_utils.plots.style import GREY, PIXEL, axes, headline, legible, look, name, styled

FAR = 1.35  # times the lowest final loss, 1.3 dB: a curve above that is not drawn in the last third
COLLAPSED = 3  # times the lowest final loss of an arm's seeds: their mean would be of no network
BAND = "#e3eef7"  # of margins; bands of seeds are grey where their curve is


def curve(ax, label: str, samples: pd.DataFrame, band: tuple = (0, 1), text: str | None = None) -> pd.Series:
    """Draw the mean of the samples (one a row) over the columns, and a band between two quantiles; return the mean."""
    mean = samples.mean()
    ax.plot(mean.index, mean, label=name(label) if text is None else text, **look(label, marker=False))
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
    if not lines:
        return
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
    collapsed, each has a curve of its own. `band` (lowest, highest, words) becomes a pale margin. A curve that ends
    more than 1.3 dB above the lowest is named at the left, and not drawn at the right. The title compares all with the
    first arm.
    """
    fig, (whole, end) = axes(430, columns=2, width_ratios=(1.35, 1))
    curves = [(label, seed, samples, samples.iloc[:, -1].mean()) for label, seed, samples in _curves(runs)]
    lowest, first = min(final for *_, final in curves), curves[0][2].mean()
    epochs = len(first)
    for label, seed, samples, final in curves:
        words = f"{', '.join(filter(None, [name(label), seed]))}  {final:,.1f}"
        far = final > FAR * lowest
        curve(whole, label, samples, text=words if far else "")
        if not far:
            curve(end, label, samples.iloc[:, min(-2, -epochs // 3) :], text=words)
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
    end.set(xlabel="epoch", ylabel="MSE / grey levels², linear", title="its last third, enlarged")
    end.set_ylim(top=min(end.get_ylim()[1], 1.5 * lowest))
    for ax in (whole, end):
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        label_ends(ax)
    title = f"{name(curves[0][0])}'s loss falls from {first.iloc[0]:,.1f} to {first.iloc[-1]:,.1f} grey levels² "
    title += "on the validation crops"
    if len(curves) > 1:
        title = _compared(pd.DataFrame(curves, columns=["label", "seed", "samples", "loss"]))
    several = len(runs) > len({run.label for run in runs})
    key = "Line: mean of the seeds. Band: from the lowest seed to the highest." if several else ""
    key += " Where some seeds collapsed, each has a line." if any(seed for _, seed, *_ in curves) else ""
    key += f" Blue: {band[2]}." if band else ""
    return headline(fig, title, f"Line plots of {unit} over epochs", key)


def _compared(table: pd.DataFrame) -> str:
    """Which arms end with a lower loss than the first, and of which some seeds collapsed."""
    first, *others = table.label.unique()
    apart, ends = table.groupby("label").size() > 1, table.groupby("label").loss.mean().sort_values()
    below = [name(arm) for arm in ends.index[ends < ends[first]] if not apart[arm]]
    only, verb = "only " * (len(below) == 1 < len(others)), "end" if len(below) > 1 else "ends"
    title = f"{only}{', '.join(below) or 'no other arm'} {verb} with a lower squared error than {name(first)}"
    for arm in others:
        losses = table.loss[table.label == arm]
        if apart[arm]:
            lost = (losses > COLLAPSED * losses.min()).sum()
            title += f"; {name(arm)}: {lost} of {len(losses)} seeds collapse"
    return title


def _curves(runs):
    """(label, "", losses: a row per seed) of each arm; where some seeds collapsed, each seed with its name."""
    for label in dict.fromkeys(run.label for run in runs):
        losses = {run.config["seed"]: run.history["val_mse"] for run in runs if run.label == label}
        samples = pd.DataFrame(losses).T
        if samples.iloc[:, -1].max() <= COLLAPSED * samples.iloc[:, -1].min():
            yield label, "", samples
        else:
            yield from ((label, f"seed {seed}", samples.loc[[seed]]) for seed in losses)
