"""The layers of the networks: input, output, convolutions, and the two layers that Keras lacks.

Sub-pixel convolution: Shi et al., 2016, arXiv:1609.05158. The image path (input, bilinear enlargement, global skip,
output) is float32; convolutions use Keras' dtype policy, which `device.setup` sets.
"""

import numpy as np

from sr_utils import device, filters
from sr_utils.device import keras

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable("sr_utils")
class DepthToSpace(layers.Layer):
    """The shuffle of the sub-pixel convolution: (B, h, w, r²·C) -> (B, r·h, r·w, C)."""

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return ops.depth_to_space(x, self.scale)

    def compute_output_shape(self, shape):
        b, h, w, c = shape
        return b, h and h * self.scale, w and w * self.scale, c // self.scale**2

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable("sr_utils")
class EdgeEnhance(layers.Layer):
    """`filters.edge_enhance` at strength 1 on centred images: (B, H, W, 3) -> (B, H, W, 3), clipped to −0.5…0.5."""

    def call(self, x):
        kernel = ops.convert_to_tensor(np.repeat(filters.KERNEL[..., None, None], 3, axis=2), x.dtype)
        x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")  # one replicated pixel on each side
        return ops.clip(ops.depthwise_conv(x, kernel, padding="valid"), -0.5, 0.5)

    def compute_output_shape(self, shape):
        return shape


def lr_input():
    """The LR image in 0…255, and the same in −0.5…0.5."""
    device.setup()
    lr = keras.Input((None, None, 3), name="lr")
    return lr, layers.Rescaling(1 / 255, offset=-0.5, name="centre", dtype="float32")(lr)


def sr_output(lr, y, name, skip=None):
    """The model from the LR image to `y`, rescaled from −0.5…0.5 to 0…255. If `skip` is an image, y is added to it."""
    if skip is not None:
        y = layers.Add(name="global_skip", dtype="float32")([skip, y])
    return keras.Model(lr, layers.Rescaling(255, offset=127.5, name="grey_levels", dtype="float32")(y), name=name)


def conv(x, filters, kernel, name, zero=False, **options):
    """Convolution with "same" padding: (B, h, w, c) -> (B, h, w, filters). `zero` initialises the kernel with zeros."""
    if zero:
        options["kernel_initializer"] = "zeros"
    return layers.Conv2D(filters, kernel, padding="same", name=name, **options)(x)


def bilinear(x):
    """Bilinear ×4 in float32: (B, h, w, c) -> (B, 4h, 4w, c)."""
    return layers.UpSampling2D(4, interpolation="bilinear", name="bilinear", dtype="float32")(x)


def enhance_edges(x):
    """Edge enhancement in float32: (B, H, W, 3) -> (B, H, W, 3)."""
    return EdgeEnhance(name="edge_enhance", dtype="float32")(x)


def sub_pixel(x, scale, channels, name, zero=False):
    """Sub-pixel convolution, 3×3: (B, h, w, c) -> (B, scale·h, scale·w, channels)."""
    x = conv(x, channels * scale**2, 3, f"{name}_conv", zero=zero)
    return DepthToSpace(scale, name=f"{name}_shuffle")(x)


def max_pooling(x, size, name):
    """(B, H, W, c) -> (B, H/size, W/size, c)."""
    return layers.MaxPooling2D(size, name=name)(x)


def add(x, y, name):
    """The sum of two tensors of one shape."""
    return layers.Add(name=name)([x, y])


def concatenate(branches, name):
    """(B, h, w, c) each -> (B, h, w, Σc)."""
    return layers.Concatenate(name=name)(branches)
