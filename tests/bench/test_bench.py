"""`make bench`: its record and tables, calibration at a tiny size, and the networks of others."""

import json
import types

import pytest

from bench import __main__, calibration, peers, record
from sr_utils import models
from sr_utils.data.images import downscale
from sr_utils.evaluation import upscale
from sr_utils.evaluation.metrics import psnr
from tools import run
from tools.readme import fill

HOST = {"processor": "one", "cores": 2, "precision": "float32", "keras": "3", "torch": None}


def test_tables_of_the_pages_are_the_record_of_make_bench():
    committed = record.committed()
    assert fill(record.PAGE.read_text(), committed, record.TABLES) == record.PAGE.read_text()
    assert set(committed) <= set(__main__.BENCHES) <= set(record.TABLES)
    assert {row["arm"] for row in committed["steps"]["results"]["rows"]} <= set(models.MODELS)
    assert all(__main__.resolve_name(place).__name__ == name for name, place in __main__.BENCHES.items())


def test_calibration_finds_what_is_true_and_where_it_ends():
    shares = calibration.calibration(4000, ((5, 1),))["share over level"]
    assert list(shares["5 × 1, seeds count most"]) == ["0.05", "0.01", "0.0033", "0.00065"]
    assert shares["5 × 1, seeds count most"]["0.05"] == pytest.approx(1, abs=0.25)  # 3.6 standard errors
    assert shares["5 × 1, seeds count most, exponential"]["0.05"] > 1.2


def test_what_a_bench_finds_is_kept_shown_and_published(monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- minutes -->\nold\n<!-- /minutes -->\nb\n")
    (tmp_path / "bench.json").write_text(json.dumps({"steps": {}, "minutes": 1}))
    for name, value in {"FOLDER": tmp_path, "PAGE": page, "host": lambda: HOST}.items():
        monkeypatch.setattr(record, name, value)
    assert run("bench", __main__.main, "publish") == 1
    assert "bench.json does not exist; run make bench first" in capsys.readouterr().err
    found = {"rows": [{"processor": "one", "cores": 2, "precision": "float32", "seconds": 600}]}
    monkeypatch.setattr(__main__, "resolve_name", lambda place: {"bench.minutes:minutes": lambda: found}[place])
    assert run("bench", __main__.main, "minutes", "publish") == 0
    line = "| one | 2 | float32 | 10 |"
    assert line in page.read_text() and "old" not in page.read_text() and line in capsys.readouterr().out
    assert record.committed() == {"steps": {}, "minutes": {"host": HOST, "results": found}}


def test_the_bench_of_peers_without_them(picture):
    """`combined` as `make upscale` has it, and exported: the same pictures, each in a process of its own."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed; pip install .[export]")
    hr = picture(36, 52)
    pair = types.SimpleNamespace(name="small", lr=downscale(hr), hr=hr)
    rows = ours, exported = peers.peers(("combined", peers.EXPORTED), {"one": [pair]}, (8, 8), rounds=2)["rows"]
    assert exported["scores"]["one"] == pytest.approx(ours["scores"]["one"], rel=0.01)  # two precisions
    expected = psnr(upscale(models.load("combined"), pair.lr), pair.hr)
    assert ours["scores"]["one"]["psnr"] == pytest.approx(expected, abs=0.3)
    assert ours["ratio"] == 1 and exported["ratio"] == exported["ms"] / exported["rival ms"]
    assert all(20 < row["MiB"] < 2000 and row["first"] > row["ms"] / 1e3 > 0 for row in rows)
    found = {"peers": {"host": HOST, "results": {"rows": rows, "versions": {}}}}
    assert record.peers_table(found).count("620,336") == 2
