"""`make bench` compares equal networks: PyTorch's twin of each arm has the same parameters and output."""

import numpy as np
import pytest

from sr_utils import device, models

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only a yardstick: pip install .[bench]")


@pytest.mark.parametrize("arm", models.MODELS)
def test_the_twin_is_the_same_network(arm, monkeypatch):
    from bench.twin import Twin

    precise = {**device.setup(), "precision": "float32"}
    monkeypatch.setattr(device, "_choose", lambda: precise)
    model, rng = models.build(arm), np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.05, weight.shape) for weight in model.get_weights()])  # no zeros, biases too
    twin = Twin(model)
    assert sum(weight.numel() for weight in twin.parameters()) == model.count_params()
    lr = rng.integers(0, 256, (2, 11, 7, 3)).astype(np.float32)
    with torch.no_grad():
        sr = twin(torch.from_numpy(lr).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    expected = np.asarray(model(lr))
    assert expected.std() > 1
    np.testing.assert_allclose(sr, expected, atol=1e-3 * np.abs(expected).max())


def test_the_twin_has_our_precision(monkeypatch):
    """Convolutions are in bfloat16, the output is not."""
    from bench.twin import Twin

    mixed = {**device.setup(), "precision": "bfloat16"}
    monkeypatch.setattr(device, "_choose", lambda: mixed)
    model, dtypes = models.build("srcnn"), []
    assert model.get_layer("conv_out").compute_dtype == "bfloat16"
    twin = Twin(model)
    twin.convolutions["conv_out"].register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    lr = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (1, 3, 9, 7)).astype(np.float32))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert twin(lr).dtype == torch.float32
    assert dtypes == [torch.bfloat16]
