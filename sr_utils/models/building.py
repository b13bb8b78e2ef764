"""Build the Keras model of an arm, and count what it costs."""

import math

from sr_utils.models.arms import MODELS


def build(arm: str):
    """The untrained `keras.Model` of that name, (B, h, w, 3) -> (B, 4h, 4w, 3). `StudyError` for an unknown name."""
    return MODELS[arm]()


def cost(model) -> dict:
    """{"parameters", "macs"}: trainable weights, and multiply–adds of the convolutions per output pixel."""
    from sr_utils.device import keras

    convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    probe = keras.Model(model.input, [conv.output for conv in convs] + [model.output])
    *shapes, (_, height, width, _) = probe.compute_output_shape((1, 8, 8, 3))
    macs = sum(math.prod(c.kernel.shape) * s[1] * s[2] for c, s in zip(convs, shapes, strict=True))
    return {"parameters": model.count_params(), "macs": macs / (height * width)}
