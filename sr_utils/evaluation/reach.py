"""How far a network sees: measured, whatever its layers are."""

import functools
import warnings

import numpy as np

from sr_utils.data.images import SCALE
from sr_utils.device import gradient, keras

STRIPS = ((17, 4), (65, 4), (257, 2))  # LR pixels: long and narrow pictures
#: The middle and the spread of the random pictures: with one of them, few activations are off or saturated.
PICTURES = ((128, 128), (128, 8), (0, 1))


@functools.lru_cache(maxsize=32)
def reach(model: keras.Model) -> int | None:
    """The receptive field's radius: how many LR pixels beyond its own an SR pixel can depend on, to each side.

    It is the extent of the gradient of one LR pixel's SR in long, narrow pictures, with random weights in place of the
    trained ones, which may be zero. None, with a warning, where windows of a picture don't give windows of its SR: the
    network sees further than 127 pixels, or treats pixels by their place, as strides do.
    """
    rng, cause = np.random.default_rng(0), ""
    weights = [[_random(v, rng) for v in part] for part in (model.trainable_variables, model.non_trainable_variables)]

    def network(lr):
        return keras.ops.cast(model.stateless_call(*weights, lr, training=False)[0], "float32")

    try:
        radius = _radius(network, STRIPS[-1], PICTURES[:1], rng)  # dilation may leap over the shorter ones
        for strip in STRIPS:
            radius = max(radius, _radius(network, strip, PICTURES, rng))
            if radius < strip[0] // 2:
                if _moves_along(network, strip, radius, rng):
                    return radius
                break
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


def _strips(strip: tuple, picture: tuple, rng):
    """A random picture as float32 (1, length, width, 3), and one that lies on its side; each with its long axis."""
    middle, spread = picture
    for axis, size in ((1, (1, *strip, 3)), (2, (1, *strip[::-1], 3))):
        yield axis, (middle + spread * rng.uniform(-1, 1, size)).astype(np.float32)


def _radius(network, strip: tuple, pictures: tuple, rng) -> int:
    """The distance to the furthest pixel that the SR of the middle one depends on, along either axis."""
    middle = strip[0] // 2
    piece = slice(middle * SCALE, (middle + 1) * SCALE)
    seen = np.zeros(strip[0], bool)
    for picture in pictures:
        for axis, lr in _strips(strip, picture, rng):
            slopes = gradient(lambda lr, axis=axis: network(lr)[(slice(None),) * axis + (piece,)], lr)
            seen |= (slopes != 0).any(axis=(0, 3 - axis, 3))
    return int(np.abs(np.flatnonzero(seen) - middle).max(initial=0))


def _moves_along(network, strip: tuple, radius: int, rng) -> bool:
    """Whether a picture without its first pixels gives the SR without those pixels, beyond the radius."""
    for axis, lr in _strips(strip, PICTURES[0], rng):
        whole, rest = (np.asarray(network(part)) for part in (lr, lr[(slice(None),) * axis + (slice(1, None),)]))
        whole, rest = (np.moveaxis(sr, axis, 0) for sr in (whole, rest))
        whole, rest = whole[(radius + 1) * SCALE :], rest[radius * SCALE :]
        if whole.shape != rest.shape or np.abs(whole - rest).mean() > 0.02 * np.abs(whole - whole.mean()).mean():
            return False
    return True
