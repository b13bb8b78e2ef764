"""What is won against what it costs: PSNR beside perceptual measures, and beside parameters and multiply–adds."""

import numpy as np
import pandas as pd

from sr_utils.claims.statistics import compare
from sr_utils.plots import labels
from sr_utils.plots.charts import SHARPNESS, axes
from sr_utils.plots.style import GREY, headline, look, name


def _trade_off(ax, scores, reference, metric):
    """PSNR against another metric, a mark per arm with the interval of its difference to the reference in both."""
    sides = {m: compare(scores, reference, m) for m in ("psnr", metric)}
    points, boxes = [], []
    for label in sides["psnr"].index:
        x, y = (sides[m].loc[label] for m in ("psnr", metric))
        ax.plot(x.psnr, y[metric], ms=9, **look(label))
        points.append((x.psnr, y[metric], name(label), look(label)["color"]))
        if label != reference and np.isfinite([x.low, x.high, y.low, y.high]).all():
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
        published, shipped = published[:0].reindex(columns=["parameters", "macs", metric]), None
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
