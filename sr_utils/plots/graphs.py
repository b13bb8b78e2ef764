"""What a diagram shows, read from a built Keras model: layers in words, connections, columns, sizes.

Nothing here imports Keras: the model is an argument.
"""

import re
from collections import Counter


def describe(layer) -> tuple[str, str, float]:
    """(words, kind, factor by which the output is larger than the input) of a Keras layer."""
    kind = type(layer).__name__
    if kind == "Conv2D":
        relu = "\nReLU" if layer.activation.__name__ == "relu" else ""
        return f"conv {layer.kernel_size[0]}×{layer.kernel_size[1]}\n{layer.filters} filters{relu}", "conv", 1
    if kind == "DepthToSpace":
        return f"sub-pixel\nshuffle ×{layer.scale}", "up", layer.scale
    if kind == "UpSampling2D":
        return f"{layer.interpolation}\n×{layer.size[0]}", "up", layer.size[0]
    if kind == "MaxPooling2D":
        return f"max-pool\n÷{layer.pool_size[0]}", "down", 1 / layer.pool_size[0]
    if kind == "InputLayer":
        return "LR\n0…255", "image", 1
    if kind == "Rescaling":
        return ("centre\n−½…½" if layer.offset < 0 else "SR\n0…255"), "image", 1
    if kind == "EdgeEnhance":
        return "edge\nenhance", "filter", 1
    return {"Add": "+", "Subtract": "−", "Concatenate": "concat"}.get(kind, kind), "merge", 1


def graph(model):
    """Layers and connections of a Keras model, repeats folded: ({name: layer}, [(from, to)], {name: repeats}).

    Layers named `block<i>_…` are shown once, as the first block's, and so are three or more like layers in a row. The
    third value names the layers that stand for several. Layers come in the order in which they are computed.
    """
    nodes = {layer.name: layer for layer in model.layers}
    entries = {entry["name"]: str(entry["inbound_nodes"]) for entry in model.get_config()["layers"]}
    edges = [(a, b) for b in nodes for a in re.findall(r"'keras_history': \[\s*'([^']+)'", entries[b])]
    first = {node: re.sub(r"^block\d+_", "block1_", node) for node in nodes}  # what stands for each layer
    if "".join(first) == "".join(first.values()):
        first = _chains(nodes, edges)
    shown = {node: layer for node, layer in nodes.items() if first[node] == node}
    folded = dict.fromkeys((first[a], b) for a, b in edges if b in shown)
    return shown, list(folded), {node: count for node, count in Counter(first.values()).items() if count > 1}


def _chains(nodes, edges) -> dict:
    """Name of the first layer of the chain of three or more like layers that a layer is in, or its own."""
    first: dict[str, str] = {}
    for node in nodes:
        before = [a for a, b in edges if b == node]
        after = [b for a, b in edges if [a] == before]
        like = after == [node] and describe(nodes[before[0]]) == describe(nodes[node])
        first[node] = first[before[0]] if like else node
    length = Counter(first.values())
    return {node: chain if length[chain] > 2 else node for node, chain in first.items()}


def columns_and_sizes(nodes, edges) -> tuple[dict, dict]:
    """Of each layer: its column, the longest path from the input, and its output's height in LR pixels: 1, 2 or 4."""
    column, size = {}, {}
    for node, layer in nodes.items():
        before = [a for a, b in edges if b == node]
        column[node] = max((column[a] + 1 for a in before), default=0)
        size[node] = int(max((size[a] for a in before), default=1) * describe(layer)[2])
    return column, size
