"""`make bench`: which benches there are, the record that they write, its tables, and calibration at a tiny size."""

import json

import pytest

from bench import __main__, calibration, record
from sr_utils import StudyError, models
from tools.readme import fill

HOST = {"processor": "one", "cores": 2, "precision": "float32", "keras": "3", "torch": None}


def test_tables_of_the_pages_are_the_record_of_make_bench():
    committed = record.committed()
    assert fill(record.PAGE.read_text(), committed, record.TABLES) == record.PAGE.read_text()
    assert set(committed) <= set(__main__.BENCHES) <= set(record.TABLES)
    assert {row["arm"] for row in committed["steps"]["results"]["rows"]} <= set(models.MODELS)


def test_calibration_finds_what_is_true_and_where_it_ends():
    """Alone, a t-test of normal seeds is exact; few exponential ones agree too often on a mean that is too low."""
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
    assert __main__.main("publish") == 1
    assert "bench.json does not exist; run make bench first" in capsys.readouterr().err
    found = {"rows": [{"processor": "one", "cores": 2, "precision": "float32", "seconds": 600}]}
    monkeypatch.setattr(__main__, "resolve_name", lambda place: {"bench.minutes:minutes": lambda: found}[place])
    assert __main__.main("minutes", "publish") == 0
    line = "| one | 2 | float32 | 10 |"
    assert line in page.read_text() and "old" not in page.read_text() and line in capsys.readouterr().out
    assert record.committed() == {"steps": {}, "minutes": {"host": HOST, "results": found}}
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
