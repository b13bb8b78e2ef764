"""Diagrams show every layer and connection of the network itself, and no line crosses a box."""

import itertools
import math

import keras
import numpy as np
import pytest

from sr_utils import StudyError, models, plots
from sr_utils.plots.diagrams import columns_and_sizes, graph


def patches(fig, kind):
    return [p for ax in fig.axes for p in ax.patches if type(p).__name__ == f"Fancy{kind}Patch"]


@pytest.mark.parametrize("arm", models.MODELS)
def test_a_diagram_shows_every_layer_its_size_and_connections_and_no_line_crosses_a_box(arm):
    model = models.build(arm)
    nodes, edges, repeats = graph(model)
    assert len(nodes) + sum(count - 1 for count in repeats.values()) == len(model.layers)
    fig = plots.network_diagram(model)
    assert fig.bbox.width <= 1160
    texts = [text.get_text() for text in fig.axes[0].texts]
    convolutions = sum(type(layer).__name__ == "Conv2D" for layer in nodes.values())
    assert sum(text.startswith("conv ") for text in texts) == convolutions
    assert sum(("ReLU" in text) for text in texts) <= convolutions
    boxes = patches(fig, "Bbox")
    assert len(patches(fig, "Arrow")) == len(edges) and len(boxes) == len(nodes)
    assert boxes[0].get_height() < boxes[-1].get_height()  # SR is larger than LR
    for node, layer in nodes.items():
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        assert sum(b == node for _, b in edges) == (node != "lr") * len(inputs), node
    extents = [box.get_window_extent().padded(-3) for box in boxes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(extents, 2))
    for arrow in patches(fig, "Arrow"):
        path = fig.axes[0].transData.transform(arrow._path_original.vertices)
        points = np.concatenate([np.linspace(a, b, 200) for a, b in itertools.pairwise(path)])
        assert not any(extent.contains(*point) for extent in extents for point in points)
    _, found = columns_and_sizes(model, nodes, edges)
    lr = np.zeros((1, 8, 8, 3), np.float32)
    outputs = keras.Model(model.input, [layer.output for layer in nodes.values()])(lr)
    assert [found[node] for node in nodes] == [output.shape[1] // 8 for output in outputs]


@pytest.mark.parametrize(("arm", "repeats"), [("residual", 6), ("inception", 3), ("combined", 8), ("plain", 13)])
def test_repeated_blocks_are_folded(arm, repeats):
    assert set(graph(models.build(arm))[2].values()) == {repeats}
    fig = plots.network_diagram(models.build(arm))
    assert f"× {repeats}" in [text.get_text() for text in fig.axes[0].texts]


class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def test_operations_own_layers_and_a_layer_used_twice_are_drawn_and_a_model_without_a_graph_is_told():
    layers = keras.layers
    lr, shared = layers.Input((None, None, 3)), layers.Conv2D(3, 3, padding="same")
    x = layers.Conv2D(48, 3, padding="same")(Twice()(layers.BatchNormalization()(shared(shared(lr / 255)))))
    fig = plots.network_diagram(keras.Model(lr, keras.ops.depth_to_space(x, 4)))
    *texts, _ = [text.get_text().replace("\n", " ") for text in fig.axes[0].texts]
    shown = ["LR 0…255", "True Divide", "conv 3×3 3 filters", "Batch Normalization", "Twice"]
    shown += ["conv 3×3 48 filters", "Depth To Space"]
    assert texts == shown

    class Own(keras.Model):
        def call(self, lr):
            return keras.ops.image.resize(lr, (36, 56))

    mine = Own(name="mine")
    mine(np.zeros((1, 9, 14, 3), np.float32))
    assert math.isnan(models.cost(mine)["macs"])
    assert models.cost(keras.Sequential([lr, layers.Conv2DTranspose(3, 4, 4)]))["macs"] == 9
    with pytest.raises(StudyError, match="mine has no graph to draw"):
        plots.network_diagram(mine)
