"""Block diagrams: of networks, from the Keras graph itself, so that they cannot drift from the code; of the study."""

from itertools import pairwise

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from sr_utils.plots.graphs import columns_and_sizes, describe, graph
from sr_utils.plots.style import DPI, GREY, headline, name

#: What a box does decides its colour; its words say the same.
COLOURS = {
    "image": "#f0f0f0",
    "conv": "#cfe0f3",
    "up": "#fbd9b5",
    "down": "#e6c3d6",
    "merge": "#d5ead0",
    "filter": "#f3e79b",
    "loss": "#ddd3ee",
}
BOX, STEP, GATE = 82, 96, 22  # pixels: a box's width, from one to the next, and extra room where a block begins or ends
TALL = {1: 58, 2: 84, 4: 110}  # pixels: a box's height by the size of its output, in LR pixels
LOW = 40  # pixels: the height of a box that shares its column
LANE = 26  # pixels between two lines that pass above


def canvas(width: float, height: float):
    """A figure of so many pixels, and axes over all of it whose unit is a pixel."""
    fig = plt.figure(figsize=(width / DPI, height / DPI))
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return fig, ax


def box(ax, x, y, width, height, words, kind, size=9):
    """A box with its centre at (x, y)."""
    corner = height / 2.2 if kind == "merge" and len(words) == 1 else 6
    style = f"round,pad=0,rounding_size={min(corner, width / 2.2)}"
    where = (x - width / 2, y - height / 2)
    ax.add_patch(FancyBboxPatch(where, width, height, boxstyle=style, fc=COLOURS[kind], ec="#555555", lw=0.9))
    ax.text(x, y, words, ha="center", va="center", fontsize=14 if len(words) == 1 else size, linespacing=1.15)


def arrow(ax, *points):
    """A line through the points with an arrow head at the last."""
    ax.add_patch(FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=10, color="#444444", lw=1.1))


class Layout:
    """Where a network's boxes and lines stand, in pixels; y is 0 on the main line and grows upwards."""

    def __init__(self, model):
        self.model = model
        self.nodes, self.edges, self.repeats = graph(model)
        column, size = columns_and_sizes(self.nodes, self.edges)
        peers = {rank: [n for n in self.nodes if column[n] == rank] for rank in column.values()}
        far = [(a, b) for a, b in self.edges if column[b] - column[a] > 1]
        #: Boxes whose way leads over other columns stand below, out of the way of the others in their column.
        self.low = [a for a, _ in far if len(peers[column[a]]) > 1]
        over = [(a, b) for a, b in far if a not in self.low]
        self.over = sorted(over, key=lambda edge: column[edge[1]] - column[edge[0]])  # the shortest lies lowest
        self.x, self.y, self.tall = {}, {}, {}
        inside = [column[node] for node in self.repeats]
        for node, rank in column.items():
            gates = (rank >= min(inside)) + (rank > max(inside)) if inside else 0
            self.x[node] = BOX / 2 + 4 + STEP * rank + GATE * gates
            stack = [n for n in peers[rank] if n not in self.low]
            self.y[node] = 46 * ((len(stack) - 1) / 2 - stack.index(node)) if node in stack else 0
            self.tall[node] = TALL[size[node]] if stack == [node] else LOW
        self.reach = max(abs(self.y[node]) + self.tall[node] / 2 for node in self.nodes)
        self.above = self.reach + LANE * len(self.over) + 34
        self.below = self.reach + 10 + 20 * bool(self.repeats) + 58 * bool(self.low)
        self.y |= {node: 26 - self.below for node in self.low}
        self.width = max(self.x.values()) + BOX / 2 + 4

    def lane(self, edge) -> float:
        """Height of a line that passes over other columns."""
        return self.reach + LANE * (self.over.index(edge) + 0.6)

    def line(self, a: str, b: str) -> list:
        """The points of the line from one box to another."""
        (xa, ya), (xb, yb) = (self.x[a], self.y[a]), (self.x[b], self.y[b])
        if a in self.low:
            return [(xa + BOX / 2, ya), (xb, ya), (xb, yb - self.tall[b] / 2)]
        if b in self.low:
            return [(xa, ya - self.tall[a] / 2), (xa, yb), (xb - BOX / 2, yb)]
        if (a, b) not in self.over:
            return [(xa + BOX / 2, ya), (xb - BOX / 2, yb)]
        y, start = self.lane((a, b)), (xa, ya + self.tall[a] / 2)
        if b in self.repeats and a not in self.repeats:  # in every repeat it starts where the block does
            start = (min(self.x[node] for node in self.repeats) - BOX / 2 - GATE / 2, 0)
        return [start, (start[0], y), (xb, y), (xb, yb + self.tall[b] / 2)]

    def draw(self, ax, base: float) -> None:
        """Draw all of it; `base` is the height of the main line."""
        for node, layer in self.nodes.items():
            words, kind, _ = describe(layer)
            words = words.removesuffix("\nReLU") if self.tall[node] == LOW else words
            box(ax, self.x[node], base + self.y[node], BOX, self.tall[node], words, kind)
        for edge in self.edges:
            line = np.add(self.line(*edge), (0, base))
            arrow(ax, *line)
            if edge in self.over and line[0, 1] == base:
                ax.plot(*line[0], "o", ms=4, color="#444444")
        if self.repeats:
            xs = [self.x[node] for node in self.repeats]
            left, right, bottom = min(xs) - BOX / 2 - GATE + 5, max(xs) + BOX / 2 + 5, base - self.reach - 24
            top = base + max([self.reach + 6, *(self.lane(edge) + 8 for edge in self.over if edge[1] in self.repeats)])
            frame = {"fill": False, "ec": "#888888", "ls": "--", "lw": 1}
            ax.add_patch(Rectangle((left, bottom), right - left, top - bottom, **frame))
            times = f"× {max(self.repeats.values())}"
            ax.text(right - 6, bottom + 3, times, ha="right", va="bottom", fontsize=11, weight="bold")
        words = f"{name(self.model.name)}  ·  {self.model.count_params():,} parameters"
        ax.text(4, base + self.above - 4, words, va="top", fontsize=10, weight="bold")


def network_diagram(*models, title: str = ""):
    """One row per built Keras model, left to right. A box is as high as its output: LR, twice LR, or HR."""
    plans = [Layout(model) for model in models]
    top = round(sum(plan.above + plan.below for plan in plans))
    fig, ax = canvas(round(max(plan.width for plan in plans)), top)
    for plan in plans:
        plan.draw(ax, top - plan.above)
        top -= plan.above + plan.below
    layers = "; ".join(
        f"{name(plan.model.name)}: " + ", ".join(describe(each)[0].replace("\n", " ") for each in plan.nodes.values())
        for plan in plans
    )
    return headline(fig, title, f"Block diagrams, drawn from the networks. {layers}")


#: Along the study's main line: words, kind of box, what is studied there.
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
    width, main, upper, top = 124, 70, 220, 308  # pixels: of a box; heights of the two lines of boxes, and of HR to LR
    fig, ax = canvas(1040, 330)
    at = [width / 2 + 8 + i * 180 for i in range(len(STAGES))]
    note = {"fontsize": 9.5, "color": GREY, "va": "center"}
    for x, (words, kind, below) in zip(at, STAGES, strict=True):
        box(ax, x, main, width, 64, words, kind, size=11)
        ax.text(x, main - 46, below, ha="center", **note)
    for a, b in pairwise(at):
        arrow(ax, (a + width / 2, main), (b - width / 2, main))
    lr, _, _, network, after, sr = at
    box(ax, sr, upper, width, 56, "HR", "image", size=11)
    box(ax, network, upper, width, 56, "loss", "loss", size=11)
    arrow(ax, (sr - width / 2, upper + 10), (network + width / 2, upper + 10))  # HR to the loss
    arrow(ax, (sr, main + 32), (sr, 150), (after, 150), (after, upper - 10), (network + width / 2, upper - 10))
    arrow(ax, (network, upper - 28), (network, main + 32))
    arrow(ax, (sr, upper + 28), (sr, top), (lr, top), (lr, main + 32))  # HR to LR
    ax.text(network, upper + 40, "04: MSE, MAE, perceptual", ha="center", **note)
    ax.text(network + 8, 146, "gradient", **note)
    ax.text(lr + 8, top - 10, "antialiased bicubic ÷4", **note)
    return headline(
        fig, title,
        "Flow chart: HR is scaled down to LR; LR goes through up-sampling, edge enhancement, the network and edge "
        "enhancement again to SR; the loss compares SR with HR. Studies 01 and 03 change the network, 02 the "
        "up-sampling, 04 the loss, 05 the edge enhancement",
    )  # fmt: skip
