"""Training on a GPU: the images lie in its memory, where every step cuts its patches, byte for byte as `data.batch`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from sr_utils.data.images import SCALE
from sr_utils.data.patches import draws
from sr_utils.data.sets import Pair
from sr_utils.device import keras


class OnDevice(keras.Model):
    """Wraps a network for training, so that its input is the positions of patches instead of their pixels.

    It trains the network's own weights and adds none. All training images are stored in two uint8 tensors with a row
    per LR pixel: its three bytes, and the 4×4×3 bytes of HR that it covers. A patch is one gather in each tensor, so
    that HR crops are aligned on LR pixels and indices fit into int32 (DIV2K: 1.4 × 10⁸ LR pixels, 7 GB).

    Parameters
    ----------
    network : the model to train, (B, h, w, 3) -> (B, 4h, 4w, 3).
    pairs : training images, each at least a patch large.
    patch : the side of a patch in HR pixels, a multiple of 4.
    """

    def __init__(self, network: keras.Model, pairs: Sequence[Pair], patch: int):
        super().__init__(name=f"{network.name}_on_device")
        self.network, self.side = network, patch // SCALE
        with ThreadPoolExecutor() as pool:  # Pillow releases Python's lock while it decodes
            sizes = np.array(list(pool.map(lambda pair: pair.lr.shape[:2], pairs)))
        self.widths, ends = sizes[:, 1], np.cumsum(sizes.prod(1))
        self.firsts = ends - sizes.prod(1)
        lr, hr = (np.empty((ends[-1], channels), np.uint8) for channels in (3, 3 * SCALE**2))
        for pair, first, end in zip(pairs, self.firsts, ends, strict=True):
            lr[first:end], hr[first:end] = _rows(pair)
        self.lr, self.hr = self._keep("lr", lr), self._keep("hr", hr)

    def _keep(self, name: str, rows: np.ndarray):
        kept = self.add_weight(name=name, shape=rows.shape, dtype="uint8", trainable=False, initializer="zeros")
        kept.assign(rows)
        return kept

    def batch(self, pairs: Sequence[Pair], size: int, patch: int, seed: int, epoch: int, step: int):
        """Where `data.batch` cuts for the same arguments: int32 (size, 4) of first row, width, turns and flip.

        Returned as a tuple of one, which `fit` takes as a batch without a target.
        """
        places = [
            (self.firsts[i] + y * self.widths[i] + x, self.widths[i], turns, flip)
            for i, y, x, turns, flip in draws(pairs, size, patch, seed, epoch, step)
        ]
        return (np.array(places, np.int32),)

    def cut(self, places):
        """int32 (B, 4) as `batch` returns -> uint8 (B, patch/4, patch/4, 3) LR and uint8 (B, patch, patch, 3) HR."""
        ops = keras.ops
        first, width, turns, flip = (places[:, i, None, None] for i in range(4))
        steps = ops.arange(self.side, dtype="int32")
        index = first + steps[:, None] * width + steps
        lr, hr = ops.take(self.lr, index, axis=0), ops.take(self.hr, index, axis=0)
        hr = ops.transpose(ops.reshape(hr, (-1, self.side, self.side, SCALE, SCALE, 3)), (0, 1, 3, 2, 4, 5))
        hr = ops.reshape(hr, (-1, self.side * SCALE, self.side * SCALE, 3))
        return _turned(lr, turns[..., None], flip[..., None]), _turned(hr, turns[..., None], flip[..., None])

    def call(self, x):
        if len(x.shape) == 4:  # validation gives crops, not positions
            return self.network(x)
        lr, hr = self.cut(x)
        return self.network(lr), hr

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y_pred, y = y_pred if y is None else (y_pred, y)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        y_pred, y = y_pred if y is None else (y_pred, y)
        return super().compute_metrics(x, y, y_pred, sample_weight)


class Scanned(OnDevice):
    """For JAX: does the steps of positions (B, steps, 4) in one call, since a call takes longer than a step."""

    def batches(self, together: int, *arguments):
        """The positions of `together` steps from the given one on; `arguments` as for `batch`."""
        *arguments, first = arguments
        return (np.stack([self.batch(*arguments, step)[0] for step in range(first, first + together)], axis=1),)

    def train_step(self, state, data):
        import jax

        def step(state, places):
            logs, state = super(Scanned, self).train_step(state, (places,))
            return state, logs

        state, logs = jax.lax.scan(step, state, data[0].swapaxes(0, 1))
        return {name: values[-1] for name, values in logs.items()}, state

    def call(self, x):
        return super().call(x[:, 0] if len(x.shape) == 3 else x)  # Keras builds the model with what it will feed


def _rows(pair: Pair):
    """An image as rows: uint8 (h·w, 3) of LR, and uint8 (h·w, 48) of the HR pixels under each LR pixel."""
    h, w = pair.lr.shape[:2]
    blocks = pair.hr.reshape(h, SCALE, w, SCALE, 3).transpose(0, 2, 1, 3, 4)
    return pair.lr.reshape(h * w, 3), blocks.reshape(h * w, 3 * SCALE**2)


def _turned(crops, turns, flip):
    """Quarter turns and flips (B, 1, 1, 1) of crops (B, n, n, 3), as `data.batch` does them."""
    ops = keras.ops
    crops = ops.where(turns % 2 == 1, ops.transpose(crops, (0, 2, 1, 3)), crops)
    crops = ops.where((turns == 1) | (turns == 2), ops.flip(crops, 1), crops)
    return ops.where((turns >= 2) != (flip == 1), ops.flip(crops, 2), crops)
