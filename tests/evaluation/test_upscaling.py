"""From LR to SR: the computed receptive field is the real one, and windows together are the whole image."""

import numpy as np
import pytest

from sr_utils import StudyError, device, models
from sr_utils.data.images import SCALE
from sr_utils.device import keras
from sr_utils.evaluation.tiling import tiles
from sr_utils.evaluation.upscaling import reach, upscale

#: oneDNN adds in another order at some odd sizes: one grey level. In float32 (no AVX-512) any network may differ.
REORDERED = ("inception", "inception_as_pre", "iterative_upsampling", "combined")


@pytest.fixture(scope="module", params=list(models.MODELS))
def model(request):
    model = models.build(request.param)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7 / np.sqrt(np.prod(w.shape[:-1]) or 1), w.shape) for w in model.get_weights()])
    return model


def noise(*shape, dtype=np.uint8, seed=2):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (*shape, 3), dtype)


def test_every_arm_takes_any_size(model):
    for shape in ((1, 1), (5, 7), (41, 29)):
        sr = upscale(model, noise(*shape))
        assert sr.shape == (4 * shape[0], 4 * shape[1], 3) and sr.dtype == np.uint8
    out = model(noise(5, 7)[None])  # the input is uint8
    assert keras.backend.standardize_dtype(out.dtype) == "float32"


@pytest.mark.parametrize("shape", [(40, 33), (17, 64)])
def test_windows_together_are_the_whole_image(model, shape):
    if device.setup()["backend"] == "jax":
        pytest.skip("JAX goes op by op on processors, where sums depend on an image's size")
    import tensorflow as tf

    lr = noise(*shape)
    graph = tf.function(lambda x: model(x, training=False))  # of this size alone
    expected = np.clip(np.rint(graph(lr[None].astype(np.float32))[0].numpy()), 0, 255)
    together = np.zeros((SCALE * shape[0], SCALE * shape[1], 3), np.uint8)
    for (top, left), sr in tiles(device.traced(model), reach(model), lr, window=2 * reach(model) + 12):
        together[top : top + sr.shape[0], left : left + sr.shape[1]] = sr
    reordered = model.name in REORDERED or device.setup()["precision"] == "float32"
    for sr in (together, upscale(model, lr)):
        difference = np.abs(sr.astype(int) - expected)
        assert difference.max() == 0 or (reordered and difference.max() == 1 and difference.mean() < 2e-3)


def test_sixteen_bits_go_in_and_come_out(model):
    deep = noise(20, 23, dtype=np.uint16)
    sr = upscale(model, deep)
    coarse = upscale(model, np.rint(deep / 257).astype(np.uint8))
    assert sr.dtype == np.uint16 and sr.shape == (80, 92, 3)
    assert len(np.unique(sr % 257)) > 50  # more than 8 bits
    assert np.abs(sr / 257 - coarse).mean() < 2


def test_what_people_have_is_converted_and_a_network_may_be_named():
    lr = noise(9, 12)
    assert np.array_equal(upscale("combined", lr / 255), upscale(models.load("combined"), lr))
    deep = lr.astype(np.uint16) * 257
    assert upscale("combined", deep).dtype == np.uint16
    assert np.array_equal(upscale("bicubic", deep), upscale("bicubic", lr))
    with pytest.raises(StudyError, match="No weights come with the arm 'edsr'"):
        upscale("edsr", lr)


def test_what_is_no_network_is_told(picture):
    with pytest.raises(StudyError, match="SR needs a Keras model, a function, or a name .* not None"):
        upscale(None, picture(8, 8))
