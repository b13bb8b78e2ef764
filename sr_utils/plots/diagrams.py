"""Block diagrams of networks, drawn from the Keras graph, so that they always show the code."""

import re
from collections import Counter
from itertools import pairwise
from math import log2

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path

from sr_utils import StudyError, models
from sr_utils.plots.style import DPI, PAGE, canvas, headline, name, styled

#: The colour of a box shows what it does, as its label does.
COLOURS = {"image": "#f0f0f0", "conv": "#cfe0f3", "up": "#fbd9b5", "down": "#e6c3d6"}
COLOURS |= {"merge": "#d5ead0", "filter": "#f3e79b", "loss": "#ddd3ee", "other": "#ffffff"}
BOX, STEP = 82, 106  # pixels: a box's width, and from one to the next (less where a network is long)
TALL, TALLER = 58, 26  # pixels: the height of a box whose output has LR's size, and what each doubling adds
PROBE = 64  # pixels of the LR whose way through the network is followed
LOW, PITCH, ROUND = 44, 50, 34  # pixels: a box that shares its column, from one such to the next, and "+"
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
    try:
        label = label.format(**settings)
    except KeyError:  # another layer of that name
        label, kind = plain
    return label + "\nReLU" * (settings.get("activation") == "relu"), kind


def graph(model):
    """Layers and connections of a Keras model, repeats folded: ({name: layer}, [(from, to)], {name: repeats}).

    Of repeated blocks (layers named `block<i>_…`) and layers (`conv_<i>`) the first stands for all. Layers come in the
    order in which they are computed. Raises `StudyError` for a model without a graph.
    """
    if not hasattr(model, "inputs"):
        raise StudyError(f"{model.name} has no graph to draw; make it of keras.Input and layers, without an own call.")
    nodes = {layer.name: layer for layer in getattr(model, "operations", model.layers)}
    order = {node: number for number, node in enumerate(nodes)}
    entries = {entry.get("name"): str(entry.get("inbound_nodes")) for entry in model.get_config()["layers"]}
    edges = [(a, b) for b in nodes for a in re.findall(r"'keras_history': \[\s*'([^']+)'", entries.get(b, ""))]
    edges = [(a, b) for a, b in edges if order[a] < order[b]]  # a layer that is used twice is shown once
    edges = edges or list(pairwise(nodes))  # keras.Sequential
    first = {node: re.sub(r"^(block|conv_)\d+", r"\g<1>1", node) for node in nodes}
    first = {node: other if other in nodes else node for node, other in first.items()}
    shown = {node: layer for node, layer in nodes.items() if first[node] == node}
    folded = dict.fromkeys((first[a], b) for a, b in edges if b in shown)
    return shown, list(folded), {node: count for node, count in Counter(first.values()).items() if count > 1}


def columns_and_sizes(model, nodes, edges) -> tuple[dict, dict]:
    """Of each layer: its column, the longest path from the input, and its output's height, in that of LR."""
    column = {}
    for node in nodes:
        column[node] = max((column[a] + 1 for a, b in edges if b == node), default=0)
    shapes = models.shapes(model, [layer.output for layer in nodes.values()], PROBE)
    return column, {node: shape[1] / PROBE for node, shape in zip(nodes, shapes, strict=True)}


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


def draw(ax, model, top: float) -> tuple[float, float, str]:
    """Draw a network from `top` down: returns its right and its lower end, and the labels of its boxes."""
    nodes, edges, repeats = graph(model)
    column, size = columns_and_sizes(model, nodes, edges)
    length = {(a, b): column[b] - column[a] for a, b in edges}
    near = {a for (a, _), columns in length.items() if columns == 1}
    peers = Counter(column.values())
    # Boxes whose only line leads over other columns stand below, out of the way of those in their column.
    low = [node for node in nodes if node not in near and column[node] < max(peers) and peers[column[node]] > 1]
    over = sorted((edge for edge in edges if length[edge] > 1 and edge[0] not in low), key=length.get)  # pass above
    step = min(STEP, (PAGE - BOX - 8) // max(peers))
    x, y, wide, tall = {node: 4 + BOX / 2 + step * rank for node, rank in column.items()}, {}, {}, {}
    labels = {node: describe(layer) for node, layer in nodes.items()}
    for node, (label, _) in labels.items():
        stack = [other for other in nodes if column[other] == column[node] and other not in low]
        y[node] = PITCH * (stack.index(node) - (len(stack) - 1) / 2) if node in stack else 0
        wide[node], tall[node] = BOX, TALL + TALLER * log2(size[node]) if stack == [node] else LOW
        if label == "+":
            wide[node] = tall[node] = ROUND
    reach = max(abs(y[node]) + tall[node] / 2 for node in nodes)
    main = top + 34 + LANE * len(over) + reach
    bottom = main + reach + 10 + 20 * bool(repeats) + 58 * bool(low)
    y = {node: bottom - 26 if node in low else main + up for node, up in y.items()}
    lane = {edge: main - reach - LANE * (rank + 0.6) for rank, edge in enumerate(over)}
    for node, (label, kind) in labels.items():
        box(ax, x[node], y[node], wide[node], tall[node], label, kind, 8 if tall[node] == LOW else 9)
    for a, b in edges:
        right, left = (x[a] + wide[a] / 2, y[a]), (x[b] - wide[b] / 2, y[b])
        if a in low:
            arrow(ax, right, (x[b], y[a]), (x[b], y[b] + tall[b] / 2))
        elif b in low:
            arrow(ax, (x[a], y[a] + tall[a] / 2), (x[a], y[b]), left)
        elif (a, b) not in lane:
            arrow(ax, right, left)
        else:
            start = x[a], y[a] - tall[a] / 2
            if b in repeats and a not in repeats:  # in every repeat it starts where the block does
                start = min(x[node] for node in repeats) - step / 2 - 3, main
                ax.plot(*start, "o", ms=4, color="#444444")
            arrow(ax, start, (start[0], lane[a, b]), (x[b], lane[a, b]), (x[b], y[b] - tall[b] / 2))
    if repeats:
        xs, upper = [x[node] for node in repeats], [up - 8 for (_, b), up in lane.items() if b in repeats]
        left, right, lower = min(xs) - step / 2 - 8, max(xs) + BOX / 2 + 4, main + reach + 24
        height = lower - min([main - reach - 6, *upper])
        ax.add_patch(Rectangle((left, lower), right - left, -height, fill=False, ec="#888888", ls="--"))
        ax.text(right - 6, lower - 4, f"× {max(repeats.values())}", ha="right", fontsize=11, weight="bold")
    cost = models.cost(model)
    title = f"{name(model.name)}  ·  {cost['parameters']:,} parameters"
    title += f"  ·  {cost['macs']:,.0f} multiply–adds per output pixel"
    ax.text(4, top + 4, title, va="top", fontsize=10, weight="bold")
    return max(x.values()) + BOX / 2 + 4, bottom, ", ".join(label.replace("\n", " ") for label, _ in labels.values())


@styled()
def network_diagram(*models):
    """One row per built Keras model, left to right. A box is as high as its output: LR, twice LR, or HR."""
    fig, ax = canvas(PAGE, PAGE)
    ends, top, layers = [], 0, []
    for model in models:
        right, top, labels = draw(ax, model, top)
        ends.append(right)
        layers.append(f"{name(model.name)}: {labels}")
    fig.set_size_inches(max(ends) / DPI, round(top) / DPI)
    ax.set(xlim=(0, max(ends)), ylim=(round(top), 0))
    key = "A box is as high as its output; boxes that share a column are lower."
    return headline(fig, "", f"Block diagrams, drawn from the networks. {'; '.join(layers)}", key)
