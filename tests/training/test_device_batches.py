"""Cutting patches on the device, tested on any device: the same bytes and the same training as on the processor."""

from types import SimpleNamespace

import numpy as np
import pytest

from sr_utils import models
from sr_utils.data import patches
from sr_utils.device import keras
from sr_utils.training import device_batches
from tests.conftest import python


@pytest.fixture
def pairs(picture):
    sizes = ((40, 64), (72, 44), (32, 32))
    images = [SimpleNamespace(lr=picture(h // 4, w // 4, h), hr=picture(h, w, w)) for h, w in sizes]
    assert len({pair.hr.shape for pair in images}) == 3
    return images


@pytest.mark.parametrize("patch", [24, 32])
def test_patches_are_those_of_the_processor_byte_for_byte(pairs, patch):
    fed = device_batches.OnDevice(models.build("post_upsampling"), pairs, patch)
    (places,) = fed.batches(10, pairs, 8, patch, 5, 2, 30)
    assert places.shape == (8, 10, 4) and len({(turns, flip) for _, _, turns, flip in places.reshape(-1, 4)}) == 8
    for step in range(10):
        cut, expected = fed.cut(places[:, step]), patches.batch(pairs, 8, patch, 5, 2, 30 + step)
        for ours, theirs in zip(cut, expected, strict=True):
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(ours), theirs)


#: Trains on the device's batches, and as on a processor; prints what the weights differ by at most.
SCANNED = """
import os, sys
import numpy as np
from sr_utils import device, profiles, training

chosen = device._choose()
profile = profiles.Profile("scanned", 2, 4, 2, 24, 1e-3, sys.argv[1], ("block1_pool",))
weights = []
for on_device in (False, True):
    os.environ["SR_RUNS"] = f"{sys.argv[2]}/{on_device}"
    device._choose = lambda: chosen | {"device": "gpu" if on_device else "cpu"}
    run = training.train("post_upsampling", 0, profile, "sample")
    assert len(run.history) == 2
    weights.append(run.model.get_weights())
print(max(np.abs(a - b).max() for a, b in zip(*weights)))
"""


@pytest.mark.parametrize("schedule", ["cosine", "muon"])
def test_many_steps_in_one_call_of_jax_are_the_same_steps(schedule, tmp_path):
    pytest.importorskip("jax", reason="jax is not installed; it does many steps in a call")
    done = python("-c", SCANNED, schedule, tmp_path, KERAS_BACKEND="jax", DEVICE="cpu")
    assert float(done.stdout) < 3e-4, done.stderr  # a step moves a weight by up to 1e-3
