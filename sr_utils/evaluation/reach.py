"""How far a network sees: measured, whatever its layers are."""

import functools
import warnings

import numpy as np

from sr_utils.data.images import SCALE
from sr_utils.device import gradient, keras

STRIP = (257, 2)  # LR pixels: a long and narrow picture
CUT = 65  # pixels of an end that is cut off: odd, and many
#: The middle and the spread of random pictures: with one of them, few activations are off or saturated.
PICTURES = ((128, 128), (128, 8), (0, 1))


@functools.lru_cache(maxsize=32)
def reach(model: keras.Model) -> int | None:
    """The receptive field's radius: how many LR pixels beyond its own an SR pixel can depend on, to each side.

    It is the extent of the gradient of one LR pixel's SR in long, narrow pictures, with random weights in place of the
    trained ones, which may be zero. None, with a warning, for a network that sees further than 127 pixels, or treats
    pixels by their place, as strides do: windows of a picture would not give windows of its SR.
    """
    rng, cause = np.random.default_rng(0), ""
    weights = [[_random(v, rng) for v in part] for part in (model.trainable_variables, model.non_trainable_variables)]

    def network(lr):
        return keras.ops.cast(model.stateless_call(*weights, lr, training=False)[0], "float32")

    try:
        radius, strips = 0, []
        for axis, shape in ((1, (1, *STRIP, 3)), (2, (1, *STRIP[::-1], 3))):
            for middle, spread in PICTURES:
                strips.append((axis, (middle + spread * rng.uniform(-1, 1, shape)).astype(np.float32)))
                radius = max(radius, _radius(network, *strips[-1]))
        if radius < STRIP[0] // 2 and all(_sees_no_further(network, *strip, radius) for strip in strips):
            return radius
    except Exception as error:  # layers of one's own may refuse the size, the weights, or a gradient
        cause = f" ({type(error).__name__})"
    warnings.warn(
        f"{model.name} cannot be applied to windows of a picture{cause}; it gets whole ones, which take more memory.",
        stacklevel=2,
    )
    return None


def _random(variable, rng):
    """Signed kernels that keep a signal's size; positive biases, scales and variances; other types stay."""
    if not keras.backend.is_float_dtype(variable.dtype):
        return variable.value
    if len(variable.shape) < 2:
        value = rng.uniform(0.5, 1, variable.shape)
    else:
        value = rng.normal(size=variable.shape) / np.sqrt(np.prod(variable.shape[:-1]))
    return keras.ops.convert_to_tensor(value.astype(np.float32), dtype=variable.dtype)


def _radius(network, axis: int, lr) -> int:
    """The distance along `axis` to the furthest pixel that the SR of the middle one depends on."""
    middle = STRIP[0] // 2
    piece = (slice(None),) * axis + (slice(middle * SCALE, (middle + 1) * SCALE),)
    seen = np.flatnonzero((gradient(lambda lr: network(lr)[piece], lr) != 0).any(axis=(0, 3 - axis, 3)))
    return int(np.abs(seen - middle).max(initial=0))


def _sees_no_further(network, axis: int, lr, radius: int) -> bool:
    """Whether a picture without one of its ends gives the same SR, beyond the radius: what no gradient tells of, such
    as the comparison with a mean, or a pixel's place, would change it."""
    whole, shift, border = np.moveaxis(np.asarray(network(lr)), axis, 0), CUT * SCALE, (radius + 1) * SCALE
    first = np.s_[:CUT], np.s_[shift + border :], np.s_[border:]
    last = np.s_[-CUT:], np.s_[: -shift - border], np.s_[:-border]
    for cut, kept, inner in (first, last):
        part = np.moveaxis(np.asarray(network(np.delete(lr, cut, axis))), axis, 0)[inner]
        if part.shape != whole[kept].shape:
            return False
        if np.abs(part - whole[kept]).max() > 0.02 * np.abs(whole - whole.mean()).mean():
            return False
    return True
