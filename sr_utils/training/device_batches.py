"""Training on a GPU under JAX: the images lie in its memory, where every step cuts its patches, byte for byte as
`data.batch`; and many steps are done in one call, since a call takes longer than a step."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sr_utils.data.images import SCALE
from sr_utils.data.patches import draws
from sr_utils.data.sets import Pair
from sr_utils.device import keras

ops = keras.ops


class OnDevice(keras.Model):
    """Wraps a network for training, so that its input is the places of patches, int32 (B, steps, 4), not their pixels.

    All images of `pairs` lie in two uint8 tensors with a row per LR pixel: its three bytes, and the 4×4×3 bytes of HR
    that it covers. A patch is one gather in each, and indices fit into int32 (DIV2K: 1.4 × 10⁸ LR pixels, 7 GB).
    """

    def __init__(self, network: keras.Model, pairs: Sequence[Pair], patch: int):
        super().__init__(name=f"{network.name}_on_device")
        self.network, self.side = network, patch // SCALE
        with ThreadPoolExecutor() as pool:  # Pillow releases Python's lock while it decodes
            sizes = np.array(list(pool.map(lambda pair: pair.lr.shape[:2], pairs)))
        self.widths, ends = sizes[:, 1], np.cumsum(sizes.prod(1))
        self.firsts = ends - sizes.prod(1)
        lr, hr = (np.empty((ends[-1], channels), np.uint8) for channels in (3, 3 * SCALE**2))
        for pair, (h, w), first, end in zip(pairs, sizes, self.firsts, ends, strict=True):
            lr[first:end] = pair.lr.reshape(h * w, 3)
            hr[first:end] = pair.hr.reshape(h, SCALE, w, SCALE, 3).transpose(0, 2, 1, 3, 4).reshape(h * w, -1)
        self.rows = [self.add_weight(rows.shape, "zeros", "uint8", trainable=False) for rows in (lr, hr)]
        for kept, rows in zip(self.rows, (lr, hr), strict=True):
            kept.assign(rows)

    def batches(self, steps: int, pairs: Sequence[Pair], size: int, patch: int, seed: int, epoch: int, step: int):
        """Where `data.batch` cuts in this step and those after it: int32 (size, steps, 4) of first row, width, turns
        and flip, in a tuple of one, which `fit` takes as a batch without a target."""
        places = [
            [
                (self.firsts[i] + y * self.widths[i] + x, self.widths[i], turns, flip)
                for i, y, x, turns, flip in draws(pairs, size, patch, seed, epoch, each)
            ]
            for each in range(step, step + steps)
        ]
        return (np.array(places, np.int32).swapaxes(0, 1),)

    def cut(self, places):
        """Places of one step, int32 (B, 4) -> uint8 (B, patch/4, patch/4, 3) LR and uint8 (B, patch, patch, 3) HR."""
        first, width, turns, flip = (places[:, i, None, None] for i in range(4))
        along = ops.arange(self.side, dtype="int32")
        lr, hr = (ops.take(rows, first + along[:, None] * width + along, axis=0) for rows in self.rows)
        hr = ops.transpose(ops.reshape(hr, (-1, self.side, self.side, SCALE, SCALE, 3)), (0, 1, 3, 2, 4, 5))
        hr = ops.reshape(hr, (-1, self.side * SCALE, self.side * SCALE, 3))
        return _turned(lr, turns[..., None], flip[..., None]), _turned(hr, turns[..., None], flip[..., None])

    def call(self, x):
        if len(x.shape) == 4:  # validation gives crops, not places
            return self.network(x)
        lr, hr = self.cut(x[:, 0] if len(x.shape) == 3 else x)  # Keras builds the model with what it will feed
        return self.network(lr), hr

    def train_step(self, state, data):
        import jax

        def step(state, places):
            logs, state = super(OnDevice, self).train_step(state, (places,))
            return state, logs

        state, logs = jax.lax.scan(step, state, data[0].swapaxes(0, 1))
        return {name: values[-1] for name, values in logs.items()}, state

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y_pred, y = y_pred if y is None else (y_pred, y)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        y_pred, y = y_pred if y is None else (y_pred, y)
        return super().compute_metrics(x, y, y_pred, sample_weight)


def _turned(crops, turns, flip):
    """Quarter turns and flips (B, 1, 1, 1) of crops (B, n, n, 3), as `data.batch` does them."""
    crops = ops.where(turns % 2 == 1, ops.transpose(crops, (0, 2, 1, 3)), crops)
    crops = ops.where((turns == 1) | (turns == 2), ops.flip(crops, 1), crops)
    return ops.where((turns >= 2) != (flip == 1), ops.flip(crops, 2), crops)
