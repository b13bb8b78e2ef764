"""From LR to SR: the only code that applies an arm to images."""

import functools
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from sr_utils import StudyError
from sr_utils.data.images import SCALE, to_8_bits, to_rgb, upsample
from sr_utils.device import keras, setup, traced
from sr_utils.evaluation.reach import reach
from sr_utils.evaluation.tiling import tiles
from sr_utils.models import pretrained


def upscale(arm, lr: np.ndarray) -> np.ndarray:
    """SR of an image: uint8 (h, w, 3), or what `to_rgb` makes it of -> uint8 (4h, 4w, 3).

    `arm` is a Keras model, of `models.MODELS` or your own, or "nearest", "bilinear" or "bicubic", or the name of a
    network that comes with the study, or a function from LR to SR. A model also takes uint16, and returns the same.
    """
    lr = to_rgb(lr, "LR")
    if arm in ("nearest", "bilinear", "bicubic"):
        return upsample(to_8_bits(lr), arm)
    if isinstance(arm, str):
        arm = _shipped(arm)
    if not callable(arm):
        raise StudyError(f"SR needs a Keras model, a function, or a name such as combined or bicubic; not {arm!r}.")
    if not isinstance(arm, keras.Model):
        return arm(lr)
    sr = np.empty((SCALE * lr.shape[0], SCALE * lr.shape[1], 3), lr.dtype)
    setup()  # the session may have changed what untraced layers go by
    radius = reach(arm)
    margin, window = (0, max(lr.shape)) if radius is None else (radius + 1, None)  # one more: gradients may miss a path
    for (top, left), tile in tiles(traced(arm), margin, lr, window):
        sr[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sr


_shipped = functools.cache(pretrained.load)


def pictures(pairs: Iterable, arms: Mapping, name: Callable = str) -> dict[str, dict]:
    """{image: {"lr": …, each arm: …, "hr": …}} of uint8 arrays, as `plots.crops` and `widgets.compare` take it.

    `arms` maps a label to what `upscale` takes; `name` maps a pair's name to the one shown.
    """
    made = {}
    for pair in pairs:
        sr = {label: upscale(arm, pair.lr) for label, arm in arms.items()}
        made[name(pair.name)] = {"lr": pair.lr, **sr, "hr": pair.hr}
    return made
