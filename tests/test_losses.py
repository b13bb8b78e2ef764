import hashlib

import h5py
import numpy as np
import pytest

from sr_utils import StudyError, losses, profiles
from sr_utils.device import keras
from sr_utils.models import vgg

SMALL = ("block1_pool", "block2_pool")


def test_gram_by_hand():
    # two channels on 1×2 positions: channel 0 is (1, 2), channel 1 is (3, 4)
    features = np.array([[[[1, 3], [2, 4]]]], np.float32)
    expected = np.array([[1 * 1 + 2 * 2, 1 * 3 + 2 * 4], [1 * 3 + 2 * 4, 3 * 3 + 4 * 4]]) / (1 * 2 * 2)
    assert np.allclose(losses.gram(features)[0], expected)


def test_each_name_is_its_loss():
    smoke, hr, sr = profiles.get("smoke"), np.full((1, 8, 8, 3), 10.0), np.full((1, 8, 8, 3), 13.0)
    assert float(losses.LOSSES["mse"](smoke)(hr, sr)) == 9 and float(losses.LOSSES["mae"](smoke)(hr, sr)) == 3
    random = losses.LOSSES["perceptual_random"](smoke)
    assert random.terms == [1.0, losses.RANDOM_TERMS["content"], losses.RANDOM_TERMS["texture"]]
    assert random.layers == smoke.vgg_layers and "not ImageNet" in random.source


def test_features_get_what_vgg_expects(picture):
    loss = losses.PerceptualLoss(SMALL)
    rgb = picture(32, 32)[None].astype(np.float32)
    expected = loss.vgg(keras.applications.vgg19.preprocess_input(rgb.copy()))
    for ours, theirs in zip(loss._features(rgb), expected, strict=True):
        assert np.allclose(np.asarray(ours, np.float32), np.asarray(theirs, np.float32), rtol=0.05, atol=0.5)


def weights_file(path, blocks):
    """A file in the layout of Keras' `notop` weights, for the first blocks."""
    full = keras.applications.VGG19(weights=None, include_top=False)
    convs = [layer for layer in full.layers if layer.weights and int(layer.name[5]) <= blocks]
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.attrs.update(
            layer_names=[layer.name.encode() for layer in convs], backend=b"tensorflow", keras_version=b"1"
        )
        for layer in convs:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = names = [f"{layer.name}_W_1:0", f"{layer.name}_b_1:0"]
            for name, weight in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=rng.normal(size=weight.shape).astype(np.float32))
    return path


def test_what_cannot_be_used_is_refused_by_name(tmp_path):
    path = weights_file(tmp_path / "vgg.h5", 2)
    with pytest.raises(StudyError, match="lacks block3_conv1, block3_conv2, block3_conv3, block3_conv4;"):
        losses.PerceptualLoss(("block1_pool", "block3_pool"), str(path))
    for name in ("none.h5", "README.md"):
        with pytest.raises(StudyError, match="cannot be read as VGG-19 weights"):
            losses.PerceptualLoss(SMALL, name)
    with pytest.raises(StudyError, match="no layer block9_pool; choose from block1_conv1"):
        losses.PerceptualLoss(("block9_pool",))
    with pytest.raises(StudyError, match="choose one of mse, mae, perceptual, perceptual_random"):
        losses.LOSSES["psnr"](profiles.get("smoke"))


@pytest.fixture
def published(server, tmp_path, monkeypatch):
    """The folder of a server on loopback that replaces Keras' own; downloads go to a temporary cache."""
    folder, address = server
    monkeypatch.setattr(vgg, "ADDRESS", address + vgg.PUBLISHED)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("VGG_WEIGHTS")
    vgg.weights.cache_clear()
    yield folder
    vgg.weights.cache_clear()
    losses.vgg19.cache_clear()


def test_imagenet_weights_that_can_be_had_are_used(published, monkeypatch):
    path = weights_file(published / vgg.PUBLISHED, 3)
    monkeypatch.setattr(vgg, "MD5", hashlib.md5(path.read_bytes()).hexdigest())
    assert losses.perceptual() == ("perceptual", "perceptual_random")
    loss = losses.LOSSES["perceptual"](profiles.get("smoke"))
    with h5py.File(path) as file:
        kernel = file["block3_conv4/block3_conv4_W_1:0"][()]
    assert np.array_equal(loss.vgg.get_layer("block3_conv4").get_weights()[0], kernel)
    assert "ImageNet weights (sha256" in loss.source and loss.terms == losses.PerceptualLoss(SMALL).terms
    path.unlink()  # it is downloaded once
    assert losses.PerceptualLoss(("block1_pool", "block3_pool"), "imagenet").source == loss.source


@pytest.mark.parametrize("there", [False, True])
def test_imagenet_weights_that_cannot_be_had_are_missed_aloud(published, there, capsys):
    """The server has no file, or another one than Keras published."""
    if there:
        weights_file(published / vgg.PUBLISHED, 1)
    assert losses.perceptual() == ("perceptual_random",)
    assert "No perceptual loss with trained features, only with random ones: " in capsys.readouterr().out
    with pytest.raises(StudyError, match="cannot be downloaded .*; set VGG_WEIGHTS to a local"):
        losses.PerceptualLoss(SMALL, "imagenet")
