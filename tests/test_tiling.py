"""The receptive field against what a network really reacts to, and tiles against the whole image."""

import numpy as np
import pytest

from sr_utils import device as backend
from sr_utils import models
from sr_utils.data.images import SCALE
from sr_utils.evaluation import tiling
from sr_utils.evaluation.scores import MARGIN, grey_levels


@pytest.fixture(scope="module", params=list(models.MODELS))
def model(request):
    """An arm with random weights everywhere, also where it starts at zero."""
    model = models.build(request.param)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7 / np.sqrt(np.prod(w.shape[:-1]) or 1), w.shape) for w in model.get_weights()])
    return model


def test_no_pixel_beyond_the_reach_matters(model):
    """Repaint everything farther away than the reach: the middle stays, to the byte. Two pixels nearer, it moves."""
    reach = tiling.reach(model)
    assert reach <= MARGIN
    rng, side = np.random.default_rng(1), 2 * 20 + 1
    lr = rng.integers(0, 256, (side, side, 3), np.uint8)

    def middle(kept):
        """SR of the middle pixel when all but the `kept` pixels around it are inverted, before rounding."""
        other = 255 - lr
        other[20 - kept : 21 + kept, 20 - kept : 21 + kept] = lr[20 - kept : 21 + kept, 20 - kept : 21 + kept]
        sr = np.asarray(model(other[None].astype(np.float32), training=False))[0]
        return sr[20 * SCALE : 21 * SCALE, 20 * SCALE : 21 * SCALE]

    whole = np.asarray(model(lr[None].astype(np.float32), training=False))[0, 80:84, 80:84]
    np.testing.assert_array_equal(middle(reach), whole)
    if reach < 18:  # the outermost pixels of eighteen layers have too small a weight to move a sum in bfloat16
        assert np.abs(middle(reach - 2) - whole).max() > 0


@pytest.mark.parametrize("shape", [(40, 33), (17, 64)])
def test_tiles_together_are_the_whole_image(model, shape):
    lr = np.random.default_rng(2).integers(0, 256, (*shape, 3), np.uint8)
    together = np.zeros((SCALE * shape[0], SCALE * shape[1], 3), np.uint8)
    for (top, left), sr in tiling.tiles(model, lr, side=16):
        together[top : top + sr.shape[0], left : left + sr.shape[1]] = sr
    np.testing.assert_array_equal(together, grey_levels(backend.traced(model)(lr[None].astype(np.float32))))


def test_an_unknown_layer_is_not_guessed_at():
    from sr_utils.device import keras

    lr = keras.Input((None, None, 3))
    model = keras.Model(lr, keras.layers.Conv2DTranspose(3, 4, strides=4, padding="same")(lr))
    with pytest.raises(TypeError, match="reach of a Conv2DTranspose is not known"):
        tiling.reach(model)
