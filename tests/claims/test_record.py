import json

import numpy as np
import pandas as pd
import pytest

from sr_utils import StudyError, claims, paths, profiles
from sr_utils.claims import phrases, statistics
from sr_utils.claims import record as records
from sr_utils.claims.record import LADDER
from tests import observations

SEEDS, IMAGES = 3, 6


def costs():
    arms = observations.ARMS
    return pd.DataFrame({"parameters": np.arange(len(arms)) + 80_000, "macs": 5000.5}, index=pd.Index(arms, name="arm"))


@pytest.fixture(scope="module")
def tables():
    return observations.everything(SEEDS, IMAGES, residual=0.5, inception=0.5, combined=0.5)


@pytest.fixture(scope="module")
def judged(tables):
    return claims.judge(*tables.values())


@pytest.fixture
def written(tables, judged):
    """A record of every arm, written as page 06 writes it."""
    runs = observations.runs(SEEDS, residual=0.5, inception=0.5, combined=0.5)
    others = {name: table for name, table in tables.items() if name != "curves"}
    kept = others | {"claims": judged, "costs": costs()}
    records.write("quick", runs, kept, "what made it", versions={"numpy": np.__version__})
    return runs


def equal(left: pd.DataFrame, right: pd.DataFrame):
    """Up to what seven digits of a PSNR leave of a small difference."""
    pd.testing.assert_frame_equal(left, right, check_dtype=False, check_index_type=False, rtol=1e-3, atol=2e-5)


def test_what_is_written_is_read_again(written, tables, judged):
    record = records.read("quick")
    assert record["caption"] == "what made it" and record["profile"] == "quick" and record["version"] == records.VERSION
    for name, table in tables.items():
        equal(record[name], table.reset_index(drop=True))
    equal(record["costs"], costs())
    assert record["claims"].index.tolist() == judged.index.tolist()
    assert record["claims"].verdict.tolist() == judged.verdict.tolist()
    assert record["claims"].p.tolist() == pytest.approx(judged.p.tolist(), rel=1e-5)  # small ones are not rounded away
    first = record["runs"][0]
    assert (first["label"], first["seed"], first["steps"]) == (written[0].label, 0, 30)


def test_the_record_alone_makes_all_evidence_again(written, tables, judged):
    """Every table that a page shows of the claims, and the words; nothing else is read than results.json."""
    record = records.read("quick")
    seen = records.observations(record)
    again = claims.judge(*seen)
    single = judged.parts == ""  # which part of several is the weakest may change with the last digit
    numbers = ["effect", "low", "high"]
    equal(again.loc[single, numbers], judged.loc[single, numbers])
    assert again.verdict.tolist() == record["claims"].verdict.tolist()
    equal(claims.judge(*seen, study=2)[["effect"]], judged[judged.study == 2].query("parts == ''")[["effect"]])
    equal(phrases.findings(record["claims"]), phrases.findings(judged))
    equal(phrases.readable(record["claims"]), phrases.readable(judged))
    equal(claims.learning(record["curves"]), claims.learning(tables["curves"]))
    equal(statistics.differences(record["scores"], "srcnn"), statistics.differences(tables["scores"], "srcnn"))
    assert records.ladder(record["scores"], record["costs"]).index.tolist() == ["srcnn", *(step[0] for step in LADDER)]
    assert len(records.quality_and_cost(record["scores"], record["costs"])) == len(observations.ARMS)


def test_what_differs_from_host_to_host_stands_apart(written):
    text = (paths.figures() / "quick/results.json").read_text()
    record = json.loads(text)
    assert set(record.pop("host")) == {"versions", "seconds_per_step"}
    assert "seconds" not in json.dumps(record) and str(paths.ROOT) not in text


def test_a_row_of_a_table_is_a_line(written):
    record, lines = records.read("quick"), (paths.figures() / "quick/results.json").read_text().splitlines()
    rows = sum(len(table) for table in record.values() if isinstance(table, pd.DataFrame))
    assert sum(line.startswith("[") for line in lines) == rows > 1000


def test_numbers_that_are_none_stay_none(tmp_path, monkeypatch):
    table = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", ""], "c": [np.nan, np.nan], "d": [np.inf, 1e-12]})
    records.write("quick", observations.runs(1, arms=["srcnn"]), {"scores": table}, "")
    read = records.read("quick")["scores"]
    assert read.a.isna().tolist() == [False, True] and read.b.tolist() == ["x", ""] and read.c.isna().all()
    assert read.d.tolist() == ["inf", 1e-12]


def test_means_are_over_images_and_a_step_is_measured_from_the_one_before():
    arms = [LADDER[0][1], *(arm for arm, *_ in LADDER)]
    scores = pd.DataFrame(
        {"arm": arm, "seed": 0, "set": "Set5" if i < 3 else "Set14", "image": str(i), "psnr": 20.0 + step**2 + i}
        for step, arm in enumerate(arms)
        for i in range(4)
    )
    spent = pd.DataFrame({"parameters": range(5), "macs": range(5)}, index=arms)
    assert records.quality_and_cost(scores, spent).psnr.tolist() == [21.5, 22.5, 25.5, 30.5, 37.5]
    steps = records.ladder(scores, spent)
    assert steps.index.tolist() == arms and steps.psnr.tolist() == [21.5, 22.5, 25.5, 30.5, 37.5]
    assert steps.difference.tolist() == [0, 1, 3, 5, 7] == steps.low.tolist()
    assert steps.parameters.tolist() == [0, 1, 2, 3, 4]


def test_every_run_has_a_column(written, judged):
    (heading,) = records.claims_by_run()
    assert heading == f"quick, bsds500, {SEEDS} seeds"


def test_runs_that_came_with_the_repository_stand_beside_ones_own(written, judged):
    kept = paths.figures() / "standard-photographs/results.json"
    kept.parent.mkdir()
    text = (paths.figures() / "quick/results.json").read_text()
    kept.write_text(text.replace('"profile": "quick"', '"profile": "standard"', 1).replace("bsds500", "photographs"))
    assert list(records.claims_by_run()) == [f"quick, bsds500, {SEEDS} seeds", f"standard, photographs, {SEEDS} seeds"]
    kept.write_text("{")
    with pytest.raises(StudyError, match="standard-photographs/results.json is damaged; get it from the repository"):
        records.claims_by_run()


def test_the_committed_records_are_of_these_profiles():
    """And of this version: another one would not be read."""
    for path in paths.ROOT.glob("figures/*/results.json"):
        record = json.loads(path.read_text())
        if record.get("version") == records.VERSION:
            assert {run["steps"] for run in record["runs"]} == {profiles.get(record["profile"]).total_steps}


def test_a_record_that_is_absent_or_damaged_or_of_another_version_is_told(written):
    with pytest.raises(StudyError, match="does not exist; run make reproduce PROFILE=standard first"):
        records.read("standard")
    path = paths.figures() / "quick/results.json"
    whole = path.read_text()
    for text in ('{"runs": [], "scores": []}', whole.replace('"version": 2', '"version": 1', 1), "[]"):
        path.write_text(text)
        with pytest.raises(
            StudyError, match="of another version of this study; run make reproduce PROFILE=quick again"
        ):
            records.read("quick")
    path.write_text(whole[:500])
    with pytest.raises(StudyError, match="is damaged; run make reproduce PROFILE=quick again"):
        records.read("quick")


def test_an_unwritable_record_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SR_FIGURES", str(tmp_path / "file"))
    with pytest.raises(StudyError, match="cannot be written .*; free space, or set SR_FIGURES"):
        records.write("smoke", observations.runs(1, arms=["srcnn"]), {}, "")
