"""The losses by name, and the perceptual loss: pixel + content + texture.

Content (features of a trained network): Johnson et al., 2016, arXiv:1603.08155. Texture (Gram matrices): Gatys et
al., 2015, arXiv:1505.07376. Both at once for super-resolution: Sajjadi et al., 2017, arXiv:1612.07919. VGG-19:
Simonyan & Zisserman, 2014, arXiv:1409.1556.
"""

import functools
from pathlib import Path

import h5py
import numpy as np
import pooch

from sr_utils import Named, StudyError
from sr_utils.device import keras
from sr_utils.models import vgg

ops = keras.ops

#: What Keras' VGG preprocessing subtracts after RGB -> BGR: ImageNet's mean, in grey levels.
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)

#: Weights of the content and texture terms for random features, which give far smaller terms. With these weights each
#: term has the value that ImageNet's blocks 1 and 3 give on `quick`'s bicubic-enlarged validation crops.
RANDOM_TERMS = {"content": 2.4e-5, "texture": 1.9e-5}


def gram(features):
    """Gram matrices: (B, h, w, C) -> (B, C, C), divided by h·w·C, so that the patch's size does not matter."""
    _, h, w, c = ops.shape(features)
    flat = ops.reshape(features, (-1, h * w, c))
    return ops.matmul(ops.transpose(flat, (0, 2, 1)), flat) / (h * w * c)


class PerceptualLoss(keras.losses.Loss):
    """pixel · MSE(images) + content · MSE(features) + texture · MSE(Gram matrices), the last two averaged over layers.

    `layers` are names of VGG-19's; `weights` is a Keras `notop` weights file, "imagenet" (Keras' own download), or None
    for He-normal weights of fixed seeds. The default weights of the terms were chosen on `bsds500` at `quick`: about
    half a dB below MSE, so that the effect is visible and the picture still good. They are for images in 0…1 and
    features as VGG gives them for 0…255, in the session's precision, which `device.setup` sets.

    `y_true`, `y_pred`: (B, H, W, 3) in 0…255, at least 8 pixels a side for block3_pool and 32 for block5_pool. Raises
    `StudyError` for an unknown layer, and for weights that are missing, damaged, or lack a layer that was asked for.
    """

    def __init__(self, layers=("block1_pool", "block3_pool"), weights=None, pixel=1.0, content=2e-8, texture=5e-10):
        super().__init__(name="perceptual", dtype="float32")
        self.layers, self.weights = tuple(layers), weights
        self.pixel, self.content, self.texture = pixel, content, texture
        self.vgg = vgg19(self.layers, weights)

    @property
    def source(self) -> str:
        """A description of the features, for captions."""
        return f"VGG-19 {' + '.join(self.layers)}, {describe_weights(self.weights)}"

    @property
    def terms(self) -> list[float]:
        """The weights of the three terms: pixel, content, texture."""
        return [self.pixel, self.content, self.texture]

    def call(self, y_true, y_pred):
        loss = self.pixel * ops.mean(ops.square((y_true - y_pred) / 255.0))
        for true, pred in zip(self._features(y_true), self._features(y_pred), strict=True):
            true, pred = ops.cast(true, "float32"), ops.cast(pred, "float32")  # Gram sums need float32
            content = ops.mean(ops.square(true - pred))
            texture = ops.mean(ops.square(gram(true) - gram(pred)))
            loss += (self.content * content + self.texture * texture) / len(self.layers)
        return loss

    def _features(self, images):
        bgr = ops.flip(images, axis=-1) - np.array(IMAGENET_MEAN_BGR, np.float32)
        return keras.tree.flatten(self.vgg(bgr, training=False))  # one layer alone comes bare


@functools.lru_cache(maxsize=2)
def vgg19(layers: tuple[str, ...], weights=None) -> keras.Model:
    """VGG-19 cut after the last of `layers`, frozen: (B, H, W, 3) BGR less the mean -> list of features."""
    full = keras.applications.VGG19(weights=None, include_top=False)
    offered = [layer.name for layer in full.layers[1:]]
    unknown = [name for name in layers if name not in offered]
    if unknown or not layers:
        raise StudyError(
            f"VGG-19 has no layer {', '.join(unknown) or '(none given)'}; choose from {', '.join(offered)}."
        )
    model = keras.Model(full.input, [full.get_layer(name).output for name in layers], name="vgg19")
    model.trainable = False
    if weights is None:
        for seed, layer in enumerate(layer for layer in model.layers if layer.weights):
            layer.set_weights([keras.initializers.HeNormal(seed)(layer.kernel.shape), np.zeros(layer.bias.shape)])
    else:
        _read(model, vgg.download() if weights == "imagenet" else Path(weights))
    return model


def _read(model: keras.Model, path: Path) -> None:
    """Load a Keras `notop` file by layer name; raises `StudyError` if the file lacks a layer of the model."""
    needed = [layer.name for layer in model.layers if layer.weights]
    try:
        with h5py.File(path) as file:
            missing = [name for name in needed if name not in file or not len(file[name])]
        if not missing:
            model.load_weights(str(path), by_name=True)
    except Exception as error:  # h5py and Keras raise many types for a missing, cut or foreign file
        raise StudyError(
            f"{path} cannot be read as VGG-19 weights ({error}); set VGG_WEIGHTS to Keras' {vgg.PUBLISHED}."
        ) from None
    if missing:
        raise StudyError(
            f"{path} lacks {', '.join(missing)}; give Keras' full {vgg.PUBLISHED}, or ask for earlier layers."
        )


def perceptual() -> tuple[str, ...]:
    """The perceptual losses that this machine can compute; the one with trained features needs ImageNet's weights."""
    return ("perceptual_random",) if vgg.weights() is None else ("perceptual", "perceptual_random")


def describe_weights(weights) -> str:
    """A description of VGG's weights: ImageNet (with the first digits of the file's SHA-256), or random."""
    if weights is None:
        return "random He-normal weights, not ImageNet"
    path = vgg.download() if weights == "imagenet" else weights
    return f"ImageNet weights (sha256 {pooch.file_hash(str(path))[:8]})"


def _perceptual(profile):
    if vgg.weights() is None:
        raise StudyError(
            f"The perceptual loss needs ImageNet's weights; set VGG_WEIGHTS to Keras' {vgg.PUBLISHED}, or choose the "
            "loss perceptual_random."
        )
    return PerceptualLoss(profile.vgg_layers, vgg.weights())


#: Name -> function from a profile, which names VGG-19's layers, to a Keras loss of (B, H, W, 3) images in 0…255.
#: An unknown name, or "perceptual" without ImageNet's weights, raises `StudyError`.
LOSSES = Named(
    "loss",
    {
        "mse": lambda profile: keras.losses.MeanSquaredError(),
        "mae": lambda profile: keras.losses.MeanAbsoluteError(),
        "perceptual": _perceptual,
        "perceptual_random": lambda profile: PerceptualLoss(profile.vgg_layers, None, **RANDOM_TERMS),
    },
)
