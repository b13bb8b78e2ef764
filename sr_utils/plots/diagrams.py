"""Block diagrams, drawn from the Keras graph itself, so that a diagram cannot drift from the code."""

import re

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from sr_utils.device import keras
from sr_utils.plots.style import DPI

#: What a box does decides its colour; its words say the same.
COLOURS = {"image": "#f0f0f0", "conv": "#cfe0f3", "up": "#fbd9b5", "down": "#e6c3d6", "merge": "#d5ead0"}
PROBE = 16  # LR pixels; sizes are read off a symbolic pass


def _describe(layer) -> tuple[str, str]:
    """(words, kind) of a layer."""
    kind = type(layer).__name__
    if kind == "Conv2D":
        relu = "\nReLU" if layer.activation is keras.activations.relu else ""
        return f"conv {layer.kernel_size[0]}×{layer.kernel_size[1]}\n{layer.filters} filters{relu}", "conv"
    if kind == "DepthToSpace":
        return f"sub-pixel\nshuffle ×{layer.scale}", "up"
    if kind == "UpSampling2D":
        return f"{layer.interpolation}\n×{layer.size[0]}", "up"
    if kind == "MaxPooling2D":
        return f"max-pool\n÷{layer.pool_size[0]}", "down"
    if kind == "InputLayer":
        return "LR\n0…255", "image"
    if kind == "Rescaling":
        return ("centre\n−½…½", "image") if layer.offset < 0 else ("SR\n0…255", "image")
    words = {"Add": "+", "Subtract": "−", "Concatenate": "concat", "EdgeEnhance": "edge\nenhance"}
    return words.get(kind, kind), "merge" if kind in ("Add", "Subtract", "Concatenate") else "image"


def graph(model):
    """Layers and connections of a Keras model: ({name: layer}, [(from, to)]), repeated blocks folded into one.

    Layers named `block<i>_…` whose blocks are alike (same types and settings) are shown once; the third value is
    {block prefix: number of repeats}.
    """
    nodes = {layer.name: layer for layer in model.layers}
    edges = []
    for entry in model.get_config()["layers"]:
        sources = re.findall(r"'keras_history': \[\s*'([^']+)'", str(entry["inbound_nodes"]))
        edges += [(source, entry["name"]) for source in sources]
    blocks: dict[str, list] = {}
    for node in nodes:
        if match := re.match(r"block(\d+)_(.+)", node):
            blocks.setdefault(match[1], []).append(match[2])
    alike = len(blocks) > 1 and len({tuple(b) for b in blocks.values()}) == 1
    if not alike:
        return nodes, edges, {}
    last = max(blocks, key=int)

    def fold(node):
        match = re.match(r"block(\d+)_(.+)", node)
        return f"block1_{match[2]}" if match else node

    inside = [(a, b) for a, b in edges if not (re.match(r"block(?!1_)\d+_", b))]  # what enters block 1 or plain layers
    folded = dict.fromkeys((fold(a), b) for a, b in inside)
    return {n: layer for n, layer in nodes.items() if fold(n) == n}, list(folded), {"block1_": int(last)}


def _ranks(nodes, edges) -> dict:
    """Column of each layer: the longest path from the input."""
    ranks = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for a, b in edges:
            ranks[b] = max(ranks[b], ranks[a] + 1)
    return ranks


def draw(*models):
    """One row per model, left to right. The height of a box is the size of its output: LR, twice LR, or HR."""
    layouts = [(model, *graph(model)) for model in models]
    width = max(max(_ranks(n, e).values()) for _, n, e, _ in layouts) + 1
    step, box = 1.0, 0.84
    spans = [(-1.35, 1.35) if repeats else (-0.85, 0.95) for *_, repeats in layouts]  # room for a block's frame
    heights = [0.8 * (top - bottom) for bottom, top in spans]
    total = sum(heights) + 0.3 * len(models) + 0.2
    fig, axes = plt.subplots(
        len(models), 1, figsize=(max(5, min(10, 0.98 * width)), total), dpi=DPI, squeeze=False, height_ratios=heights
    )
    fig.subplots_adjust(
        left=0.01, right=0.99, top=1 - 0.25 / total, bottom=0.2 / total, hspace=0.3 * len(models) / sum(heights)
    )
    for ax, span, (model, nodes, edges, repeats) in zip(axes[:, 0], spans, layouts, strict=True):
        ranks = _ranks(nodes, edges)
        probe = keras.Model(model.input, [layer.output for layer in nodes.values()])
        shapes = probe.compute_output_shape((1, PROBE, PROBE, 3))
        columns: dict[int, list] = {}
        for node in nodes:
            columns.setdefault(ranks[node], []).append(node)
        centre, tall = {}, {}
        for node, shape in zip(nodes, shapes, strict=True):
            peers = columns[ranks[node]]
            scale = shape[1] / PROBE
            tall[node] = {1: 0.8, 2: 1.15, 4: 1.5}[int(scale)] if len(peers) == 1 else 0.52
            centre[node] = ranks[node] * step, (peers.index(node) - (len(peers) - 1) / 2) * -0.6
            words, kind = _describe(nodes[node])
            x, y = centre[node]
            style = f"round,pad=0,rounding_size={0.06 if kind != 'merge' else 0.2}"
            shape_ = FancyBboxPatch(
                (x - box / 2, y - tall[node] / 2),
                box,
                tall[node],
                boxstyle=style,
                fc=COLOURS[kind],
                ec="#555555",
                lw=0.8,
            )
            ax.add_patch(shape_)
            ax.text(
                x,
                y,
                words if len(peers) == 1 else words.replace("\nReLU", "").replace(" filters", ""),
                ha="center",
                va="center",
                fontsize=7,
            )
        for a, b in edges:
            (xa, ya), (xb, yb) = centre[a], centre[b]
            skip = ranks[b] - ranks[a] > 1
            side = -1 if ya < 0 else 1  # a lower branch passes below
            start = (xa, ya + side * tall[a] / 2) if skip else (xa + box / 2, ya)
            end = (xb, yb + side * tall[b] / 2) if skip else (xb - box / 2, yb)
            bend = f"arc3,rad={-side * min(0.45, 0.9 / (ranks[b] - ranks[a]))}" if skip else "arc3"
            ax.add_patch(
                FancyArrowPatch(
                    start,
                    end,
                    arrowstyle="-|>",
                    mutation_scale=7,
                    connectionstyle=bend,
                    color="#444444",
                    lw=0.9,
                    shrinkA=0,
                    shrinkB=0,
                )
            )
        for prefix, count in repeats.items():
            inside = [n for n in nodes if n.startswith(prefix)]
            x0, x1 = (f(ranks[n] for n in inside) * step for f in (min, max))
            ax.add_patch(Rectangle((x0 - 0.48, -1.3), x1 - x0 + 0.96, 2.6, fill=False, ec="#888888", ls="--", lw=0.9))
            ax.text(x1 + 0.44, -1.27, f"× {count}", ha="right", va="bottom", fontsize=9, weight="bold")
        ax.set(xlim=(-0.5, width - 0.5), ylim=span)
        ax.axis("off")
        ax.set_title(f"{model.name}  ·  {model.count_params():,} parameters", fontsize=9, pad=2)
    return fig
