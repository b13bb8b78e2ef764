"""Block diagrams of networks, drawn from the Keras graph, so that they always show the code.

Nothing here imports Keras: a model is an argument.
"""

import re
from collections import Counter
from itertools import pairwise
from math import log2

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from sr_utils.plots.style import PAGE, canvas, headline, name, styled

#: The colour of a box shows what it does, as its label does.
COLOURS = {"image": "#f0f0f0", "conv": "#cfe0f3", "up": "#fbd9b5", "down": "#e6c3d6"}
COLOURS |= {"merge": "#d5ead0", "filter": "#f3e79b", "loss": "#ddd3ee", "other": "#ffffff"}
BOX, STEP = 82, 106  # pixels: a box's width, and from one to the next (less where a network is long)
TALL, TALLER = 58, 26  # pixels: the height of a box whose output has LR's size, and what each doubling adds
PROBE = 64  # pixels of the LR whose way through the network is followed
LOW, ROUND = 40, 34  # pixels: the height of a box that shares its column, and the diameter of "+"
LANE = 26  # pixels between two lines that pass above
#: The label and the kind of each layer; `{…}` is the layer's own setting.
LAYERS = {
    "InputLayer": ("LR\n0…255", "image"),
    "centre": ("centre\n−½…½", "image"),
    "grey_levels": ("SR\n0…255", "image"),
    "Conv2D": ("conv {kernel_size[0]}×{kernel_size[1]}\n{filters} filters", "conv"),
    "DepthToSpace": ("sub-pixel\nshuffle ×{scale}", "up"),
    "UpSampling2D": ("{interpolation}\n×{size[0]}", "up"),
    "MaxPooling2D": ("max-pool\n÷{pool_size[0]}", "down"),
    "EdgeEnhance": ("edge\nenhance", "filter"),
    "Add": ("+", "merge"),
    "Concatenate": ("concat", "merge"),
}


def describe(layer) -> tuple[str, str]:
    """The label and the kind of a Keras layer's box; a layer that the study does not use has its class's name."""
    settings, kind = layer.get_config(), type(layer).__name__
    plain = re.sub(r"(?<=[a-zD])(?=[A-Z][a-z])", "\n", kind), "other"
    label, kind = LAYERS.get(layer.name) or LAYERS.get(kind, plain)
    return label.format(**settings) + "\nReLU" * (settings.get("activation") == "relu"), kind


def graph(model):
    """Layers and connections of a Keras model, repeats folded: ({name: layer}, [(from, to)], {name: repeats}).

    Repeated blocks (layers named `block<i>_…`) and layers (`conv_<i>`) are shown once, as the first. The third value
    names the layers that stand for several. Layers come in the order in which they are computed.
    """
    nodes = {layer.name: layer for layer in model.layers}
    entries = {entry.get("name"): str(entry.get("inbound_nodes")) for entry in model.get_config()["layers"]}
    edges = [(a, b) for b in nodes for a in re.findall(r"'keras_history': \[\s*'([^']+)'", entries.get(b, ""))]
    edges = edges or list(pairwise(nodes))  # keras.Sequential
    first = {node: re.sub(r"^(block|conv_)\d+", r"\g<1>1", node) for node in nodes}
    first = {node: other if other in nodes else node for node, other in first.items()}
    shown = {node: layer for node, layer in nodes.items() if first[node] == node}
    folded = dict.fromkeys((first[a], b) for a, b in edges if b in shown)
    return shown, list(folded), {node: count for node, count in Counter(first.values()).items() if count > 1}


def columns_and_sizes(nodes, edges) -> tuple[dict, dict]:
    """Of each layer: its column, the longest path from the input, and its output's height, in that of LR."""
    column, shape = {}, {}
    for node, layer in nodes.items():
        before = [a for a, b in edges if b == node]
        column[node] = max((column[a] + 1 for a in before), default=0)
        inputs = [shape[a] for a in before] or [(1, PROBE, PROBE, 3)]
        shape[node] = layer.compute_output_shape(inputs if len(inputs) > 1 else inputs[0]) if before else inputs[0]
    return column, {node: height / PROBE for node, (_, height, *_) in shape.items()}


def box(ax, x, y, width, height, label, kind, size=9):
    """A box with its centre at (x, y); a long word in it is smaller."""
    size = min(size, 120 / max(map(len, label.split("\n"))))
    style = f"round,pad=0,rounding_size={min(6, height / 4) if label != '+' else height / 2}"
    corner = (x - width / 2, y - height / 2)
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, fc=COLOURS[kind], ec="#555555", lw=0.9))
    ax.text(x, y, label, ha="center", va="center", fontsize=14 if label == "+" else size, linespacing=1.15)


def arrow(ax, *points):
    """A line through the points with an arrow head at the last."""
    ax.add_patch(FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=10, color="#444444", lw=1.1))


class Layout:
    """Where a network's boxes and lines stand, in pixels: `top` is its upper end, and y grows downwards."""

    def __init__(self, model, top: float = 0):
        self.nodes, self.edges, self.repeats = graph(model)
        column, size = columns_and_sizes(self.nodes, self.edges)
        length = {(a, b): column[b] - column[a] for a, b in self.edges}
        near = {a for (a, _), columns in length.items() if columns == 1}
        peers = Counter(column.values())
        #: Boxes whose only line leads over other columns stand below, out of the way of those in their column.
        self.low = [n for n in self.nodes if n not in near and column[n] < max(peers) and peers[column[n]] > 1]
        over = [edge for edge in self.edges if length[edge] > 1 and edge[0] not in self.low]
        self.over = sorted(over, key=length.get)  # lines that pass above: the shortest stands lowest
        self.step = min(STEP, (PAGE - BOX - 8) // max(peers))
        self.x = {node: 4 + BOX / 2 + self.step * rank for node, rank in column.items()}
        self.y, self.wide, self.tall = {}, {}, {}
        for node, layer in self.nodes.items():
            stack = [n for n in self.nodes if column[n] == column[node] and n not in self.low]
            self.y[node] = 46 * (stack.index(node) - (len(stack) - 1) / 2) if node in stack else 0
            self.wide[node], self.tall[node] = BOX, TALL + TALLER * log2(size[node]) if stack == [node] else LOW
            if describe(layer)[0] == "+":
                self.wide[node] = self.tall[node] = ROUND
        self.reach = max(abs(self.y[node]) + self.tall[node] / 2 for node in self.nodes)
        self.top, self.main = top, top + 34 + LANE * len(self.over) + self.reach
        self.bottom = self.main + self.reach + 10 + 20 * bool(self.repeats) + 58 * bool(self.low)
        self.y = {node: self.bottom - 26 if node in self.low else self.main + y for node, y in self.y.items()}

    def lane(self, edge) -> float:
        """Height of a line that passes above other columns."""
        return self.main - self.reach - LANE * (self.over.index(edge) + 0.6)

    def line(self, a: str, b: str) -> list:
        """The points of the line from one box to another."""
        (xa, ya), (xb, yb) = (self.x[a], self.y[a]), (self.x[b], self.y[b])
        right, left = xa + self.wide[a] / 2, xb - self.wide[b] / 2
        if a in self.low:
            return [(right, ya), (xb, ya), (xb, yb + self.tall[b] / 2)]
        if b in self.low:
            return [(xa, ya + self.tall[a] / 2), (xa, yb), (left, yb)]
        if (a, b) not in self.over:
            return [(right, ya), (left, yb)]
        start = (xa, ya - self.tall[a] / 2)
        if b in self.repeats and a not in self.repeats:  # in every repeat it starts where the block does
            start = (min(self.x[node] for node in self.repeats) - self.step / 2, self.main)
        return [start, (start[0], self.lane((a, b))), (xb, self.lane((a, b))), (xb, yb - self.tall[b] / 2)]

    def draw(self, ax, title: str) -> None:
        for node, layer in self.nodes.items():
            label, kind = describe(layer)
            label = label.removesuffix("\nReLU") if self.tall[node] == LOW else label
            box(ax, self.x[node], self.y[node], self.wide[node], self.tall[node], label, kind)
        for edge in self.edges:
            points = self.line(*edge)
            arrow(ax, *points)
            if points[0][1] == self.main and edge in self.over:
                ax.plot(*points[0], "o", ms=4, color="#444444")
        if self.repeats:
            xs = [self.x[node] for node in self.repeats]
            lanes = [self.lane(edge) - 8 for edge in self.over if edge[1] in self.repeats]
            left, right, bottom = min(xs) - self.step / 2 - 8, max(xs) + BOX / 2 + 4, self.main + self.reach + 24
            height = max(bottom - y for y in (self.main - self.reach - 6, *lanes))
            ax.add_patch(Rectangle((left, bottom), right - left, -height, fill=False, ec="#888888", ls="--"))
            ax.text(right - 6, bottom - 4, f"× {max(self.repeats.values())}", ha="right", fontsize=11, weight="bold")
        ax.text(4, self.top + 4, title, va="top", fontsize=10, weight="bold")


@styled()
def network_diagram(*models):
    """One row per built Keras model, left to right. A box is as high as its output: LR, twice LR, or HR."""
    layouts, top = [], 0
    for model in models:
        layouts.append(Layout(model, top))
        top = layouts[-1].bottom
    fig, ax = canvas(max(max(layout.x.values()) for layout in layouts) + BOX / 2 + 4, round(top))
    layers = []
    for model, layout in zip(models, layouts, strict=True):
        layout.draw(ax, f"{name(model.name)}  ·  {model.count_params():,} parameters")
        labels = [describe(layer)[0].replace("\n", " ") for layer in layout.nodes.values()]
        layers.append(f"{name(model.name)}: {', '.join(labels)}")
    return headline(fig, "", f"Block diagrams, drawn from the networks. {'; '.join(layers)}")
