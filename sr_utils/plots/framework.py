"""The study on one page: the only figure that is made neither from a network nor from a run."""

import matplotlib.pyplot as plt

from sr_utils.plots.diagrams import arrow, box
from sr_utils.plots.style import DPI, GREY, headline

WIDTH, HEIGHT, BOX, STEP = 1040, 330, 124, 180  # pixels
MAIN, UPPER = 70, 220  # y of the two lines of boxes

#: Along the main line: words, kind of box, what is studied there.
STAGES = (
    ("LR", "image", "h × w"),
    ("up-sampling\n×4", "up", "02: where?"),
    ("enhance\nedges?", "filter", "05: before"),
    ("network", "conv", "01: SRCNN · 03: depth, width"),
    ("enhance\nedges?", "filter", "05: after"),
    ("SR", "image", "4h × 4w"),
)


def study_diagram(title: str = "Five studies of one pipeline: each changes one box and leaves the others alone"):
    """LR -> up-sampling -> network -> SR, compared with HR by the loss; the notebooks' numbers at what they change."""
    fig = plt.figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
    ax.axis("off")
    at = [BOX / 2 + 8 + i * STEP for i in range(len(STAGES))]
    for i, (words, kind, below) in enumerate(STAGES):
        box(ax, at[i], MAIN, BOX, 64, words, kind, size=11)
        ax.text(at[i], MAIN - 40, below, ha="center", va="top", fontsize=9.5, color=GREY)
        if i:
            arrow(ax, (at[i - 1] + BOX / 2, MAIN), (at[i] - BOX / 2, MAIN))
    box(ax, at[5], UPPER, BOX, 56, "HR", "image", size=11)
    box(ax, at[3], UPPER, BOX, 56, "loss", "loss", size=11)
    ax.text(at[3], UPPER + 34, "04: MSE, MAE, perceptual", ha="center", va="bottom", fontsize=9.5, color=GREY)
    arrow(ax, (at[5] - BOX / 2, UPPER + 10), (at[3] + BOX / 2, UPPER + 10))  # HR to the loss
    arrow(ax, (at[5], MAIN + 32), (at[5], 150), (at[4], 150), (at[4], UPPER - 10), (at[3] + BOX / 2, UPPER - 10))
    arrow(ax, (at[3], UPPER - 28), (at[3], MAIN + 32))
    ax.text(at[3] + 8, 146, "gradient", fontsize=9.5, color=GREY, va="center")
    arrow(ax, (at[5], UPPER + 28), (at[5], HEIGHT - 22), (at[0], HEIGHT - 22), (at[0], MAIN + 32))  # HR to LR
    ax.text(at[0] + 8, HEIGHT - 26, "antialiased bicubic ÷4", fontsize=9.5, color=GREY, va="top")
    return headline(
        fig, title,
        "Flow chart: HR is scaled down to LR; LR goes through up-sampling, edge enhancement, the network and edge "
        "enhancement again to SR; the loss compares SR with HR. Studies 01 and 03 change the network, 02 the "
        "up-sampling, 04 the loss, 05 the edge enhancement.",
    )  # fmt: skip
