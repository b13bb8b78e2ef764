"""`make bench BENCHES=steps`: PyTorch's twin is the same network, and the whole bench on one arm."""

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest

from bench import racing, steps
from sr_utils import device, models


def drawn(arm, monkeypatch, precision):
    """An arm in that precision with random weights, biases too, since some start at zero; its twin; an LR batch."""
    torch = pytest.importorskip("torch", reason="PyTorch is only a yardstick; pip install .[bench]")
    from bench.twin import Twin

    monkeypatch.setattr(device, "_choose", lambda: {"backend": "", "device": "cpu", "precision": precision})
    model, rng = models.build(arm), np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.05, weight.shape) for weight in model.get_weights()])
    return torch, model, Twin(model), torch.from_numpy(rng.integers(0, 256, (2, 11, 7, 3), np.uint8))


@pytest.mark.parametrize("arm", models.MODELS)
def test_the_twin_is_the_same_network(arm, monkeypatch):
    _, model, twin, lr = drawn(arm, monkeypatch, "float32")
    expected = np.asarray(model(lr.numpy().astype(np.float32)))
    assert sum(weight.numel() for weight in twin.parameters()) == model.count_params() and expected.std() > 1
    np.testing.assert_allclose(twin(lr).detach().numpy(), expected, atol=1e-3 * np.abs(expected).max())


def test_the_twin_has_our_precision(monkeypatch):
    """Under autocast convolutions are in bfloat16, so that the last digits differ; the output is in float32."""
    torch, model, twin, lr = drawn("srcnn", monkeypatch, "bfloat16")
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        mixed = twin(lr)
    assert model.get_layer("conv_out").compute_dtype == "bfloat16" and mixed.dtype == torch.float32
    assert 1e-4 < (mixed - twin(lr)).abs().max() / mixed.std() < 0.1


def test_the_whole_bench_on_one_arm(monkeypatch):
    """In threads of this process; without PyTorch, the study's own steps stand in for its."""
    monkeypatch.setattr(racing, "ProcessPoolExecutor", lambda count, start: ThreadPoolExecutor(count))
    if not find_spec("torch"):
        monkeypatch.setattr(steps, "pytorch_steps", lambda arm, patch, precision: steps.study_steps(arm, patch))
        monkeypatch.setattr(steps, "pytorch_sr", lambda arm, picture, precision: steps.study_sr(arm, picture))
    found = steps.steps((24,), (48, 64), ("post_upsampling",), rounds=1, matrix=128)
    (row,), (forward,) = found["rows"], found["inference"]
    assert row["patch"] == 24 and row["arm"] == forward["arm"] == "post_upsampling"
    for times in (row, forward):
        assert times["ms"] > 0 and times["ratio"] == times["ms"] / times["rival ms"]
        assert times["quartiles"][0] <= times["quartiles"][1]
    work = 6 * models.cost(models.build("post_upsampling"))["macs"] * 16 * 24**2
    assert row["share of peak"] == pytest.approx(work / (row["ms"] / 1e3) / found["peak"])
