import shutil

import numpy as np
import pytest

from sr_utils import StudyError, device, filters, models
from sr_utils.device import keras
from sr_utils.models import layers, pretrained

#: Calculated by hand: k·k·in·out + out for each convolution.
PARAMETERS = {
    "srcnn": (81 * 3 * 64 + 64) + (25 * 64 * 32 + 32) + (25 * 32 * 3 + 3),
    "srcnn_edge_input": 69_251,
    "pre_upsampling": (9 * 3 * 512 + 512) + (81 * 32 * 64 + 64) + (25 * 64 * 32 + 32) + (25 * 32 * 3 + 3),
    "post_upsampling": (81 * 3 * 64 + 64) + (25 * 64 * 32 + 32) + (9 * 32 * 48 + 48),
    "residual": (9 * 3 * 512 + 512) + (9 * 32 * 64 + 64) + 12 * (9 * 64 * 64 + 64) + (9 * 64 * 3 + 3),
    "inception": (9 * 3 * 512 + 512) + (1 + 9 + 25 + 81) * 16 * (32 + 64 + 64) + 3 * 4 * 16 + (25 * 64 * 3 + 3),
    "combined": (27 * 64 + 64) + 16 * (9 * 64 * 64 + 64) + (9 * 64 * 48 + 48),
}


@pytest.mark.parametrize(("arm", "count"), PARAMETERS.items())
def test_parameter_counts_by_hand(arm, count):
    assert models.build(arm).count_params() == count


def test_cost_counts_every_kind_of_convolution():
    """By hand, per LR pixel; a transposed convolution's kernel is applied once to each of its input's pixels."""
    assert models.cost(models.build("srcnn"))["macs"] == 81 * 3 * 64 + 25 * 64 * 32 + 25 * 32 * 3
    lr = keras.Input((None, None, 3))
    x = keras.layers.DepthwiseConv2D(5, padding="same", use_bias=False)(lr)
    x = keras.layers.SeparableConv2D(8, 3, padding="same")(x)
    x = keras.layers.Conv2DTranspose(8, 4, strides=4, padding="same")(keras.layers.PReLU(shared_axes=[1, 2])(x))
    network = keras.Model(lr, keras.layers.Dense(3)(x))
    by_hand = 25 * 3 + (9 * 3 + 3 * 8) + 16 * 8 * 8 + 16 * 8 * 3
    assert models.cost(network)["macs"] == by_hand / 16


def test_the_untrained_combined_model_is_bilinear():
    lr = np.random.default_rng(0).integers(0, 256, (1, 9, 8, 3)).astype(np.float32)
    expected = keras.layers.UpSampling2D(4, interpolation="bilinear", dtype="float32")(lr)
    assert np.abs(np.asarray(models.build("combined")(lr)) - np.asarray(expected)).max() < 1e-3


@pytest.mark.parametrize("arm", models.MODELS)
def test_convolutions_are_rounded_and_images_are_not(arm, monkeypatch):
    """With bfloat16, the input, the bilinear image, the edge enhancement, the global skip and SR stay in float32."""
    mixed = {**device.setup(), "precision": "bfloat16"}
    monkeypatch.setattr(device, "_choose", lambda: mixed)
    model = models.build(arm)
    image_path = ("centre", "bilinear", "edge_enhance", "grey_levels", "residual" in arm or "global_skip")
    dtypes = {layer.name: layer.compute_dtype for layer in model.layers}
    assert {dtypes[name] for name in image_path if name in dtypes} == {"float32"}
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) >= 3 and {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    assert {variable.dtype for variable in model.weights} == {"float32"}


def test_the_sub_pixel_shuffle_against_its_definition():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 48)).astype(np.float32)
    out = np.asarray(layers.DepthToSpace(4, dtype="float32")(x))
    for i in range(4):
        for j in range(4):
            assert np.array_equal(out[:, i::4, j::4], x[..., (4 * i + j) * 3 : (4 * i + j) * 3 + 3])


def test_the_edge_layer_is_the_filter(picture):
    image = picture(24, 20)
    layer = layers.EdgeEnhance(dtype="float32")
    inside = np.asarray(layer(image[None] / np.float32(255) - np.float32(0.5)))[0]
    assert np.abs((inside + 0.5) * 255 - filters.edge_enhance(image)).max() < 0.51


def test_altered_weights_are_refused(tmp_path, monkeypatch):
    shutil.copytree(pretrained.FOLDER, tmp_path / "weights")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    file = tmp_path / "weights/srcnn.weights.h5"
    file.write_bytes(file.read_bytes()[:-1] + b"1")
    with pytest.raises(StudyError, match="is not the file that came with the study; restore it: git checkout"):
        models.load("srcnn")


def own(up, inside=lambda x: x, size=None):
    lr = keras.Input((size, size, 3))
    return keras.Model(lr, layers.DepthToSpace(up)(keras.layers.Conv2D(3 * up**2, 3, padding="same")(inside(lr))))


def halved(x):
    return keras.layers.Concatenate()([x, keras.layers.UpSampling2D(2)(keras.layers.MaxPooling2D(2)(x))])


@pytest.mark.parametrize(("builder", "message"), [
    (lambda: own(2), r"mine has to return \(1, 36, 56, 3\) .* not \(1, 18, 28, 3\)"),
    (lambda: own(4, size=12), "mine has to take pictures of any size, but of 14×9 pixels: "),
    (lambda: own(4, halved), "mine has to take pictures of any size, but of 14×9 pixels: "),
    (lambda: None, "mine has to take pictures of any size, but of 14×9 pixels: "),
])  # fmt: skip
def test_a_network_that_cannot_work_is_refused_before_it_is_trained(builder, message, monkeypatch):
    monkeypatch.setitem(models.MODELS, "mine", lambda: own(4))
    assert models.build("mine").count_params() == 27 * 48 + 48
    monkeypatch.setitem(models.MODELS, "mine", builder)
    with pytest.raises(StudyError, match=message):
        models.build("mine")
