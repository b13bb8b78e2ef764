"""Every arm as the same network in plain PyTorch, for the benches steps and inference: `pip install .[bench]`."""

import contextlib
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from bench.racing import take_turns
from sr_utils import StudyError, filters
from sr_utils.device import keras
from sr_utils.models.layers import DepthToSpace, EdgeEnhance

try:
    import torch
except ModuleNotFoundError:
    raise StudyError("PyTorch is not installed; run .venv/bin/python -m pip install .[bench].") from None
from torch import nn
from torch.nn import functional

# PyTorch's optimizers import triton, which crashes in a process with TensorFlow; a processor does not need it.
sys.modules["triton"] = None


class Twin(nn.Module):
    """The same network as a Keras model of the study, with the same weights: (B, 3, h, w) -> (B, 3, 4h, 4w).

    Under PyTorch's autocast every convolution is in bfloat16, and the output in float32, as in the study.
    """

    def __init__(self, model: keras.Model):
        super().__init__()
        self.convolutions, self.plan = nn.ModuleDict(), []
        shuffled = {_sources(layer)[0]: layer.scale for layer in model.layers if isinstance(layer, DepthToSpace)}
        for layer in model.layers[1:]:
            if isinstance(layer, keras.layers.Conv2D):
                self.convolutions[layer.name] = _convolution(layer, shuffled.get(layer.name, 1))
            self.plan.append((layer, _sources(layer)))

    def forward(self, x):
        made = {self.plan[0][1][0]: x}
        for layer, sources in self.plan:
            made[layer.name] = self._output(layer, [made[name] for name in sources])
        return made[self.plan[-1][0].name]

    def _output(self, layer, inputs):
        (x, *_), kinds = inputs, keras.layers
        match layer:
            case kinds.Conv2D():
                x = self.convolutions[layer.name](x)
                return functional.relu(x) if layer.activation is keras.activations.relu else x
            case kinds.Rescaling():
                return x.float() * layer.scale + layer.offset
            case kinds.UpSampling2D():
                return functional.interpolate(x, scale_factor=4, mode="bilinear")
            case kinds.MaxPooling2D():
                return functional.max_pool2d(x, layer.pool_size)
            case kinds.Add():
                return sum(inputs[1:], x)
            case kinds.Concatenate():
                return torch.cat(inputs, 1)
            case DepthToSpace():
                return functional.pixel_shuffle(x, layer.scale)
            case EdgeEnhance():
                kernel = torch.tensor(np.tile(filters.KERNEL, (3, 1, 1, 1)), dtype=x.dtype)
                padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
                return functional.conv2d(padded, kernel, groups=3).clip(-0.5, 0.5)
        raise TypeError(f"PyTorch's twin knows no {type(layer).__name__}")


def _sources(layer) -> list[str]:
    """The names of the layers that feed this one."""
    return [tensor._keras_history.operation.name for tensor in layer._inbound_nodes[0].input_tensors]


def _convolution(layer, scale: int) -> nn.Conv2d:
    """The same convolution; before a shuffle its filters come in PyTorch's order: channel, row, column."""
    kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
    order = np.arange(len(bias)).reshape(scale**2, -1).T.ravel()
    made = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[:2], padding="same")
    made.weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1)[order])
    made.bias.data = torch.tensor(bias[order])
    return made


@contextlib.contextmanager
def two_processes():
    """A process for each side of a race: in one process with TensorFlow, PyTorch takes a tenth to a third longer."""
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, start) as ours, ProcessPoolExecutor(1, start) as theirs:
        yield {"ours": ours, "PyTorch": theirs}


_made = {}  # in such a process: the action that it is called for


def _make(builder, *arguments):
    _made["action"] = builder(*arguments)


def _call():
    _made["action"]()


def beside_pytorch(processes: dict, builders: dict, rounds: int, repeats: int, per_call: int = 1) -> dict:
    """Medians and quartiles of ours and PyTorch's in milliseconds, and their ratio.

    `builders`: for each side a function and its arguments, which returns an action of `per_call` parts that are alike.
    """
    for side, made in builders.items():
        processes[side].submit(_make, *made).result()
    turns = {side: lambda process=process: process.submit(_call).result() for side, process in processes.items()}
    times = {side: np.divide(ms, per_call) for side, ms in take_turns(turns, rounds, repeats).items()}
    medians = {side: float(np.median(ms)) for side, ms in times.items()}
    spread = {side: np.quantile(ms, (0.25, 0.75)).tolist() for side, ms in times.items()}
    return {
        "ms": medians["ours"],
        "quartiles": spread["ours"],
        "PyTorch ms": medians["PyTorch"],
        "PyTorch quartiles": spread["PyTorch"],
        "ratio": medians["ours"] / medians["PyTorch"],
    }


def print_table(table: pd.DataFrame) -> None:
    """Print a table of comparisons, quartiles as a range."""
    shown = table.drop(columns=[c for c in table if "quartiles" in c])
    spread = [f"{q[0]:.3g}–{q[1]:.3g}" for q in table["quartiles"]]
    shown.insert(shown.columns.get_loc("ms") + 1, "quartiles", spread)
    print(shown.to_string(index=False, float_format=lambda v: f"{v:.3g}"))
