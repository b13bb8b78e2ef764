"""The networks: each a function of a few lines that returns a Keras model.

Every model maps (B, h, w, 3) in 0…255 to float32 (B, 4h, 4w, 3) in 0…255, for any h and w. Scaling to −0.5…0.5
and back is part of the model. (Centring gains SRCNN half a dB: 29.47 against 28.94 dB on Set5 after 1,500 steps.)

SRCNN: Dong et al., 2014, arXiv:1501.00092. Sub-pixel convolution: Shi et al., 2016, arXiv:1609.05158. The four
placements of up-sampling: Wang, Chen & Hoi, 2020, arXiv:1902.06068. Back-projection: Haris et al., 2018,
arXiv:1803.02735. Global skip: Kim et al., 2016 (VDSR), arXiv:1511.04587. Residual blocks: Lim et al., 2017,
arXiv:1707.02921, started at the identity: Zhang et al., 2019, arXiv:1901.09321. Inception: Szegedy et al., 2015,
arXiv:1409.4842.
"""

import lazy_loader

layers = lazy_loader.load("sr_utils.models.layers", suppress_warning=True)  # the table of arms is read without Keras

CHANNELS = 32  # of every learnt up-sampling before a convolution; with 3, pre-upsampling is no better than the baseline


def three_convolutions(x, zero=False):
    """SRCNN 9-5-5 with 64, 32 and 3 filters, all at the size of x; `zero`: the last one starts at zero."""
    x = layers.conv(x, 64, 9, "conv_9", activation="relu")
    x = layers.conv(x, 32, 5, "conv_5", activation="relu")
    return layers.conv(x, 3, 5, "conv_out", zero=zero)


def srcnn(skip=False, name="srcnn"):
    """Baseline: bilinear ×4, then SRCNN 9-5-5 at HR size."""
    lr, x = layers.lr_input()
    x = layers.bilinear(x)
    y = three_convolutions(x, zero=skip)
    return layers.sr_output(lr, y, name, x if skip else None)


def srcnn_edge_input():
    """The baseline, fed with the edge-enhanced bilinear image."""
    lr, x = layers.lr_input()
    y = three_convolutions(layers.enhance_edges(layers.bilinear(x)))
    return layers.sr_output(lr, y, "srcnn_edge_input")


def pre_upsampling(skip=False, name="pre_upsampling"):
    """Sub-pixel ×4 first; the three convolutions work at HR size."""
    lr, x = layers.lr_input()
    y = layers.sub_pixel(x, 4, CHANNELS, "up4")  # (B, h, w, 3) -> (B, 4h, 4w, 32)
    y = three_convolutions(y, zero=skip)
    return layers.sr_output(lr, y, name, layers.bilinear(x) if skip else None)


def post_upsampling(skip=False, name="post_upsampling"):
    """Every convolution works at LR size; the third is the sub-pixel ×4 itself, as in ESPCN."""
    lr, x = layers.lr_input()
    y = layers.conv(x, 64, 9, "conv_9", activation="relu")
    y = layers.conv(y, 32, 5, "conv_5", activation="relu")
    y = layers.sub_pixel(y, 4, 3, "up4", zero=skip)  # (B, h, w, 32) -> (B, 4h, 4w, 3)
    return layers.sr_output(lr, y, name, layers.bilinear(x) if skip else None)


def progressive_upsampling(skip=False, name="progressive_upsampling"):
    """Sub-pixel ×2 after the first and after the second convolution: LR size, twice that, HR size."""
    lr, x = layers.lr_input()
    y = layers.conv(x, 64, 9, "conv_9", activation="relu")
    y = layers.sub_pixel(y, 2, CHANNELS, "up2_a")  # (B, h, w, 64) -> (B, 2h, 2w, 32)
    y = layers.conv(y, 32, 5, "conv_5", activation="relu")
    y = layers.sub_pixel(y, 2, CHANNELS, "up2_b")  # (B, 2h, 2w, 32) -> (B, 4h, 4w, 32)
    y = layers.conv(y, 3, 5, "conv_out", zero=skip)
    return layers.sr_output(lr, y, name, layers.bilinear(x) if skip else None)


def iterative_upsampling(skip=False, name="iterative_upsampling"):
    """Up, down by max-pooling, and up again: the sampling of back-projection networks, without their error feedback."""
    lr, x = layers.lr_input()
    y = layers.sub_pixel(x, 4, CHANNELS, "up4_a")  # (B, h, w, 3) -> (B, 4h, 4w, 32)
    y = layers.conv(y, 64, 9, "conv_9", activation="relu")
    y = layers.max_pooling(y, 4, "down4")  # (B, 4h, 4w, 64) -> (B, h, w, 64)
    y = layers.conv(y, 32, 5, "conv_5", activation="relu")
    y = layers.sub_pixel(y, 4, CHANNELS, "up4_b")  # (B, h, w, 32) -> (B, 4h, 4w, 32)
    y = layers.conv(y, 3, 5, "conv_out", zero=skip)
    return layers.sr_output(lr, y, name, layers.bilinear(x) if skip else None)


def srcnn_skip():
    """The baseline under a bilinear global skip; the last convolution starts at zero."""
    return srcnn(skip=True, name="srcnn_skip")


def pre_skip():
    """Pre-upsampling under a bilinear global skip; the last convolution starts at zero."""
    return pre_upsampling(skip=True, name="pre_skip")


def post_skip():
    """Post-upsampling under a bilinear global skip; the last convolution starts at zero."""
    return post_upsampling(skip=True, name="post_skip")


def progressive_skip():
    """Progressive up-sampling under a bilinear global skip; the last convolution starts at zero."""
    return progressive_upsampling(skip=True, name="progressive_skip")


def iterative_skip():
    """Iterative up-sampling under a bilinear global skip; the last convolution starts at zero."""
    return iterative_upsampling(skip=True, name="iterative_skip")


def residual(width=64, name="residual"):
    """Sub-pixel pre-upsampling, then six residual blocks at HR size under one feature skip."""
    lr, x = layers.lr_input()
    x = start = layers.conv(layers.sub_pixel(x, 4, CHANNELS, "up4"), width, 3, "conv_in", activation="relu")
    for i in range(1, 7):
        y = layers.conv(x, width, 3, f"block{i}_conv1", activation="relu")
        y = layers.conv(y, width, 3, f"block{i}_conv2", zero=True)  # each block starts as the identity
        x = layers.add(x, y, f"block{i}_skip")
    x = layers.add(start, x, "global_skip")
    return layers.sr_output(lr, layers.conv(x, 3, 3, "conv_out"), name)


def plain():
    """The residual network's thirteen convolutions in one line: no skip, an activation after each."""
    lr, x = layers.lr_input()
    x = layers.sub_pixel(x, 4, CHANNELS, "up4")
    for i in range(1, 14):
        x = layers.conv(x, 64, 3, f"conv_{i}", activation="relu")
    return layers.sr_output(lr, layers.conv(x, 3, 3, "conv_out"), "plain")


def inception(width=16, name="inception"):
    """Sub-pixel pre-upsampling, then three blocks of parallel 1, 3, 5 and 9 kernels, 16 filters each."""
    lr, x = layers.lr_input()
    x = layers.sub_pixel(x, 4, CHANNELS, "up4")
    for i in range(1, 4):
        branches = [layers.conv(x, width, k, f"block{i}_{k}x{k}", activation="relu") for k in (1, 3, 5, 9)]
        x = layers.concatenate(branches, f"block{i}_concat")  # 4 × (B, 4h, 4w, 16) -> (B, 4h, 4w, 64)
    return layers.sr_output(lr, layers.conv(x, 3, 5, "conv_out"), name)


def residual_as_pre():
    """The residual network, so narrow that it costs what pre-upsampling SRCNN costs."""
    return residual(43, "residual_as_pre")


def inception_as_pre():
    """The inception network, so narrow that it costs what pre-upsampling SRCNN costs."""
    return inception(13, "inception_as_pre")


def combined():
    """What the study teaches, together: residual blocks at LR size, sub-pixel ×4 last, and a bilinear global skip.

    The last convolution starts at zero, so the untrained network *is* bilinear interpolation.
    """
    lr, x = layers.lr_input()
    y = start = layers.conv(x, 64, 3, "conv_in")
    for i in range(1, 9):
        z = layers.conv(y, 64, 3, f"block{i}_conv1", activation="relu")
        z = layers.conv(z, 64, 3, f"block{i}_conv2", zero=True)  # each block starts as the identity
        y = layers.add(y, z, f"block{i}_skip")
    y = layers.add(start, y, "feature_skip")
    return layers.sr_output(lr, layers.sub_pixel(y, 4, 3, "up4", zero=True), "combined", layers.bilinear(x))
