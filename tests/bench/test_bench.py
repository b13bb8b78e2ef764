"""The helpers of `make bench`, and the tables that pages show of its record."""

import importlib
import json
import types

import numpy as np
import pytest

from bench import __main__, racing, record, tried
from sr_utils import StudyError, device, models, paths
from tools.readme import fill


def test_tables_of_the_pages_are_the_record_of_make_bench():
    committed = record.committed()
    for page in record.PAGES:
        assert fill(page.read_text(), committed, record.TABLES) == page.read_text(), page
    assert {row["arm"] for row in committed["steps"]["results"]["rows"]} <= set(models.MODELS)
    assert {what for what, *_ in tried.TRIED} <= {row["tried"] for row in committed["tried"]["results"]}


def test_a_share_is_the_ratio_of_medians_and_each_action_is_warmed_up(monkeypatch):
    times = {"with": [0.9, 0.1, 0.2, 0.6], "without": [0.9, 0.4, 0.4, 0.4]}
    monkeypatch.setattr(racing, "seconds", lambda action: action())
    result = racing.relative_time(lambda: times["with"].pop(0), lambda: times["without"].pop(0), rounds=1, repeats=3)
    assert result.pop("quartiles") == pytest.approx([0.375, 1.0])
    assert result == pytest.approx({"share": 0.5, "ms": 200, "ms before": 400})
    times = {"with": [9, 3, 2], "without": [9, 4, 8]}
    result = racing.relative_time(lambda: times["with"].pop(0), lambda: times["without"].pop(0), 1, 2, np.min)
    assert result["share"] == 0.5 and result["quartiles"] == pytest.approx([2.25 / 4, 2.75 / 4])


def test_each_benchs_finding_stands_beside_the_others(monkeypatch, tmp_path):
    monkeypatch.setenv("SR_BUILD", str(tmp_path))
    with pytest.raises(StudyError, match=r"bench\.json does not exist; run make bench first"):
        record.publish()
    host = {"processor": "one", "cores": 2, "precision": "float32", "keras": "3", "torch": None}
    other = host | {"processor": "another", "torch": "2"}
    for name, results, machine in (("shares", 1, host), ("growth", 2, host), ("shares", 3, other)):
        record.store(name, results, machine)
    stored = json.loads((tmp_path / "bench.json").read_text())
    assert stored == {"shares": {"host": other, "results": 3}, "growth": {"host": host, "results": 2}}
    assert record.where(stored["growth"]) == "*one, 2 cores, float32; keras 3*"
    assert record.where(stored["shares"]) == "*another, 2 cores, float32; keras 3, torch 2*"


def test_ratios_of_steps_are_told_against_the_goal():
    row = {"ms": 1.0, "share of peak": 0.25}
    rows = [
        {"arm": arm, "patch": patch, "ratio": ratio, "PyTorch ms": 1 / ratio, **row}
        for arm, ratios in (("srcnn", (1.1, 0.9)), ("combined", (1.2, 1.3)))
        for patch, ratio in zip((48, 96), ratios, strict=True)
    ]
    host = {"processor": "one", "cores": 2, "precision": "float32"}
    trials = [{"tried": tried.GRADIENTS, "arm": "combined", "ms": 0.5}, {"tried": "XLA", "arm": "srcnn", "share": 2}]
    table = record.steps_table({"steps": {"host": host, "results": {"rows": rows}}, "tried": {"results": trials}})
    assert "| `srcnn` | 1.0 | 1.10 | 25 % | 1.0 | 0.90 | 25 % |" in table
    assert "of PyTorch's time, 1.15 at 48×48 and 1.06 at 96×96" in table  # 2 ms over 1 / 1.1 + 1 / 1.2, …
    assert "In 1 of 4 rows the study is not slower." in table
    assert table.endswith("of PyTorch's whole step at 48×48: 0.60 (`combined`).")


def test_the_range_of_ratios_names_the_arms_at_its_ends():
    rows = [{"arm": arm, "patch": 48, "ratio": ratio} for arm, ratio in zip("abc", (1.5, 0.8, 1.1), strict=True)]
    forward = [{"arm": arm, "ratio": ratio} for arm, ratio in zip("abc", (0.7, 0.9, 2), strict=True)]
    host = {"processor": "one", "cores": 2, "precision": "float32"}
    entries = {
        "steps": {"host": host, "results": {"rows": rows}},
        "inference": {"host": host, "results": {"rows": forward}},
    }
    assert "| training step, 48×48 | 0.80 `b` | 1.10 | 1.50 `a` |" in record.ratios_table(entries)
    assert "| forward pass of `evaluation.upscale` | 0.70 `a` | 0.90 | 2.00 `c` |" in record.ratios_table(entries)


def test_the_comparers_table_gives_rates_to_drags_alone():
    found = {
        "latency": {
            "slider x / px": {"median / ms": 7.4, "p95 / ms": 36.6},
            "drag of a crop": {"median / ms": 7, "p95 / ms": 16},
        },
        "pictures per second": {"a crop": 57.38}, "first sight / s": 1.8, "sent / MiB": 38.9,
        "memory": {"before": 26.7, "after 1000 moves": 27.6},
    }  # fmt: skip
    host = {"processor": "one", "cores": 2, "precision": "float32"}
    table = record.comparer_table({"comparer": {"host": host, "results": found}})
    assert "| slider x / px | 7 | 37 |  |\n| drag of a crop | 7 | 16 | 57.4 |" in table
    assert "First sight 1.80 s after the call, 38.9 MiB" in table and "27.6 after 1000 moves." in table


def test_shares_are_of_the_whole_run():
    results = {"wall": 200.0, "seconds": {"import": 30.0, "training steps": 170.0}}
    table = record.shares_table(
        {"shares": {"host": {"processor": "one", "cores": 2, "precision": "float32"}, "results": results}}
    )
    assert "| training steps | 170 | 85.0 % |\n| import | 30 | 15.0 % |\n| all | 200 | 100.0 % |" in table


@pytest.fixture
def variants(monkeypatch):
    """Trials return their two networks, the tried one and the study's, instead of a time."""
    monkeypatch.setattr(tried, "relative_time", lambda with_it, without, *counts: (with_it, without))
    monkeypatch.setattr(tried, "step", lambda model, *batch, **options: model)


def test_the_transposed_convolution_is_the_sub_pixel_one(variants, monkeypatch):
    precise = {**device.setup(), "precision": "float32"}
    monkeypatch.setattr(device, "_choose", lambda: precise)
    ours, other = tried.sub_pixel_at_lr()
    kernel, bias = (weight.numpy() for weight in ours.get_layer("up4_conv").weights)
    bias[:] = 0
    blocks = kernel.reshape(3, 3, 3, 4, 4, 32)  # LR row and column, channel, row and column within, filter
    # Row p of LR pixel i sees LR pixel i + d: through row p − 4d + 4 of the transposed kernel.
    transposed = np.zeros((12, 12, 32, 3), np.float32)
    for dy, dx, p, q in np.ndindex(3, 3, 4, 4):
        transposed[p - 4 * (dy - 1) + 4, q - 4 * (dx - 1) + 4] = blocks[dy, dx, :, p, q].T
    rest = [layer for layer in ours.layers if layer.weights and layer.name != "up4_conv"]
    for layer in rest:
        other.get_layer(layer.name).set_weights(layer.get_weights())
    other.get_layer("up4").set_weights([transposed, bias[:32]])
    ours.get_layer("up4_conv").set_weights([kernel, bias])
    lr = np.random.default_rng(0).uniform(0, 255, (1, 9, 7, 3)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(other(lr)), np.asarray(ours(lr)), rtol=1e-3, atol=0.01)


def test_the_fused_network_has_the_size_of_the_study(variants):
    fused, _ = tried.fused_bilinear()
    assert fused.compute_output_shape((1, 5, 6, 3)) == (1, 20, 24, 3)


def test_publishing_keeps_what_another_run_found(monkeypatch, tmp_path):
    monkeypatch.setattr(record.paths, "ROOT", tmp_path)
    monkeypatch.setattr(record, "PAGES", ())
    monkeypatch.setenv("SR_BUILD", str(tmp_path / "build"))
    (tmp_path / "figures/bench").mkdir(parents=True)
    (tmp_path / "figures/bench/bench.json").write_text('{"shares": 1, "growth": 2}')
    record.store("shares", 3, {})
    record.publish()
    assert record.committed() == {"shares": {"host": {}, "results": 3}, "growth": 2}


def test_every_bench_is_found_by_its_name(monkeypatch, capsys):
    monkeypatch.setattr(importlib, "import_module", lambda name: types.SimpleNamespace(**{name.split(".")[1]: refuse}))
    assert __main__.main() == 0 and capsys.readouterr().out.count("left out: not here") == len(__main__.BENCHES)
    assert __main__.main("steps", "nothing") == 1
    assert "make bench stopped: there is no bench 'nothing'; choose from calibration" in capsys.readouterr().err
    for name in (*__main__.BENCHES, *__main__.NAMED):
        assert f"def {name}(" in (paths.ROOT / f"bench/{name}.py").read_text()


def refuse():
    """A bench that cannot run."""
    raise StudyError("not here")
