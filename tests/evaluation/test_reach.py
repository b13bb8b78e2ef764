"""How far a network sees is measured: for the study's own, and for a network of each kind of layer."""

import warnings

import numpy as np
import pytest

from sr_utils import device
from sr_utils.device import keras
from sr_utils.evaluation import upscale
from sr_utils.evaluation.reach import reach

layers = keras.layers
PICTURE = np.random.default_rng(1).integers(0, 256, (12, 400, 3)).astype(np.uint8)  # windows are 256 pixels long


def network(*between, up=4):
    """A Keras network as a researcher writes it: these layers, then sub-pixel; random weights and a picture's range."""
    device.setup()
    lr, rng = keras.Input((None, None, 3)), np.random.default_rng(0)
    x = layers.Conv2D(8, 3, padding="same")(layers.Rescaling(1 / 255)(lr))
    for layer in between:
        x = layer(x)
    x = keras.ops.depth_to_space(layers.Conv2D(3 * up**2, 3, padding="same")(x), up)
    body = keras.Model(lr, x)
    body.set_weights([rng.uniform(0.1, 1, w.shape) * (rng.choice([-1, 1], w.shape) if w.ndim > 1 else 1)
                      for w in body.get_weights()])  # fmt: skip
    sr = np.asarray(body(PICTURE[None].astype(np.float32))).astype(np.float32)
    scale = 60 / sr.std()
    return keras.Model(lr, layers.Rescaling(scale, offset=128 - scale * sr.mean(), dtype="float32")(x))


class Attention(layers.Layer):
    def call(self, x):
        return x * keras.ops.mean(x, axis=(1, 2), keepdims=True)


class Columns(layers.Layer):
    def call(self, x):
        return x + keras.ops.cast(keras.ops.arange(keras.ops.shape(x)[2])[:, None] % 7, x.dtype) / 7


class Ramp(layers.Layer):
    def call(self, x):
        width = keras.ops.shape(x)[2]
        place = keras.ops.cast(keras.ops.arange(width), x.dtype) / keras.ops.cast(width, x.dtype)
        return x + 0.05 * place[:, None]


class Wide(layers.Layer):
    def __init__(self, way):
        super().__init__()
        self.way = way

    def call(self, x):
        return self.way(x, keras.ops.average_pool(x, 15, 1, "same"))


def roll(x):
    return keras.ops.concatenate([x[:, :, 5:], keras.ops.zeros_like(x[:, :, :5])], axis=2)


#: Name -> the layers, the factor that is left to the last one, and the radius; None for a network of the whole picture.
KINDS = {
    "PReLU": ([layers.PReLU(shared_axes=[1, 2])], 4, 2),
    "activations": ([layers.Activation("tanh"), layers.ReLU(), layers.LeakyReLU()], 4, 2),
    "BatchNormalization": ([layers.BatchNormalization(), layers.ReLU()], 4, 2),
    "LayerNormalization": ([layers.LayerNormalization(), layers.ReLU()], 4, 2),
    "Conv2DTranspose": ([layers.Conv2DTranspose(8, 4, strides=2, padding="same")], 2, 2),
    "DepthwiseConv2D": ([layers.DepthwiseConv2D(5, padding="same")], 4, 4),
    "SeparableConv2D": ([layers.SeparableConv2D(8, 5, padding="same")], 4, 4),
    "Lambda": ([layers.Lambda(roll)], 4, 7),
    "dilation": ([layers.Conv2D(8, 3, padding="same", dilation_rate=8)], 4, 10),
    "far dilation": ([layers.Conv2D(8, 3, padding="same", dilation_rate=90)], 4, 92),
    "pooling": ([layers.MaxPooling2D(3, strides=1, padding="same")], 4, 3),
    "strides": ([layers.Conv2D(8, 3, strides=2, padding="same")], 8, None),
    "halved and doubled": ([layers.AveragePooling2D(2), layers.UpSampling2D(2)], 4, None),
    "attention": ([Attention()], 4, None),
    "columns": ([Columns()], 4, None),
    "ramp": ([Ramp()], 4, None),
    "gate": ([Wide(lambda x, mean: x * keras.ops.cast(mean > 0, x.dtype))], 4, None),
    "no gradient": ([Wide(lambda x, mean: x + keras.ops.stop_gradient(mean))], 4, None),
    "steps": ([Wide(lambda x, mean: x + keras.ops.round(4 * mean) / 4)], 4, None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_windows_of_any_network_are_the_whole_pictures_sr(kind):
    between, up, radius = KINDS[kind]
    model = network(*between, up=up)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        sr = upscale(model, PICTURE)
        upscale(model, PICTURE[:, :40])
    assert reach(model) == radius
    assert [str(each.message).count("gets whole ones") for each in said] == [1] * (radius is None)
    whole = np.clip(np.rint(np.asarray(device.traced(model)(PICTURE[None].astype(np.float32)))[0]), 0, 255)
    assert whole.std() > 30
    assert np.abs(sr - whole).max() <= 1  # oneDNN may add in another order


def test_what_is_measured_does_not_depend_on_trained_weights():
    """A last layer that starts at zero, or one that was trained to nothing, answers to no pixel."""
    model = network(layers.Conv2D(8, 5, padding="same"))
    model.set_weights([0 * w for w in model.get_weights()])
    before = [w.copy() for w in model.get_weights()]
    assert reach(model) == 4
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
