"""Muon for convolutions, against its definition: the update is the nearest orthogonal matrix, scaled to Adam's size."""

import numpy as np
import pytest

from sr_utils import profiles
from sr_utils.device import keras
from sr_utils.training import configuration
from sr_utils.training.muon import Muon


def muon(rate):
    return Muon(rate, weight_decay=None, adam_weight_decay=None)


def updated(shape, gradient, optimizer):
    variable = keras.Variable(np.zeros(shape, np.float32))
    optimizer.apply([keras.ops.convert_to_tensor(gradient.astype(np.float32))], [variable])
    return keras.ops.convert_to_numpy(variable)


def test_a_kernel_moves_along_the_orthogonal_factor_of_its_gradient():
    """Jordan et al., 2024: five Newton–Schulz iterations bring every singular value to between 0.7 and 1.2."""
    gradient = np.random.default_rng(0).normal(size=(3, 3, 8, 16))
    step = -updated(gradient.shape, gradient, muon(1.0)).reshape(72, 16)
    scale = 0.2 * np.sqrt(72)  # Liu et al., 2025, arXiv:2502.16982
    left, _, right = np.linalg.svd(gradient.reshape(72, 16), full_matrices=False)
    aligned = left.T @ (step / scale) @ right.T
    assert np.diag(aligned).min() > 0.65 and np.diag(aligned).max() < 1.25
    np.testing.assert_allclose(aligned - np.diag(np.diag(aligned)), 0, atol=0.02)
    assert np.sqrt((step**2).mean()) == pytest.approx(0.2, abs=0.04)  # Adam's usual size


@pytest.mark.parametrize("shape", [(16,), (3, 3, 3, 16)])
def test_biases_and_kernels_that_read_the_image_stay_with_adam(shape):
    gradient = np.random.default_rng(0).normal(size=shape)
    adam = updated(shape, gradient, keras.optimizers.Adam(0.1))
    np.testing.assert_allclose(updated(shape, gradient, muon(0.1)), adam, rtol=1e-5)


def test_its_rate_rises_and_then_falls_as_a_cosine():
    profile = profiles.Profile("long enough", 10, 1000, 4, 24, 1e-3, "muon", ("block1_pool",))
    optimizer = configuration.optimizer({"profile": vars(profile), "rate": 1e-3})
    assert isinstance(optimizer, Muon)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 250, 500, 5250, 10_000)]
    assert rates == pytest.approx([0, 5e-4, 1e-3, 5e-4, 0], abs=1e-9)
