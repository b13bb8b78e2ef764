"""From LR to SR: the only code that applies an arm to whole images, windows, and photographs of any size.

A network processes one window of the image at a time, so that memory does not grow with the image. Windows overlap by
the receptive field, so that together they equal the SR of the whole image, to the byte.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from sr_utils.data.images import SCALE, upsample
from sr_utils.device import keras, traced

POINTWISE = ("Rescaling", "Add", "Concatenate")
MARGIN = 24  # LR pixels around a window if the arm is a function of unknown reach; the reach of `combined` is 18


def upscale(arm, lr: np.ndarray) -> np.ndarray:
    """SR of an image: uint8 (h, w, 3) -> uint8 (4h, 4w, 3).

    `arm` is a Keras model of `models.MODELS`, or "nearest", "bilinear" or "bicubic", or a function from LR to SR.
    A model also takes uint16, and returns the same.
    """
    if isinstance(arm, str):
        return upsample(lr, arm)
    if not isinstance(arm, keras.Model):
        return arm(lr)
    sr = np.empty((SCALE * lr.shape[0], SCALE * lr.shape[1], 3), lr.dtype)
    for (top, left), tile in tiles(arm, lr):
        sr[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sr


def upscale_window(arm, pair, y: int, x: int, side: int) -> np.ndarray:
    """The side×side window at (y, x) of an image's SR, computed from the LR around it: uint8 (side, side, 3).

    The margin around the LR window covers the arm's receptive field, so the result equals the whole image's SR there.
    """
    margin = reach(arm) if isinstance(arm, keras.Model) else MARGIN
    top, left = max(0, y // SCALE - margin), max(0, x // SCALE - margin)
    bottom, right = (-(-(n + side) // SCALE) + margin for n in (y, x))
    sr = upscale(arm, np.ascontiguousarray(pair.lr[top:bottom, left:right]))
    y, x = y - top * SCALE, x - left * SCALE
    return sr[y : y + side, x : x + side]


def tiles(
    model: keras.Model, lr: np.ndarray, window: int | None = None
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """SR in pieces, row by row: yields ((top, left), piece), in HR pixels, of the dtype of `lr` (uint8 or uint16).

    `window` is the largest side of a model's input, in LR pixels; by default it is so large that margins are at most
    15 % of the work.
    """
    margin = reach(model)
    window = window or max(256, 30 * margin)
    white = np.iinfo(lr.dtype).max
    columns = list(_spans(lr.shape[1], margin, window))
    for y, (top, bottom), height in _spans(lr.shape[0], margin, window):
        for x, (left, right), width in columns:
            sr = traced(model)(lr[None, y : y + height, x : x + width] * np.float32(255 / white))
            piece = np.asarray(sr)[
                0, (top - y) * SCALE : (bottom - y) * SCALE, (left - x) * SCALE : (right - x) * SCALE
            ]
            yield (top * SCALE, left * SCALE), grey_levels(piece, lr.dtype)


def _spans(length: int, margin: int, window: int) -> Iterator[tuple[int, tuple[int, int], int]]:
    """Cut one axis into overlapping windows of one size: (start, (first, end) of what is kept, size) of each."""
    count = max(1, math.ceil((length - 2 * margin) / (window - 2 * margin))) if length > window else 1
    size = math.ceil((length + 2 * margin * (count - 1)) / count)
    starts = [min(i * (size - 2 * margin), length - size) for i in range(count)]
    edges = [0, *(start + margin for start in starts[1:]), length]
    for start, first, end in zip(starts, edges, edges[1:], strict=False):
        yield start, (first, end), size


def grey_levels(sr, dtype=np.uint8) -> np.ndarray:
    """float 0…255 -> uint8 or uint16: the only place where a network's output is rounded and clipped."""
    white = np.iinfo(dtype).max
    return np.clip(np.rint(np.asarray(sr) * np.float32(white / 255)), 0, white).astype(dtype)


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
    raise TypeError(f"The reach of a {kind} is not known; add it to upscale._through.")
