"""From LR to SR: the only code that applies an arm to images."""

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

import numpy as np

from sr_utils.data.images import SCALE, to_8_bits, to_rgb, upsample
from sr_utils.device import keras, traced
from sr_utils.evaluation.tiling import tiles
from sr_utils.models import pretrained

POINTWISE = ("Rescaling", "Add", "Concatenate")


def upscale(arm, lr: np.ndarray) -> np.ndarray:
    """SR of an image: uint8 (h, w, 3), or what `to_rgb` makes it of -> uint8 (4h, 4w, 3).

    `arm` is a Keras model of `models.MODELS`, or "nearest", "bilinear" or "bicubic", or the name of a network that
    comes with the study, or a function from LR to SR. A model also takes uint16, and returns the same.
    """
    lr = to_rgb(lr, "LR")
    if arm in ("nearest", "bilinear", "bicubic"):
        return upsample(to_8_bits(lr), arm)
    if isinstance(arm, str):
        arm = pretrained.load(arm)
    if not isinstance(arm, keras.Model):
        return arm(lr)
    sr = np.empty((SCALE * lr.shape[0], SCALE * lr.shape[1], 3), lr.dtype)
    for (top, left), tile in tiles(traced(arm), reach(arm), lr):
        sr[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sr


def pictures(pairs: Iterable, arms: Mapping, name: Callable = str) -> dict[str, dict]:
    """{image: {"lr": …, each arm: …, "hr": …}} of uint8 arrays, as `plots.crops` and `widgets.compare` take it.

    `pairs` are `data.Pair`s; `arms` maps a label to what `upscale` takes; `name` maps a pair's name to the one shown.
    """
    return {
        name(pair.name): {"lr": pair.lr, **{label: upscale(arm, pair.lr) for label, arm in arms.items()}, "hr": pair.hr}
        for pair in pairs
    }


def reach(model: keras.Model) -> int:
    """The receptive field's radius: how many LR pixels beyond its own an SR pixel can depend on, to each side.

    It is the sum over the layers, each at its own resolution; where branches meet, the largest counts. Raises
    `TypeError` for a kind of layer that `_through` does not know.
    """
    known = {id(model.input): (Fraction(1), Fraction(0))}  # tensor -> (pixels per LR pixel, radius in LR pixels)
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        sources = [known[id(tensor)] for tensor in keras.tree.flatten(layer.input)]
        scale, radius = sources[0][0], max(radius for _, radius in sources)
        known[id(layer.output)] = _through(layer, scale, radius)
    return math.ceil(known[id(model.output)][1])


def _through(layer, scale, radius):
    kind = type(layer).__name__
    if kind == "Conv2D":
        return scale, radius + (layer.kernel_size[0] // 2) / scale
    if kind == "EdgeEnhance":
        return scale, radius + 1 / scale
    if kind == "DepthToSpace":
        return scale * layer.scale, radius
    if kind == "UpSampling2D":
        return scale * layer.size[0], radius + 1 / scale  # bilinear: the next pixel
    if kind == "MaxPooling2D":
        return scale / layer.pool_size[0], radius + (layer.pool_size[0] - 1) / scale
    if kind in POINTWISE:
        return scale, radius
    raise TypeError(f"The reach of a {kind} is not known; add it to upscaling._through.")
