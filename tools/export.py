"""`make export`: a network as an ONNX file, for programs that know no Keras: ONNX Runtime, in Python or in a browser.

Written layer by layer from the Keras model, so that it needs no converter and works on every backend. Picture in,
picture out, with dynamic height and width; in between float32 in NCHW, as ONNX's convolutions want it.
"""

import argparse
import functools
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from sr_utils import StudyError, filters, paths
from sr_utils.data.images import SCALE
from sr_utils.data.sets import load
from sr_utils.device import keras
from sr_utils.evaluation.scores import upscale
from sr_utils.evaluation.upscaling import reach
from sr_utils.models import layers as ours
from sr_utils.models.building import build
from sr_utils.models.pretrained import load as load_trained
from tools import command

OPSET, IR = 17, 8  # of 2022: every ONNX Runtime since 1.12 reads them, onnxruntime-web too
TOLERANCE = 1  # grey level between ONNX Runtime and Keras
KINDS = {TensorProto.UINT8: "uint8", TensorProto.FLOAT: "float32"}


def model_metadata(model: keras.Model, kind: int) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "arm": model.name,
        "input": f"lr: {KINDS[kind]} (batch, height, width, 3), RGB, 0 to 255, any height and width",
        "output": f"sr: {KINDS[kind]} (batch, {SCALE} height, {SCALE} width, 3), RGB, 0 to 255",
        "reach": str(reach(model)),
        "precision": "float32",
        "opset": str(OPSET),
    }


class Graph:
    """Operators and constants, in the order in which they were added."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def add(self, operator: str, *inputs, name: str = "", **attributes) -> str:
        """Add an operator to values, by name, and constants, as arrays; returns the name of its output."""
        output = name or f"{operator}_{len(self.nodes)}"
        names = [value if isinstance(value, str) else self._constant(value, output) for value in inputs]
        self.nodes.append(helper.make_node(operator, names, [output], output, **attributes))
        return output

    def _constant(self, array, user: str) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(array), f"{user}/{len(self.constants)}"))
        return self.constants[-1].name

    def weights(self, array) -> str:
        """Weights of a layer: in float16 where that loses nothing, as with those that come with the study."""
        half = array.astype(np.float16)
        if np.array_equal(half, array):
            return self.add("Cast", half, to=TensorProto.FLOAT)
        return self._constant(array, "weights")


def to_onnx(model: keras.Model, kind: int = TensorProto.UINT8) -> onnx.ModelProto:
    """A model of the study as ONNX, with `metadata`: (B, h, w, 3) `lr` -> (B, 4h, 4w, 3) `sr`.

    uint8, rounded and clipped as `evaluation.upscale` does, or TensorProto.FLOAT as the network has it, both in 0…255.
    Raises `StudyError` for a layer that is not known here.
    """
    graph = Graph()
    x = graph.add("Cast", "lr", to=TensorProto.FLOAT)
    names = {id(model.input): graph.add("Transpose", x, perm=(0, 3, 1, 2))}
    for layer in model.layers[1:]:
        inputs = [names[id(tensor)] for tensor in keras.tree.flatten(layer.input)]
        names[id(layer.output)] = _operators(graph, layer, inputs)
    x = graph.add("Transpose", names[id(model.output)], perm=(0, 2, 3, 1))
    if kind == TensorProto.UINT8:
        x = graph.add("Clip", graph.add("Round", x), np.float32(0), np.float32(255))
    graph.add("Cast", x, to=kind, name="sr")
    sizes = {"lr": ("batch", "height", "width", 3), "sr": ("batch", "sr_height", "sr_width", 3)}
    lr, sr = (helper.make_tensor_value_info(name, kind, size) for name, size in sizes.items())
    made = helper.make_model(
        helper.make_graph(graph.nodes, model.name, [lr], [sr], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="super-resolution-study",
    )
    helper.set_model_props(made, model_metadata(model, kind))
    onnx.checker.check_model(made, full_check=True)
    return made


def _operators(graph: Graph, layer, inputs: list[str]) -> str:
    """Add what the layer does, in NCHW; returns the name of its output."""
    (x, *_), kinds = inputs, keras.layers
    match layer:
        case kinds.Conv2D():
            kernel, *bias = layer.get_weights()
            weights = map(graph.weights, (kernel.transpose(3, 2, 0, 1), *bias))
            pads = [n // 2 for n in layer.kernel_size] * 2
            x = graph.add("Conv", x, *weights, pads=pads, name=layer.name)
            return graph.add("Relu", x) if layer.activation is keras.activations.relu else x
        case kinds.Rescaling():
            return graph.add("Add", graph.add("Mul", x, np.float32(layer.scale)), np.float32(layer.offset))
        case kinds.UpSampling2D():  # half-pixel centres, as Keras has them, are ONNX's default
            return graph.add("Resize", x, "", np.float32([1, 1, *layer.size]), mode="linear", name=layer.name)
        case kinds.MaxPooling2D():
            return graph.add("MaxPool", x, kernel_shape=layer.pool_size, strides=layer.strides, name=layer.name)
        case kinds.Add():
            return functools.reduce(lambda a, b: graph.add("Add", a, b), inputs)
        case kinds.Concatenate():
            return graph.add("Concat", *inputs, axis=1, name=layer.name)
        case ours.DepthToSpace():
            return graph.add("DepthToSpace", x, blocksize=layer.scale, mode="DCR", name=layer.name)
        case ours.EdgeEnhance():
            kernel = np.tile(filters.KERNEL.astype(np.float32), (3, 1, 1, 1))
            x = graph.add("Pad", x, np.int64([0, 0, 1, 1, 0, 0, 1, 1]), mode="edge")
            return graph.add("Clip", graph.add("Conv", x, kernel, group=3), np.float32(-0.5), np.float32(0.5))
    raise StudyError(f"{layer.name} is a {type(layer).__name__}, which tools/export.py cannot write yet; add it there.")


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with every layer in float32, as the ONNX file has it."""

    def copy(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    twin = keras.models.clone_model(model, clone_function=copy)
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
    lr = np.ascontiguousarray(load("sample").valid[0].lr[:37, :53])
    off = difference(made, model, lr)
    if off.max() > TOLERANCE:
        raise StudyError(
            f"ONNX differs from Keras by up to {off.max()} grey levels, so {target} was not written; "
            "a layer's options must be new to tools/export.py: add them there."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        paths.replace(target, lambda scratch: onnx.save(made, scratch))
    except OSError as error:
        raise StudyError(f"{target} cannot be written ({error.strerror}); name another place with OUT=….") from None
    entries = model_metadata(model, TensorProto.UINT8)
    return (
        f"{target}: {target.stat().st_size / 1e6:.1f} MB, opset {OPSET}, reach {entries['reach']} LR pixels\n"
        f"  {entries['input']}\n  {entries['output']}\n"
        f"  on a picture of {lr.shape[1]}×{lr.shape[0]} pixels, {np.count_nonzero(off):,} of {off.size:,} values "
        f"differ from Keras' in float32, by {off.max()} at most"
    )


def _trained(arm: str, weights: str | None) -> keras.Model:
    """The network with the weights that come with the study, or with those of a file."""
    if weights is None:
        return load_trained(arm)
    model = build(arm)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras goes on where layers are missing
            model.load_weights(weights)
    except (OSError, ValueError, UserWarning):
        raise StudyError(
            f"{weights} does not hold the weights of {arm}; name its training's: WEIGHTS=runs/…/final.weights.h5"
        ) from None
    return model


@command("export")
def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="make export", description=__doc__)
    parser.add_argument("--arm", default="combined", help="which network: an arm of the study")
    parser.add_argument("--out", help="where to; default: build/<arm>.onnx")
    parser.add_argument("--weights", help="a training's final.weights.h5; default: what comes with the study")
    arguments = parser.parse_args(argv)
    model = _trained(arguments.arm, arguments.weights)
    target = Path(arguments.out).expanduser() if arguments.out else paths.output() / f"{arguments.arm}.onnx"
    print(export(model, target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
