"""The record: rows are added, found again, doubted and protected."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from sr_utils import StudyError, device, evaluation, paths, record
from sr_utils.data import load
from sr_utils.models.arms import label
from sr_utils.training import recorded, runs
from tests.conftest import SMOKE
from tools import check, run
from tools import record as recording


@pytest.fixture
def smoke(kept, monkeypatch, tmp_path):
    """The kept run of `SMOKE`; an empty record that takes `smoke`, and scores one image."""
    monkeypatch.setenv("SR_RECORD", str(tmp_path / "record"))
    monkeypatch.setattr(recording, "RECORDED", ("smoke",))
    monkeypatch.setattr(recording, "KEPT", {"profile": "smoke", "seed": 0})
    monkeypatch.setattr(recording, "sets_of", lambda data: {"sample": load("sample").valid[:1]})
    return kept


@pytest.fixture
def held(smoke, capsys):
    assert run("record", recording.main) == 0
    assert "added post_upsampling, seed 0, smoke on sample" in capsys.readouterr().out
    return smoke


def alter(table, old, new):
    path = record.file(table)
    text = path.read_text()
    assert old in text
    time.sleep(0.01)  # tables are read again when their time changes
    path.write_text(text.replace(old, new, 1))


def test_what_is_recorded_is_found_without_training(held, monkeypatch, capsys):
    monkeypatch.setattr(runs, "plan", lambda *_: pytest.fail("not from the record"))
    again = runs.train(*SMOKE, record=True)
    assert again.row is not None and again.label == held.label and again.cost == held.cost
    np.testing.assert_allclose(again.history.to_numpy(), held.history[again.history.columns].to_numpy(), rtol=1e-6)
    pairs = {"sample": load("sample").valid[:1]}
    mine, theirs = (evaluation.score_all(["bicubic", run], pairs) for run in (held, again))
    pd.testing.assert_frame_equal(mine, theirs[mine.columns], rtol=1e-6)
    lr = pairs["sample"][0].lr[:20, :20]
    apart = evaluation.upscale(again.model, lr).astype(int) - evaluation.upscale(held.model, lr)
    assert np.abs(apart).max() <= 2  # weights are kept in float16
    assert runs.train_all(["post_upsampling"], 0, "smoke", "sample", record=True)[0].label == held.label
    assert run("record", recording.main) == 0 and "0 runs added; the record holds 1" in capsys.readouterr().out


def test_every_column_is_explained():
    text = (paths.ROOT / "record/README.md").read_text(encoding="utf-8")
    for table, (columns, _) in record.TABLES.items():
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{table}.csv`"))
        missing = [name for name in columns if f"`{name}`" not in text and name.split()[0] != "gain"]
        assert not missing, (row, missing)


def test_the_committed_record_is_whole():
    """No table is cut, no key stands twice, every run has its rows, and its weights are the recorded file."""
    held = record.read("runs")
    assert len(held)
    for table in record.TABLES:
        record.read(table)
    swept = held.arm.eq("srcnn") & held.loss.eq("mse")
    for table, each in (("curves", held.steps.gt(0)), ("scores", held.steps.gt(0)), ("sweep", swept)):
        have = set(map(tuple, record.read(table)[record.KEY].astype(str).to_numpy()))
        assert set(map(tuple, held[each][record.KEY].astype(str).to_numpy())) <= have, table
    for _, row in held[held.weights != ""].iterrows():
        assert record.weights(row).exists()
    assert not [row for _, row in held.iterrows() if recorded.stale(row)]
    assert sum(file.stat().st_size for file in paths.record().rglob("*") if file.is_file()) < 25e6


def test_arms_without_rows_are_named(held, capsys):
    found = runs.train_all(["srcnn", "post_upsampling"], [0], "smoke", "sample", record=True)
    assert [run.label for run in found] == ["post_upsampling"]
    assert "Not trained yet by this code: srcnn (seed 0); make reproduce PROFILE=smoke" in capsys.readouterr().out
    with pytest.raises(StudyError, match="None of these is trained: srcnn"):
        runs.train_all(["srcnn"], [0], "smoke", "sample", record=True)


def test_a_row_of_other_code_is_stale_until_a_check_settles_it(held, capsys):
    (recipe,) = record.read("runs").recipe
    alter("runs", recipe, "0123456789")
    assert runs.from_record(*SMOKE) is None
    run("record", recording.main)
    assert "stale, and left out of pages: post_upsampling mse, seed 0" in capsys.readouterr().out
    assert run("check", check.main, "--profile", "smoke") == 0
    assert "1 rows of post_upsampling mse take its digest" in capsys.readouterr().out
    assert runs.from_record(*SMOKE) and record.read("runs").recipe.tolist() == [recipe]


def test_another_number_of_cores_is_as_another_processor(monkeypatch):
    """It changes last digits, so a check allows what lies between processors."""
    assert recording.machine({"processor": "this one", "cores": 1}) == "this one, 1 core"
    mine = recording.machine({"processor": device.processor(), "cores": device.cores()})
    row = pd.Series({"processor": mine, "loss": "mse", "arm": "srcnn"})
    assert check.allowed(row) == check.LEAST
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", str(device.cores() + 1))
    assert check.allowed(row) > check.LEAST


def test_an_altered_score_is_found_by_a_check_and_refused_by_the_record(held, monkeypatch, capsys):
    score = f"{record.read('scores').query('seed == 0').psnr.item():.7g}"
    alter("scores", score, "19.5")
    assert run("check", check.main, "--profile", "smoke") == 1
    assert "MORE than the 0.0010 dB" in capsys.readouterr().out
    run("record", recording.main)
    assert "is recorded with scores that differ by up to" in capsys.readouterr().out
    assert 19.5 in set(record.read("scores").psnr)
    monkeypatch.setenv("FORCE", "1")
    run("record", recording.main)
    assert 19.5 not in set(record.read("scores").psnr)
    for _ in range(2):  # a key with more digits than a table holds
        recording.add({"first_layer": record.read("runs")[record.KEY].assign(frequency=1 / 3, spectrum=1.0)})
    assert len(record.read("first_layer")) == 1


@pytest.mark.parametrize(("table", "change", "message"), [
    ("curves", lambda text: text[: len(text) * 2 // 3], "curves.csv, line 3: a value is missing or no number"),
    ("scores", lambda text: text.replace("psnr", "PSNR", 1), "scores.csv and this .* disagree on PSNR, psnr"),
    ("runs", lambda text: text + text.splitlines()[1], "runs.csv, line 3: a row with this key stands above it"),
])  # fmt: skip
def test_a_damaged_table_is_told_with_file_and_row(held, table, change, message):
    text = record.file(table).read_text()
    alter(table, text, change(text))
    with pytest.raises(StudyError, match=message):
        record.read(table)


def test_pages_go_on_without_a_table_that_not_every_training_needs(held):
    record.file("sweep").write_text("arm")
    with pytest.warns(UserWarning, match="sweep.csv and this version"):
        assert set(record.tables("smoke", "sample")) == {"curves", "scores"}
    record.file("scores").unlink()
    with pytest.raises(StudyError, match="scores.csv is missing; restore it"):
        record.read("scores")


def test_altered_weights_are_refused(held):
    (file,) = (paths.record() / "weights").glob("*.h5")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StudyError, match="is not the file that was recorded; restore it"):
        _ = runs.train(*SMOKE, record=True).model


def test_a_full_disk_leaves_no_half_run(smoke, monkeypatch, capsys):
    write = recording.replace

    def full(path, make):
        if path.name == "scores.csv" and record.file("curves").exists():
            raise OSError(28, "No space left on device")
        write(path, make)

    monkeypatch.setattr(recording, "replace", full)
    assert run("record", recording.main) == 1
    assert "No space left on device); free space, and run the same command again" in capsys.readouterr().err
    assert runs.from_record(*SMOKE) is None
    monkeypatch.setattr(recording, "replace", write)
    assert run("record", recording.main) == 0 and runs.from_record(*SMOKE)


def test_two_commands_take_turns(smoke):
    paths.record().mkdir()
    with FileLock(paths.record().with_name(f".{paths.record().name}.lock")):
        other = threading.Thread(target=recording.main)
        other.start()
        time.sleep(0.5)
        assert other.is_alive() and not record.file("runs").exists()
    other.join(60)
    assert len(record.read("runs")) == 1


def test_distances_are_added_to_the_next_seed_and_close_the_circle(smoke, monkeypatch):
    """Seeds are recorded one after another; of seed 10 an arm is missing."""
    monkeypatch.setattr(recording, "PICTURES_COMPARED", ("post_upsampling", "srcnn mae"))
    found = []
    for seed in (5, 6, 9, 0, 4, 10):
        for arm, loss in (("post_upsampling", "mse"), ("srcnn", "mae")):
            config = smoke.config | {"arm": arm, "loss": loss, "seed": seed}
            found.append(SimpleNamespace(label=label(arm, loss), config=config))

    def measured(runs, sets):
        seeds = dict.fromkeys(run.config["seed"] for run in runs)
        others = ["srcnn mae", "post_upsampling"][: len(seeds)]  # another seed of the same arm needs two
        row = {"arm": "post_upsampling", "set": "sample", "image": "chelsea", "rms": 1.0, "gmsd": 0.1}
        return pd.DataFrame([row | {"other": other, "seed": seed} for seed in seeds for other in others])

    monkeypatch.setattr(evaluation, "picture_distances", measured)
    for count in (2, 4, 6):
        recording.add_distances(found[:count], force=False)
        added = record.read("distances")
        within = added[added.other == "srcnn"]
        assert within.seed.tolist() == within.other_seed.tolist() == [5, 6, 9][: count // 2]
    between = added[added.other == "post_upsampling"]
    assert between[["seed", "other_seed"]].to_numpy().tolist() == [[5, 6], [9, 5]]
    recording.add_distances(found[6:-1], force=False)
    between = record.read("distances").query("other == 'post_upsampling'")
    assert between[["seed", "other_seed"]].to_numpy().tolist() == [[4, 0], [5, 6], [9, 5]]
    monkeypatch.setattr(evaluation, "picture_distances", lambda *_: pytest.fail("it is there already"))
    recording.add_distances(found[2:4], force=False)
