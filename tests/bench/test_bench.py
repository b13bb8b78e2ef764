"""`make bench`: which benches there are, the record that they write, its tables, and calibration at a tiny size."""

import json

import pytest

from bench import __main__, calibration, racing, record
from sr_utils import StudyError, models
from tools.readme import fill

HOST = {"processor": "one", "cores": 2, "precision": "float32", "keras": "3", "torch": None}


def test_tables_of_the_pages_are_the_record_of_make_bench():
    committed = record.committed()
    for page in record.PAGES:
        assert fill(page.read_text(), committed, record.TABLES) == page.read_text(), page
    assert set(committed) <= set(__main__.BENCHES) <= set(record.TABLES)
    assert {row["arm"] for row in committed["steps"]["results"]["rows"]} <= set(models.MODELS)


def test_a_ratio_is_that_of_medians():
    found = racing.compared([0.1, 0.2, 0.6], [0.4, 0.4, 0.4])
    assert found.pop("quartiles") == pytest.approx([0.375, 1.0])
    assert found == pytest.approx({"ms": 0.2, "rival ms": 0.4, "ratio": 0.5})


def test_calibration_finds_what_is_true_and_where_it_ends():
    """Alone, a t-test of normal seeds is exact; few exponential ones agree too often on a mean that is too low."""
    shares = calibration.calibration(4000, ((5, 1),))["share over level"]
    assert list(shares["5 × 1, seeds count most"]) == ["0.05", "0.01", "0.0033", "0.00065"]
    assert shares["5 × 1, seeds count most"]["0.05"] == pytest.approx(1, abs=0.25)  # 3.6 standard errors
    assert shares["5 × 1, seeds count most, exponential"]["0.05"] > 1.2


def test_what_a_bench_finds_is_kept_shown_and_published(monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- minutes -->\nold\n<!-- /minutes -->\nb\n")
    steps = record.committed()["steps"]
    (tmp_path / "bench.json").write_text(json.dumps({"steps": steps, "minutes": 1}))
    for name, value in {"FOLDER": tmp_path, "PAGES": (page,), "host": lambda: HOST}.items():
        monkeypatch.setattr(record, name, value)
    assert __main__.main("publish") == 1
    assert "bench.json does not exist; run make bench first" in capsys.readouterr().err
    found = {"rows": [{"processor": "one", "cores": 2, "precision": "float32", "seconds": 600}]}
    monkeypatch.setattr(__main__, "resolve_name", lambda place: {"bench.minutes:minutes": lambda: found}[place])
    assert __main__.main("minutes", "publish") == 0
    line = "| one | 2 | float32 | 10 |"
    assert line in page.read_text() and "old" not in page.read_text() and line in capsys.readouterr().out
    assert record.committed() == {"steps": steps, "minutes": {"host": HOST, "results": found}}
    assert (tmp_path / "steps.png").read_bytes().startswith(b"\x89PNG")
    assert record.where({"host": HOST | {"torch": "2"}}) == "\n\n*one, 2 cores, float32; keras 3, torch 2*"


def test_a_bench_that_cannot_run_says_why(monkeypatch, capsys):
    def refuse():
        raise StudyError("not here")

    monkeypatch.setattr(__main__, "resolve_name", lambda place: refuse)
    assert __main__.main() == 0 and capsys.readouterr().out.count("left out: not here") == len(__main__.UNNAMED)
    assert __main__.main("steps", "nothing") == 1
    assert "make bench stopped: there is no bench 'nothing'; choose from calibration" in capsys.readouterr().err


@pytest.mark.parametrize("name", __main__.BENCHES)
def test_every_bench_is_found(name):
    assert __main__.resolve_name(__main__.BENCHES[name]).__name__ == name


def test_the_steps_table_sums_arms_and_counts_rows():
    def row(arm, ratio, **more):
        return {"arm": arm, "ms": 2.0, "rival ms": 2 / ratio, "ratio": ratio, "share of peak": 0.25, **more}

    rows = [row("a", 1.25, patch=48), row("a", 0.8, patch=96), row("b", 2.0, patch=48), row("b", 1.0, patch=96)]
    found = {"rows": rows, "inference": [row("a", 0.5), row("b", 2.0)], "picture": [10, 200]}
    entry = {"steps": {"host": HOST, "results": found}}
    table = record.steps_table(entry)
    assert "| `a` | 2.0 | 1.25 | 25 % | 2.0 | 0.80 | 25 % | 1.00 | 0.50 |" in table  # 2,000 pixels in 2 ms
    assert "of PyTorch's time, 1.54 at 48×48 and 0.89 at 96×96. In 2 of 4 rows" in table  # 4 over 1.6 + 1, …
    ratios = record.ratios_table(entry)
    assert "| training step, 48×48 | 1.25 `a` | 1.62 | 2.00 `b` |" in ratios
    assert "| forward pass of `evaluation.upscale` | 0.50 `a` | 1.25 | 2.00 `b` |" in ratios
