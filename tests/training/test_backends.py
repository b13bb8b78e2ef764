"""TensorFlow and JAX give the same losses from the same initial weights and batches, in float32."""

import numpy as np
import pandas as pd
import pytest

from tests.conftest import python

ARMS = ("srcnn_edge_input", "iterative_upsampling", "combined")  # together they have every kind of layer

#: Trains each arm for 20 epochs of one step, so that its history holds the loss of every step.
TRAIN = f"""
import sys
from pathlib import Path
from sr_utils import device, models, profiles, training

def build(arm, untrained=models.build):
    model, weights = untrained(arm), Path(sys.argv[1]) / f"{{arm}}.weights.h5"
    model.load_weights(weights) if weights.exists() else model.save_weights(weights)
    return model

chosen, models.build = device._choose(), build
device._choose = lambda: chosen | {{"precision": "float32"}}
profile = profiles.Profile("agree", 20, 1, 4, 24, 1e-3, "cosine", ("block1_pool",))
for arm in {ARMS}:
    run = training.train(arm, 0, profile, "sample")
    assert (run.config["backend"], run.config["precision"]) == (sys.argv[2], "float32")
    run.history.to_csv(Path(sys.argv[1]) / f"{{sys.argv[2]}} {{arm}}.csv")
"""


@pytest.fixture(scope="module")
def histories(tmp_path_factory):
    """A folder with `<backend> <arm>.csv`. Each backend trains in a new process, from the same initial weights."""
    for backend in ("tensorflow", "jax"):
        pytest.importorskip(backend, reason=f"{backend} is not installed; both backends are compared")
    folder = tmp_path_factory.mktemp("backends")
    for backend in ("tensorflow", "jax"):
        done = python("-c", TRAIN, folder, backend, KERAS_BACKEND=backend, SR_RUNS=folder / backend, DEVICE="cpu")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("arm", ARMS)
def test_the_first_twenty_losses_agree(histories, arm):
    ours, theirs = (pd.read_csv(histories / f"{backend} {arm}.csv") for backend in ("tensorflow", "jax"))
    assert ours.loss.nunique() == ours.val_loss.nunique() == len(ours) == 20  # every step moves the weights
    for column in ("loss", "val_loss"):
        np.testing.assert_allclose(theirs[column], ours[column], rtol=1e-3)
