"""Large images tile by tile: how far a network sees, and SR whose memory does not grow with the image."""

import math
from fractions import Fraction

import numpy as np

from sr_utils import device as backend
from sr_utils.data.images import SCALE
from sr_utils.device import keras
from sr_utils.evaluation.scores import grey_levels

TILE = 256  # LR pixels of a tile's side, its margin not counted

POINTWISE = ("InputLayer", "Rescaling", "Add", "Concatenate")


def reach(model: keras.Model) -> int:
    """The receptive field's radius: how many LR pixels beyond its own an SR pixel can depend on, to each side.

    Added up over the layers, each at the size of image that it works at; where branches meet, the farthest counts.
    Raises `TypeError` for a layer whose reach is not known here.
    """
    seen = {}  # tensor -> (its pixels per LR pixel, its radius in LR pixels)
    for layer in model.layers:
        sources = [seen[id(tensor)] for tensor in keras.tree.flatten(layer.input)] or [(Fraction(1), Fraction(0))]
        scale, radius = sources[0][0], max(radius for _, radius in sources)
        seen[id(layer.output)] = _through(layer, scale, radius)
    return math.ceil(seen[id(model.output)][1])


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
    raise TypeError(f"The reach of a {kind} is not known; add it to tiling._through.")


def tiles(model, lr, side: int = TILE):
    """SR in pieces: yields ((top, left), uint8 (≤ 4·side, ≤ 4·side, 3)), in HR pixels, row by row.

    Each tile of `lr`, uint8 (h, w, 3), is computed with a margin of `reach(model)` that is then cut off, so that the
    pieces together are the whole image's SR, to the byte, if that is computed by `backend.traced` too; op by op some
    grey levels differ. `model` is one of `models.MODELS`.
    """
    margin, run = reach(model), backend.traced(model)  # with margins, tiles have at most nine shapes
    for top, left in corners(lr, side):
        y, x = max(0, top - margin), max(0, left - margin)
        tile = lr[None, y : top + side + margin, x : left + side + margin]
        sr = grey_levels(run(tile.astype(np.float32)))
        sr = sr[(top - y) * SCALE :, (left - x) * SCALE :]
        yield (top * SCALE, left * SCALE), sr[: side * SCALE, : side * SCALE]


def corners(lr, side: int = TILE) -> list[tuple[int, int]]:
    """(y, x) of each tile of an LR image, row by row."""
    height, width = lr.shape[:2]
    return [(y, x) for y in range(0, height, side) for x in range(0, width, side)]
