"""`make export`: a network as an ONNX file, for programs that know no Keras: ONNX Runtime, in Python or in a browser.

Written layer by layer from the Keras model, on every backend; picture in, picture out, and float32 in NCHW in between.
"""

import argparse
import functools
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from sr_utils import StudyError, filters, models, paths
from sr_utils.data.images import SCALE
from sr_utils.data.sets import load
from sr_utils.device import keras
from sr_utils.evaluation.scores import upscale
from sr_utils.evaluation.upscaling import reach

OPSET, IR = 17, 8  # of 2022: every ONNX Runtime since 1.12 reads them, onnxruntime-web too
TOLERANCE = 1  # grey level between ONNX Runtime and Keras
WEIGHTS = "weights/"  # what the names of trained constants begin with


class Graph:
    """Operators and constants, in the order in which they were added."""

    def __init__(self):
        self.nodes, self.constants, self.scope = [], [], ""

    def add(self, operator: str, *inputs, name: str = "", **attributes) -> str:
        """Add an operator to values, by name, and constants, as arrays; returns the name of its output."""
        output = name or f"{self.scope}{operator}_{len(self.nodes)}"
        names = [value if isinstance(value, str) else self.constant(value, f"{output}/") for value in inputs]
        self.nodes.append(helper.make_node(operator, names, [output], output, **attributes))
        return output

    def constant(self, array, prefix: str) -> str:
        """Add an array; returns its name."""
        self.constants.append(numpy_helper.from_array(np.asarray(array), f"{prefix}{len(self.constants)}"))
        return self.constants[-1].name

    def weights(self, array) -> str:
        """Add weights of a layer: in float16 where that loses nothing, as with those that come with the study."""
        half = array.astype(np.float16)
        if np.array_equal(half, array):
            return self.add("Cast", self.constant(half, WEIGHTS), to=TensorProto.FLOAT)
        return self.constant(array, WEIGHTS)


def _convolution(graph: Graph, layer, x: str) -> str:
    kernel, *bias = layer.get_weights()
    weights = map(graph.weights, (kernel.transpose(3, 2, 0, 1), *bias))
    x = graph.add("Conv", x, *weights, pads=[size // 2 for size in layer.kernel_size] * 2)
    return graph.add("Relu", x) if layer.activation is keras.activations.relu else x


def _edge_enhance(graph: Graph, layer, x: str) -> str:
    kernel = np.tile(filters.KERNEL.astype(np.float32), (3, 1, 1, 1))
    x = graph.add("Conv", graph.add("Pad", x, np.int64([0, 0, 1, 1, 0, 0, 1, 1]), mode="edge"), kernel, group=3)
    return graph.add("Clip", x, np.float32(-0.5), np.float32(0.5))


#: What each kind of layer does, in NCHW: a function of the graph, the layer and its inputs, which returns its output.
#: The only place where a kind is described for other programs: `bench.twin` reads the graph as well.
KINDS = {
    "Add": lambda graph, _, *inputs: functools.reduce(lambda x, y: graph.add("Add", x, y), inputs),
    "Concatenate": lambda graph, _, *inputs: graph.add("Concat", *inputs, axis=1),
    "Conv2D": _convolution,
    "DepthToSpace": lambda graph, of, x: graph.add("DepthToSpace", x, blocksize=of.scale, mode="DCR"),
    "EdgeEnhance": _edge_enhance,
    "MaxPooling2D": lambda graph, of, x: graph.add("MaxPool", x, kernel_shape=of.pool_size, strides=of.strides),
    "Rescaling": lambda graph, of, x: graph.add(
        "Add", graph.add("Mul", x, np.float32(of.scale)), np.float32(of.offset)
    ),
    # Half-pixel centres, as Keras has them, are ONNX's default.
    "UpSampling2D": lambda graph, of, x: graph.add("Resize", x, "", np.float32([1, 1, *of.size]), mode="linear"),
}


def to_onnx(model: keras.Model, pixels: int = TensorProto.UINT8) -> onnx.ModelProto:
    """A model of the study as ONNX, which says what it is: (B, h, w, 3) `lr` -> (B, 4h, 4w, 3) `sr`.

    uint8, rounded and clipped as `evaluation.upscale` does, or TensorProto.FLOAT as the network has it, both in 0…255.
    Raises `StudyError` for a layer that is not known here.
    """
    graph = Graph()
    names = {id(model.input): graph.add("Transpose", graph.add("Cast", "lr", to=TensorProto.FLOAT), perm=(0, 3, 1, 2))}
    for layer in model.layers[1:]:
        kind, graph.scope = type(layer).__name__, f"{layer.name}/"
        if kind not in KINDS:
            raise StudyError(f"{layer.name} is a {kind}, which tools/export.py cannot write yet; add it there.")
        inputs = [names[id(tensor)] for tensor in keras.tree.flatten(layer.input)]
        names[id(layer.output)] = KINDS[kind](graph, layer, *inputs)
    x = graph.add("Transpose", names[id(model.output)], perm=(0, 2, 3, 1))
    if pixels == TensorProto.UINT8:
        x = graph.add("Clip", graph.add("Round", x), np.float32(0), np.float32(255))
    graph.add("Cast", x, to=pixels, name="sr")
    lr = helper.make_tensor_value_info("lr", pixels, ("batch", "height", "width", 3))
    sr = helper.make_tensor_value_info("sr", pixels, ("batch", "sr_height", "sr_width", 3))
    whole = helper.make_graph(graph.nodes, model.name, [lr], [sr], graph.constants)
    opset = [helper.make_opsetid("", OPSET)]
    made = helper.make_model(whole, opset_imports=opset, ir_version=IR, producer_name="super-resolution-study")
    takes = f"{np.dtype(helper.tensor_dtype_to_np_dtype(pixels))} RGB, 0 to 255, (batch, height, width, 3)"
    said = {"arm": model.name, "lr": takes, "sr": f"the same, {SCALE} times as high and as wide"}
    helper.set_model_props(made, said | {"reach": str(reach(model)), "precision": "float32"})
    onnx.checker.check_model(made, full_check=True)
    return made


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with every layer in float32, as the ONNX file has it."""
    twin = keras.models.clone_model(
        model, clone_function=lambda layer: type(layer).from_config({**layer.get_config(), "dtype": "float32"})
    )
    twin.set_weights(model.get_weights())
    return twin


def difference(made: onnx.ModelProto, model: keras.Model, lr) -> np.ndarray:
    """Grey levels between ONNX Runtime's SR and Keras' in float32, each value's: int (4h, 4w, 3)."""
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (sr,) = session.run(None, {"lr": lr[None]})
    return np.abs(sr[0].astype(int) - upscale(in_float32(model), lr))


def export(model: keras.Model, target: Path) -> str:
    """Write the ONNX file, once it gives Keras' picture; returns a line that says what was written.

    Raises `StudyError` where a picture of odd size differs by more than `TOLERANCE`, and where it cannot be written.
    """
    made = to_onnx(model)
    off = difference(made, model, np.ascontiguousarray(load("sample").valid[0].lr[:37, :53])).max()
    if off > TOLERANCE:
        why = "a layer's options must be new to tools/export.py: add them there"
        raise StudyError(f"ONNX differs from Keras by up to {off} grey levels, so {target} was not written; {why}.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        paths.replace(target, lambda scratch: onnx.save(made, scratch))
    except OSError as error:
        raise StudyError(f"{target} cannot be written ({error.strerror}); name another place with OUT=….") from None
    said = "\n  ".join(f"{entry.key}: {entry.value}" for entry in made.metadata_props)
    return f"{target}: {target.stat().st_size / 1e6:.1f} MB, within {off} grey levels of Keras in float32\n  {said}"


def with_weights(arm: str, weights: str | None) -> keras.Model:
    """The network with the weights of a file, or with those that come with the study."""
    if not weights:
        return models.load(arm)
    model = models.build(arm)
    try:
        with warnings.catch_warnings(action="error", category=UserWarning):  # Keras goes on where layers are missing
            model.load_weights(paths.expanded(weights))
    except (OSError, ValueError, UserWarning):
        training = "WEIGHTS=runs/…/final.weights.h5"
        raise StudyError(f"{weights} does not hold the weights of {arm}; name its training's: {training}") from None
    return model


def main(*arguments: str) -> None:
    parser = argparse.ArgumentParser(prog="make export", description=__doc__)
    parser.add_argument("--arm", default="combined", help="which network: an arm of the study")
    parser.add_argument("--out", help="where to; default: build/<arm>.onnx")
    parser.add_argument("--weights", help="a training's final.weights.h5; default: what comes with the study")
    given = parser.parse_args(arguments)
    model = with_weights(given.arm, given.weights)
    print(export(model, paths.expanded(given.out) if given.out else paths.output() / f"{given.arm}.onnx"))
