"""A network applied to an image of any size: one window at a time, so that memory does not grow with the image.

Windows overlap by the receptive field, so that together they equal the SR of the whole image: to the byte, or, where a
processor adds in another order at another size, within one grey level.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from sr_utils.data.images import SCALE


def tiles(network: Callable, margin: int, lr: np.ndarray, window: int | None = None) -> Iterator[tuple]:
    """SR in pieces, row by row: yields ((top, left), piece), in HR pixels, of the dtype of `lr` (uint8 or uint16).

    `network` goes from float32 (1, h, w, 3) to (1, 4h, 4w, 3), both in 0…255; `margin` is its receptive field's radius
    in LR pixels. `window` is the largest side of its input, in LR pixels; by default it is so large that margins are
    at most 15 % of the work.
    """
    window = window or max(256, 30 * margin)
    white = np.iinfo(lr.dtype).max
    columns = list(_spans(lr.shape[1], margin, window))
    for y, (top, bottom), height in _spans(lr.shape[0], margin, window):
        for x, (left, right), width in columns:
            sr = network(lr[None, y : y + height, x : x + width] * np.float32(255 / white))
            kept = np.asarray(sr)[0, SCALE * (top - y) : SCALE * (bottom - y), SCALE * (left - x) : SCALE * (right - x)]
            yield (top * SCALE, left * SCALE), grey_levels(kept, lr.dtype)


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
