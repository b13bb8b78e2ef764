"""The arms: each a function of a few lines that returns a Keras model, and the table that names them.

Every model maps (B, h, w, 3) in 0…255 to float32 (B, 4h, 4w, 3) in 0…255, for any h and w. Scaling to −0.5…0.5
and back is in the model, and so is the precision: the image path and the last layer stay in float32. (Centring is
worth half a dB to SRCNN at `quick`: 29.47 against 28.94 dB on Set5.)

SRCNN: Dong et al., 2014, arXiv:1501.00092. Sub-pixel convolution: Shi et al., 2016, arXiv:1609.05158. The four
placements of up-sampling: Wang, Chen & Hoi, 2020, arXiv:1902.06068. Back-projection: Haris et al., 2018,
arXiv:1803.02735. Residual blocks: Lim et al., 2017, arXiv:1707.02921, started at the identity: Zhang et al., 2019,
arXiv:1901.09321. Inception: Szegedy et al., 2015, arXiv:1409.4842.
"""

import numpy as np

from sr_utils import StudyError
from sr_utils.device import keras
from sr_utils.models import pretrained as shipped
from sr_utils.models.layers import EdgeEnhance, bilinear, conv, lr_input, sr_output, sub_pixel

layers = keras.layers

CHANNELS = 32  # of every learnt up-sampling that feeds a convolution; with three, pre-upsampling only ties the baseline


def _three_convolutions(x):
    """SRCNN 9-5-5 with 64, 32 and 3 filters, all at the size of x."""
    x = conv(x, 64, 9, "conv_9", activation="relu")
    x = conv(x, 32, 5, "conv_5", activation="relu")
    return conv(x, 3, 5, "conv_out", dtype="float32")


def srcnn():
    """Baseline: bilinear ×4, then SRCNN 9-5-5 at HR size."""
    lr, x = lr_input()
    return sr_output(lr, _three_convolutions(bilinear(x)), "srcnn")


def srcnn_edge_input():
    """The baseline, fed with the edge-enhanced bilinear image."""
    lr, x = lr_input()
    x = EdgeEnhance(name="edge_enhance", dtype="float32")(bilinear(x))
    return sr_output(lr, _three_convolutions(x), "srcnn_edge_input")


def pre_upsampling():
    """Sub-pixel ×4 first; the three convolutions work at HR size."""
    lr, x = lr_input()
    x = sub_pixel(x, 4, CHANNELS, "up4")  # (B, h, w, 3) -> (B, 4h, 4w, 32)
    return sr_output(lr, _three_convolutions(x), "pre_upsampling")


def post_upsampling():
    """Every convolution works at LR size; the third is the sub-pixel ×4 itself, as in ESPCN."""
    lr, x = lr_input()
    x = conv(x, 64, 9, "conv_9", activation="relu")
    x = conv(x, 32, 5, "conv_5", activation="relu")
    return sr_output(lr, sub_pixel(x, 4, 3, "up4", dtype="float32"), "post_upsampling")  # -> (B, 4h, 4w, 3)


def progressive_upsampling():
    """Sub-pixel ×2 after the first and after the second convolution: LR size, twice that, HR size."""
    lr, x = lr_input()
    x = conv(x, 64, 9, "conv_9", activation="relu")
    x = sub_pixel(x, 2, CHANNELS, "up2_a")  # (B, h, w, 64) -> (B, 2h, 2w, 32)
    x = conv(x, 32, 5, "conv_5", activation="relu")
    x = sub_pixel(x, 2, CHANNELS, "up2_b")  # (B, 2h, 2w, 32) -> (B, 4h, 4w, 32)
    return sr_output(lr, conv(x, 3, 5, "conv_out", dtype="float32"), "progressive_upsampling")


def iterative_upsampling():
    """Up, down by max-pooling, and up again: the sampling of back-projection networks, without their error feedback."""
    lr, x = lr_input()
    x = sub_pixel(x, 4, CHANNELS, "up4_a")  # (B, h, w, 3) -> (B, 4h, 4w, 32)
    x = conv(x, 64, 9, "conv_9", activation="relu")
    x = layers.MaxPooling2D(4, name="down4")(x)  # (B, 4h, 4w, 64) -> (B, h, w, 64)
    x = conv(x, 32, 5, "conv_5", activation="relu")
    x = sub_pixel(x, 4, CHANNELS, "up4_b")  # (B, h, w, 32) -> (B, 4h, 4w, 32)
    return sr_output(lr, conv(x, 3, 5, "conv_out", dtype="float32"), "iterative_upsampling")


def residual(width=64, name="residual"):
    """Sub-pixel pre-upsampling, then six residual blocks at HR size under one global skip."""
    lr, x = lr_input()
    x = start = conv(sub_pixel(x, 4, CHANNELS, "up4"), width, 3, "conv_in", activation="relu")
    for i in range(1, 7):
        y = conv(x, width, 3, f"block{i}_conv1", activation="relu")
        y = conv(y, width, 3, f"block{i}_conv2", kernel_initializer="zeros")  # each block starts as the identity
        x = layers.Add(name=f"block{i}_skip")([x, y])
    x = layers.Add(name="global_skip")([start, x])
    return sr_output(lr, conv(x, 3, 3, "conv_out", dtype="float32"), name)


def inception(width=16, name="inception"):
    """Sub-pixel pre-upsampling, then three blocks of parallel 1, 3, 5 and 9 kernels, 16 filters each."""
    lr, x = lr_input()
    x = sub_pixel(x, 4, CHANNELS, "up4")
    for i in range(1, 4):
        branches = [conv(x, width, k, f"block{i}_{k}x{k}", activation="relu") for k in (1, 3, 5, 9)]
        x = layers.Concatenate(name=f"block{i}_concat")(branches)  # 4 × (B, 4h, 4w, 16) -> (B, 4h, 4w, 64)
    return sr_output(lr, conv(x, 3, 5, "conv_out", dtype="float32"), name)


def residual_as_pre():
    """The residual network, so narrow that it costs what pre-upsampling SRCNN costs."""
    return residual(43, "residual_as_pre")


def inception_as_pre():
    """The inception network, so narrow that it costs what pre-upsampling SRCNN costs."""
    return inception(13, "inception_as_pre")


def _on_bilinear(lr, x, y, name):
    """Features at LR size to SR: sub-pixel ×4, added to the bilinear image; it starts at zero."""
    y = sub_pixel(y, 4, 3, "up4", kernel_initializer="zeros", dtype="float32")  # (B, h, w, 64) -> (B, 4h, 4w, 3)
    return sr_output(lr, layers.Add(name="global_skip", dtype="float32")([bilinear(x), y]), name)


def post_skip():
    """Post-upsampling's convolutions under the combined model's global skip."""
    lr, x = lr_input()
    y = conv(x, 64, 9, "conv_9", activation="relu")
    return _on_bilinear(lr, x, conv(y, 32, 5, "conv_5", activation="relu"), "post_skip")


def combined():
    """What the study teaches, together: residual blocks at LR size, sub-pixel ×4 last, and a bilinear global skip.

    The last convolution starts at zero, so the untrained network *is* bilinear interpolation.
    """
    lr, x = lr_input()
    y = start = conv(x, 64, 3, "conv_in")
    for i in range(1, 9):
        z = conv(y, 64, 3, f"block{i}_conv1", activation="relu")
        z = conv(z, 64, 3, f"block{i}_conv2", kernel_initializer="zeros")  # each block starts as the identity
        y = layers.Add(name=f"block{i}_skip")([y, z])
    y = layers.Add(name="feature_skip")([start, y])
    return _on_bilinear(lr, x, y, "combined")


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
        residual_as_pre,
        inception_as_pre,
        srcnn_edge_input,
        post_skip,
        combined,
    )
}


def build(arm: str) -> keras.Model:
    """The untrained model of that arm. Raises `StudyError` for an unknown name."""
    if arm not in MODELS:
        raise StudyError(f"There is no arm {arm!r}; choose one of {', '.join(MODELS)}.")
    return MODELS[arm]()


def load(arm: str) -> keras.Model:
    """The trained model of that arm, with the weights that come with the study: "combined" or "srcnn".

    Raises `StudyError` for an arm that none come with, and for a file that is absent or altered.
    """
    file = shipped.path(arm)
    model = build(arm)
    model.load_weights(file)
    return model


def cost(model: keras.Model) -> dict:
    """{"parameters", "macs"}: trainable weights, and multiply–adds of the convolutions per output pixel."""
    convs = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    probe = keras.Model(model.input, [c.output for c in convs] + [model.output])
    *shapes, (_, height, width, _) = probe.compute_output_shape((1, 8, 8, 3))
    macs = sum(np.prod(c.kernel.shape) * s[1] * s[2] for c, s in zip(convs, shapes, strict=True))
    return {"parameters": model.count_params(), "macs": float(macs / (height * width))}
