"""Block diagrams of networks, drawn from the Keras graph itself, so that a diagram cannot drift from the code.

Nothing here imports Keras: a built model is an argument.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from sr_utils.plots.graphs import describe, graph, ranks, sizes
from sr_utils.plots.style import DPI, headline, name

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
LANE = 26  # pixels between two lines that pass above or below


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


@dataclass
class Layout:
    """Where a network's boxes and lines stand; y is 0 on the main line and grows upwards."""

    model: object

    def __post_init__(self):
        self.nodes, self.edges, self.repeats = graph(self.model)
        self.column = column = ranks(self.nodes, self.edges)
        targets = {node: [b for a, b in self.edges if a == node] for node in self.nodes}
        alone = {node for node in self.nodes if list(column.values()).count(column[node]) == 1}
        #: Boxes whose only way leads over other columns stand below, out of the way of the others in their column.
        self.low = {n for n in self.nodes if n not in alone and all(column[b] - column[n] > 1 for b in targets[n])}
        self.inside = [node for node in self.nodes if any(node.startswith(prefix) for prefix in self.repeats)]
        far = [(a, b) for a, b in self.edges if column[b] - column[a] > 1 and a not in self.low]
        self.over = sorted(far, key=lambda edge: column[edge[1]] - column[edge[0]])  # the shortest lies lowest
        self._place()

    def _place(self):
        size, inside = sizes(self.nodes, self.edges), {self.column[node] for node in self.inside}
        at, x = {}, BOX / 2 + 4
        for rank in range(max(self.column.values()) + 1):
            x += GATE * ((rank in inside) != (rank - 1 in inside))
            at[rank], x = x, x + STEP
        self.width = round(x - STEP + BOX / 2 + 4)
        self.centre, self.tall = {}, {}
        for node in self.nodes:
            peers = [n for n in self.nodes if self.column[n] == self.column[node] and n not in self.low]
            stacked = len(peers) > 1 and node in peers
            self.tall[node] = 40 if stacked or node in self.low else TALL[size[node]]
            y = (peers.index(node) - (len(peers) - 1) / 2) * -46 if stacked else 0
            self.centre[node] = at[self.column[node]], y
        self.reach = max(abs(self.centre[n][1]) + self.tall[n] / 2 for n in self.nodes)
        self.above = self.reach + LANE * len(self.over) + 34
        self.below = self.reach + 10 + 20 * bool(self.repeats) + 58 * bool(self.low)
        for node in self.low:
            self.centre[node] = self.centre[node][0], 26 - self.below

    def lane(self, edge) -> float:
        """Height of a line that passes over other columns."""
        return self.reach + LANE * (self.over.index(edge) + 0.6)


def _connect(ax, plan: Layout, a: str, b: str) -> None:
    (xa, ya), (xb, yb) = plan.centre[a], plan.centre[b]
    if a in plan.low:
        arrow(ax, (xa + BOX / 2, ya), (xb, ya), (xb, yb - plan.tall[b] / 2))
    elif b in plan.low:
        arrow(ax, (xa, ya - plan.tall[a] / 2), (xa, yb), (xb - BOX / 2, yb))
    elif (a, b) in plan.over:
        y, start = plan.lane((a, b)), (xa, ya + plan.tall[a] / 2)
        if b in plan.inside and a not in plan.inside:  # in every repeat it starts where the block does
            start = (min(plan.centre[node][0] for node in plan.inside) - BOX / 2 - GATE / 2, 0)
            ax.plot(*start, "o", ms=4, color="#444444")
        arrow(ax, start, (start[0], y), (xb, y), (xb, yb + plan.tall[b] / 2))
    else:
        arrow(ax, (xa + BOX / 2, ya), (xb - BOX / 2, yb))


def _row(ax, plan: Layout) -> None:
    for node, layer in plan.nodes.items():
        words, kind = describe(layer)
        if plan.tall[node] == 40:
            words = words.replace("\nReLU", "")
        box(ax, *plan.centre[node], BOX, plan.tall[node], words, kind)
    for edge in plan.edges:
        _connect(ax, plan, *edge)
    for prefix, count in plan.repeats.items():
        xs = [plan.centre[node][0] for node in plan.nodes if node.startswith(prefix)]
        inner = [plan.lane(edge) for edge in plan.over if edge[1].startswith(prefix)]
        left, right, bottom = min(xs) - BOX / 2 - GATE + 5, max(xs) + BOX / 2 + 5, -plan.reach - 24
        top = max([plan.reach + 6, *(y + 8 for y in inner)])
        frame = Rectangle((left, bottom), right - left, top - bottom, fill=False, ec="#888888", ls="--", lw=1)
        ax.add_patch(frame)
        ax.text(right - 6, bottom + 3, f"× {count}", ha="right", va="bottom", fontsize=11, weight="bold")
    words = f"{name(plan.model.name)}  ·  {plan.model.count_params():,} parameters"
    ax.text(4, plan.above - 4, words, va="top", fontsize=10, weight="bold")


def network_diagram(*models, title: str = ""):
    """One row per built Keras model, left to right. A box is as high as its output: LR, twice LR, or HR."""
    plans = [Layout(model) for model in models]
    width, total = max(plan.width for plan in plans), round(sum(plan.above + plan.below for plan in plans))
    fig, top = plt.figure(figsize=(width / DPI, total / DPI), dpi=DPI), total
    for plan in plans:
        height = plan.above + plan.below
        ax = fig.add_axes((0, (top - height) / total, 1, height / total))
        ax.set(xlim=(0, width), ylim=(-plan.below, plan.above))
        ax.axis("off")
        _row(ax, plan)
        top -= height
    listed = "; ".join(
        f"{name(plan.model.name)}: " + ", ".join(describe(each)[0].replace("\n", " ") for each in plan.nodes.values())
        for plan in plans
    )
    return headline(fig, title, f"Block diagrams, drawn from the networks. {listed}.")
