"""Build the Keras model of an arm, and count what it costs."""

import math

import numpy as np

from sr_utils import StudyError
from sr_utils.models.arms import ARMS, MODELS


def build(arm: str):
    """The untrained `keras.Model` of that name, (B, h, w, 3) -> (B, 4h, 4w, 3).

    Raises `StudyError` for an unknown name, and for a network of your own that does not take every size to four times
    the size: before it is trained, not when it is scored.
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


def cost(model) -> dict:
    """{"parameters", "macs"}: trainable weights, and multiply–adds of the convolutions per output pixel."""
    from sr_utils.device import keras

    convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    probe = keras.Model(model.input, [conv.output for conv in convs] + [model.output])
    *shapes, (_, height, width, _) = probe.compute_output_shape((1, 8, 8, 3))
    macs = sum(math.prod(c.kernel.shape) * s[1] * s[2] for c, s in zip(convs, shapes, strict=True))
    return {"parameters": model.count_params(), "macs": macs / (height * width)}
