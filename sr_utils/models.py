"""The arms: each a function of a few lines that returns a Keras model, and the table that names them.

Every model maps (B, h, w, 3) in 0…255 to float32 (B, 4h, 4w, 3) in 0…255, for any h and w. Scaling to −0.5…0.5
and back is in the model, and so is the precision: the image path and the last layer stay in float32. (Centring is
worth half a dB to SRCNN at `quick`: 29.47 against 28.94 dB on Set5.)

SRCNN: Dong et al., 2014, arXiv:1501.00092. Sub-pixel convolution: Shi et al., 2016, arXiv:1609.05158. The four
placements of up-sampling: Wang, Chen & Hoi, 2020, arXiv:1902.06068. Back-projection: Haris et al., 2018,
arXiv:1803.02735. Residual blocks: Lim et al., 2017, arXiv:1707.02921, started at the identity: Zhang et al., 2019,
arXiv:1901.09321. Inception: Szegedy et al., 2015,
arXiv:1409.4842.
"""

import numpy as np

from . import StudyError, backend, filters
from .backend import keras

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


def _input():
    """The LR image in 0…255 and the same in −0.5…0.5."""
    backend.setup()
    lr = keras.Input((None, None, 3), name="lr")
    return lr, layers.Rescaling(1 / 255, offset=-0.5, name="centre", dtype="float32")(lr)


def _output(lr, x, name):
    return keras.Model(lr, layers.Rescaling(255, offset=127.5, name="grey_levels", dtype="float32")(x), name=name)


def _conv(x, filters, kernel, name, **options):
    return layers.Conv2D(filters, kernel, padding="same", name=name, **options)(x)


def _bilinear(x, name="bilinear"):
    return layers.UpSampling2D(4, interpolation="bilinear", name=name, dtype="float32")(x)


def _sub_pixel(x, scale, channels, name, **options):
    """Sub-pixel convolution, 3×3: (B, h, w, c) -> (B, scale·h, scale·w, channels)."""
    x = _conv(x, channels * scale**2, 3, f"{name}_conv", **options)
    return DepthToSpace(scale, name=f"{name}_shuffle", dtype=options.get("dtype"))(x)


CHANNELS = 32  # of every learnt up-sampling that feeds a convolution; with three, pre-upsampling only ties the baseline


def _three_convolutions(x):
    """SRCNN 9-5-5 with 64, 32 and 3 filters, all at the size of x."""
    x = _conv(x, 64, 9, "conv_9", activation="relu")
    x = _conv(x, 32, 5, "conv_5", activation="relu")
    return _conv(x, 3, 5, "conv_out", dtype="float32")


def srcnn():
    """Baseline: bilinear ×4, then SRCNN 9-5-5 at HR size."""
    lr, x = _input()
    return _output(lr, _three_convolutions(_bilinear(x)), "srcnn")


def srcnn_edge_input():
    """The baseline, fed with the edge-enhanced bilinear image."""
    lr, x = _input()
    x = EdgeEnhance(name="edge_enhance", dtype="float32")(_bilinear(x))
    return _output(lr, _three_convolutions(x), "srcnn_edge_input")


def pre_upsampling():
    """Sub-pixel ×4 first; the three convolutions work at HR size."""
    lr, x = _input()
    x = _sub_pixel(x, 4, CHANNELS, "up4")  # (B, h, w, 3) -> (B, 4h, 4w, 32)
    return _output(lr, _three_convolutions(x), "pre_upsampling")


def post_upsampling():
    """Every convolution works at LR size; the third is the sub-pixel ×4 itself, as in ESPCN."""
    lr, x = _input()
    x = _conv(x, 64, 9, "conv_9", activation="relu")
    x = _conv(x, 32, 5, "conv_5", activation="relu")
    return _output(lr, _sub_pixel(x, 4, 3, "up4", dtype="float32"), "post_upsampling")  # -> (B, 4h, 4w, 3)


def progressive_upsampling():
    """Sub-pixel ×2 after the first and after the second convolution: LR size, twice that, HR size."""
    lr, x = _input()
    x = _conv(x, 64, 9, "conv_9", activation="relu")
    x = _sub_pixel(x, 2, CHANNELS, "up2_a")  # (B, h, w, 64) -> (B, 2h, 2w, 32)
    x = _conv(x, 32, 5, "conv_5", activation="relu")
    x = _sub_pixel(x, 2, CHANNELS, "up2_b")  # (B, 2h, 2w, 32) -> (B, 4h, 4w, 32)
    return _output(lr, _conv(x, 3, 5, "conv_out", dtype="float32"), "progressive_upsampling")


def iterative_upsampling():
    """Up, down by max-pooling, and up again: the sampling of back-projection networks, without their error feedback."""
    lr, x = _input()
    x = _sub_pixel(x, 4, CHANNELS, "up4_a")  # (B, h, w, 3) -> (B, 4h, 4w, 32)
    x = _conv(x, 64, 9, "conv_9", activation="relu")
    x = layers.MaxPooling2D(4, name="down4")(x)  # (B, 4h, 4w, 64) -> (B, h, w, 64)
    x = _conv(x, 32, 5, "conv_5", activation="relu")
    x = _sub_pixel(x, 4, CHANNELS, "up4_b")  # (B, h, w, 32) -> (B, 4h, 4w, 32)
    return _output(lr, _conv(x, 3, 5, "conv_out", dtype="float32"), "iterative_upsampling")


def residual():
    """Sub-pixel pre-upsampling, then six residual blocks at HR size under one global skip."""
    lr, x = _input()
    x = start = _conv(_sub_pixel(x, 4, CHANNELS, "up4"), 64, 3, "conv_in", activation="relu")
    for i in range(1, 7):
        y = _conv(x, 64, 3, f"block{i}_conv1", activation="relu")
        y = _conv(y, 64, 3, f"block{i}_conv2", kernel_initializer="zeros")  # each block starts as the identity
        x = layers.Add(name=f"block{i}_skip")([x, y])
    x = layers.Add(name="global_skip")([start, x])
    return _output(lr, _conv(x, 3, 3, "conv_out", dtype="float32"), "residual")


def inception():
    """Sub-pixel pre-upsampling, then three blocks of parallel 1, 3, 5 and 9 kernels, 16 filters each."""
    lr, x = _input()
    x = _sub_pixel(x, 4, CHANNELS, "up4")
    for i in range(1, 4):
        branches = [_conv(x, 16, k, f"block{i}_{k}x{k}", activation="relu") for k in (1, 3, 5, 9)]
        x = layers.Concatenate(name=f"block{i}_concat")(branches)  # 4 × (B, 4h, 4w, 16) -> (B, 4h, 4w, 64)
    return _output(lr, _conv(x, 3, 5, "conv_out", dtype="float32"), "inception")


def combined():
    """What the study teaches, together: residual blocks at LR size, sub-pixel ×4 last, and a bilinear global skip.

    The last convolution starts at zero, so the untrained network *is* bilinear interpolation.
    """
    lr, x = _input()
    y = start = _conv(x, 64, 3, "conv_in")
    for i in range(1, 9):
        z = _conv(y, 64, 3, f"block{i}_conv1", activation="relu")
        z = _conv(z, 64, 3, f"block{i}_conv2", kernel_initializer="zeros")  # each block starts as the identity
        y = layers.Add(name=f"block{i}_skip")([y, z])
    y = layers.Add(name="feature_skip")([start, y])
    y = _sub_pixel(y, 4, 3, "up4", kernel_initializer="zeros", dtype="float32")  # (B, h, w, 64) -> (B, 4h, 4w, 3)
    return _output(lr, layers.Add(name="global_skip", dtype="float32")([_bilinear(x), y]), "combined")


MODELS = {
    builder.__name__: builder
    for builder in (
        srcnn,
        pre_upsampling,
        post_upsampling,
        progressive_upsampling,
        iterative_upsampling,
        residual,
        inception,
        srcnn_edge_input,
        combined,
    )
}


def build(arm: str) -> keras.Model:
    """The untrained model of that arm. Raises `StudyError` for an unknown name."""
    if arm not in MODELS:
        raise StudyError(f"There is no arm {arm!r}; choose one of {', '.join(MODELS)}.")
    return MODELS[arm]()


def cost(model: keras.Model) -> dict:
    """{"parameters", "macs"}: trainable weights, and multiply–adds of the convolutions per output pixel."""
    convs = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    probe = keras.Model(model.input, [c.output for c in convs] + [model.output])
    *shapes, (_, height, width, _) = probe.compute_output_shape((1, 8, 8, 3))
    macs = sum(np.prod(c.kernel.shape) * s[1] * s[2] for c, s in zip(convs, shapes, strict=True))
    return {"parameters": model.count_params(), "macs": float(macs / (height * width))}
