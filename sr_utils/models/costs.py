"""Build the Keras model of an arm, and count what it costs."""

import math

import numpy as np

from sr_utils import StudyError
from sr_utils.device import keras
from sr_utils.models.arms import ARMS, MODELS


def build(arm: str):
    """The untrained `keras.Model` of that name, (B, h, w, 3) -> (B, 4h, 4w, 3).

    Raises `StudyError` for an unknown name, and for a network of your own that does not enlarge every size by four.
    """
    model = MODELS[arm]()
    if arm not in {line.builder.__name__ for line in ARMS.values()}:
        try:
            shape = tuple(model(np.zeros((1, 9, 14, 3), np.float32), training=False).shape)
        except Exception as error:  # layers raise many kinds
            reason = str(error).strip().splitlines()[0]
            raise StudyError(f"{arm} has to take pictures of any size, but of 14×9 pixels: {reason}") from None
        if shape != (1, 36, 56, 3):
            raise StudyError(f"{arm} has to return (1, 36, 56, 3) for an LR of shape (1, 9, 14, 3), not {shape}.")
    return model


def shapes(model, tensors, side: int) -> list[tuple]:
    """The shapes of tensors in the graph of a Keras model, for an LR of side×side pixels."""
    return keras.Model(model.inputs, list(tensors)).compute_output_shape((1, side, side, 3))


def cost(model) -> dict:
    """{"parameters", "macs"}: weights, and multiply–adds of convolutions of any kind and of Dense per output pixel.

    A kernel is applied once at each position of its layer's input or output, whichever has fewer. What a layer of
    another kind computes, such as attention, is not counted. "macs" is NaN for a model that has no graph of layers.
    """
    if not hasattr(model, "inputs"):  # it has a `call` of its own
        return {"parameters": model.count_params(), "macs": np.nan}
    kernels = [(layer, [w.shape for w in layer.weights if len(w.shape) in (2, 4)]) for layer in model.layers]
    layers = [(layer, math.fsum(map(math.prod, sizes))) for layer, sizes in kernels if sizes]
    ends = [end for layer, _ in layers for end in (layer.input, layer.output)]
    *places, pixels = (shape[1] * shape[2] for shape in shapes(model, [*ends, *model.outputs], 8))
    macs = sum(size * min(ends) for (_, size), *ends in zip(layers, places[::2], places[1::2], strict=True))
    return {"parameters": model.count_params(), "macs": macs / pixels}
