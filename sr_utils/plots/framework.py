"""The study on one page: a hand-drawn diagram, the only figure that is not made from a model or a run."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from sr_utils.plots.diagrams import COLOURS
from sr_utils.plots.style import DPI


def draw():
    """The five studies on one pipeline: LR -> up-sampling -> network -> SR, compared with HR by the loss."""
    stages = [
        ("LR", "image", "h × w"),
        ("up-sampling\n×4", "up", "study 2: where?"),
        ("enhance\nedges?", "merge", "study 5"),
        ("network", "conv", "1: SRCNN · 3: residual, inception"),
        ("enhance\nedges?", "merge", "study 5"),
        ("SR", "image", "4h × 4w"),
    ]
    fig, ax = plt.subplots(figsize=(9, 3.2), dpi=DPI)
    fig.subplots_adjust(0.01, 0.06, 0.99, 0.99)
    width, step = 1.25, 1.75
    for i, (words, kind, below) in enumerate(stages):
        ax.add_patch(
            FancyBboxPatch(
                (i * step, 0), width, 0.9, boxstyle="round,pad=0,rounding_size=0.08", fc=COLOURS[kind], ec="#555555"
            )
        )
        ax.text(i * step + width / 2, 0.45, words, ha="center", va="center", fontsize=9)
        ax.text(i * step + width / 2, -0.12, below, ha="center", va="top", fontsize=7.5, color="#555555")
        if i:
            ax.add_patch(
                FancyArrowPatch(
                    (i * step - step + width, 0.45),
                    (i * step, 0.45),
                    arrowstyle="-|>",
                    mutation_scale=10,
                    color="#444444",
                    shrinkA=0,
                    shrinkB=0,
                )
            )
    last = (len(stages) - 1) * step
    for x, y, words, kind in ((last, 1.9, "HR", "image"), (last - 2 * step, 1.9, "loss", "down")):
        ax.add_patch(
            FancyBboxPatch(
                (x, y), width, 0.7, boxstyle="round,pad=0,rounding_size=0.08", fc=COLOURS[kind], ec="#555555"
            )
        )
        ax.text(x + width / 2, y + 0.35, words, ha="center", va="center", fontsize=9)
    ax.text(
        last - 2 * step + width / 2,
        2.68,
        "study 4: MSE, MAE, perceptual",
        ha="center",
        va="bottom",
        fontsize=7.5,
        color="#555555",
    )
    arrows = (
        ((last, 2.2), (last - 2 * step + width, 2.2), "arc3"),
        ((last + width / 2, 0.9), (last - 2 * step + width, 2.05), "arc3"),
        ((last - 2 * step + width / 2, 1.9), (3 * step + width / 2, 0.9), "arc3"),
    )
    for start, end, bend in arrows:
        ax.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle="-|>",
                mutation_scale=10,
                connectionstyle=bend,
                color="#444444",
                shrinkA=0,
                shrinkB=0,
            )
        )
    over = [
        (last + width / 2, 2.6),
        (last + width / 2, 3.1),
        (width / 2, 3.1),
        (width / 2, 0.9),
    ]  # HR -> LR, above the loss
    ax.add_patch(FancyArrowPatch(path=Path(over), arrowstyle="-|>", mutation_scale=10, color="#444444"))
    ax.text(width / 2 + 0.15, 3.14, "antialiased bicubic ÷4", fontsize=7.5, color="#555555", va="bottom")
    ax.text(3 * step + width / 2 - 0.08, 1.45, "gradient", fontsize=7.5, color="#555555", ha="right")
    ax.set(xlim=(-0.15, last + width + 0.15), ylim=(-0.45, 3.45))
    ax.axis("off")
    return fig
