"""What a diagram shows, read from a built Keras model: layers in words, connections, columns, sizes.

Nothing here imports Keras: the model is an argument.
"""

import re
from collections import Counter


def describe(layer) -> tuple[str, str]:
    """(words, kind) of a Keras layer."""
    kind = type(layer).__name__
    if kind == "Conv2D":
        relu = "\nReLU" if layer.activation.__name__ == "relu" else ""
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
    if kind == "EdgeEnhance":
        return "edge\nenhance", "filter"
    return {"Add": "+", "Subtract": "−", "Concatenate": "concat"}.get(kind, kind), "merge"


def graph(model):
    """Layers and connections of a Keras model: ({name: layer}, [(from, to)]), repeated blocks folded into one.

    Layers named `block<i>_…` whose blocks are alike are shown once, and so are three or more like layers in a row; the
    third value is {how the names of the folded begin: number of repeats}.
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
    if len(blocks) < 2 or len({tuple(b) for b in blocks.values()}) > 1:
        return _without_repeats(nodes, edges)

    def fold(node):
        match = re.match(r"block(\d+)_(.+)", node)
        return f"block1_{match[2]}" if match else node

    inside = [(a, b) for a, b in edges if not re.match(r"block(?!1_)\d+_", b)]  # what enters block 1 or plain layers
    folded = dict.fromkeys((fold(a), b) for a, b in inside)
    shown = {node: layer for node, layer in nodes.items() if fold(node) == node}
    return shown, list(folded), {"block1_": int(max(blocks, key=int))}


def _without_repeats(nodes, edges):
    """The same with every chain of three or more like layers folded into its first."""
    before = {node: [a for a, b in edges if b == node] for node in nodes}
    after = {node: [b for a, b in edges if a == node] for node in nodes}
    first: dict[str, str] = {}  # the chain that a layer belongs to
    for node in nodes:
        source = before[node][0] if len(before[node]) == 1 else None
        like = source and len(after[source]) == 1 and describe(nodes[source]) == describe(nodes[node])
        first[node] = first[source] if like else node
    long = {node: count for node, count in Counter(first.values()).items() if count > 2}
    shown = {node: layer for node, layer in nodes.items() if first[node] == node or first[node] not in long}
    folded = dict.fromkeys((a if a in shown else first[a], b) for a, b in edges if b in shown)
    return shown, list(folded), long


def ranks(nodes, edges) -> dict:
    """Column of each layer: the longest path from the input."""
    columns = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for a, b in edges:
            columns[b] = max(columns[b], columns[a] + 1)
    return columns


def sizes(nodes, edges) -> dict:
    """Height of each layer's output in LR pixels: 1, 2 or 4."""
    size = dict.fromkeys(nodes, 1)
    for node in sorted(nodes, key=ranks(nodes, edges).get):
        layer, kind = nodes[node], type(nodes[node]).__name__
        factor = {"DepthToSpace": "scale", "UpSampling2D": "size", "MaxPooling2D": "pool_size"}.get(kind)
        factor = getattr(layer, factor) if factor else 1
        factor = factor[0] if isinstance(factor, tuple) else factor
        before = max((size[a] for a, b in edges if b == node), default=1)
        size[node] = before // factor if kind == "MaxPooling2D" else before * factor
    return size
