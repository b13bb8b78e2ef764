"""A network of the study in plain PyTorch, made from its ONNX graph, for the bench steps: `pip install .[bench]`."""

import operator
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sr_utils import StudyError
from tools.export import WEIGHTS, to_onnx

try:
    import torch
except ModuleNotFoundError:
    raise StudyError("PyTorch is not installed; run .venv/bin/python -m pip install .[bench].") from None
from torch import nn
from torch.nn import functional

# PyTorch's optimizers import triton, which crashes in a process with TensorFlow; a processor does not need it.
sys.modules["triton"] = None


def _convolution(x, kernel, bias=None, pads=(0, 0), group=1):
    return functional.conv2d(x, kernel, bias, padding=tuple(pads[:2]), groups=group)


#: What `tools.export` writes, in PyTorch. A multiplication ends the convolutions: from there on it is float32.
OPERATORS = {
    "Add": operator.add,
    "Cast": lambda x, to: x.float(),
    "Clip": torch.clip,
    "Concat": lambda *x, axis: torch.cat(x, axis),
    "Conv": _convolution,
    "DepthToSpace": lambda x, blocksize, mode: functional.pixel_shuffle(x, blocksize),
    "MaxPool": lambda x, kernel_shape, strides: functional.max_pool2d(x, kernel_shape, strides),
    "Mul": lambda x, factor: x.float() * factor,
    "Pad": lambda x, pads, mode: functional.pad(x, (pads[3], pads[7], pads[2], pads[6]), "replicate"),
    "Relu": functional.relu,
    "Resize": lambda x, _, scales, mode: functional.interpolate(x, scale_factor=scales[2:], mode="bilinear"),
    "Transpose": lambda x, perm: x.permute(*perm),
}


class Twin(nn.Module):
    """The same network as a Keras model of the study, with the same weights: (B, h, w, 3) -> float32 (B, 4h, 4w, 3).

    Under PyTorch's autocast every convolution is in bfloat16, and the output in float32, as in the study.
    """

    def __init__(self, model):
        super().__init__()
        graph = to_onnx(model, TensorProto.FLOAT).graph
        constants = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
        weights = {name: array for name, array in constants.items() if name.startswith(WEIGHTS)}
        self.settings = {"": None}
        for name in constants.keys() - weights.keys():
            array = constants[name]
            self.settings[name] = torch.tensor(array) if array.ndim == 4 else array.tolist()
        made_by, self.plan = {node.output[0]: node for node in graph.node}, []
        for node in graph.node:
            source, output = node.input[0], node.output[0]
            if source in weights:  # the file holds them in float16
                weights[output] = weights.pop(source)
                continue
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "DepthToSpace":
                for name in made_by[source].input[1:]:
                    weights[name] = _in_pytorchs_order(weights[name], attributes["blocksize"])
            self.plan.append((OPERATORS[node.op_type], node.input, output, attributes))
        self.weights = nn.ParameterDict({n: nn.Parameter(torch.tensor(np.float32(w))) for n, w in weights.items()})

    def forward(self, lr):
        values = {"lr": lr, **self.settings, **self.weights}
        for operation, inputs, output, attributes in self.plan:
            values[output] = operation(*(values[name] for name in inputs), **attributes)
        return values["sr"]


def _in_pytorchs_order(weights, scale: int):
    """Filters before a shuffle: ONNX, as Keras, counts row, column, channel; PyTorch channel, row, column."""
    return weights[np.arange(len(weights)).reshape(scale**2, -1).T.ravel()]
