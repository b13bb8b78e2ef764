"""After kills, damage, two processes at once or a full disk, no training is lost and the bytes are the same."""

import os
import subprocess
import sys

import pytest

from sr_utils import StudyError
from sr_utils.training import checkpoints, runs
from tests import kills
from tests.conftest import on_small_disks


@pytest.fixture(scope="module")
def whole(smoke_store):
    """Weights and history of a training without interruption."""
    return kills.finished(smoke_store)


@pytest.mark.parametrize("flush", [1, 2, 3])
def test_a_kill_in_the_middle_of_a_write_changes_nothing(whole, tmp_path, flush):
    """Flushes 1 and 2 are the checkpoints of two epochs, flush 3 is the complete run's history."""
    assert kills.killed(tmp_path / "cut", flush)
    assert kills.finished(tmp_path / "cut") == whole


def test_a_damaged_checkpoint_is_named_and_without_it_the_training_begins_again(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("SR_RUNS", str(tmp_path / "cut"))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(runs.Checkpointer, "finish", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        runs.train("post_upsampling", 0, "smoke", "sample")
    (file,) = (tmp_path / "cut").rglob(checkpoints.CHECKPOINT)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(StudyError, match="is damaged .*; remove it"):
        runs.train("post_upsampling", 0, "smoke", "sample")
    file.unlink()
    assert kills.finished(tmp_path / "cut") == whole


def test_two_processes_train_a_run_once(whole, tmp_path):
    shared = tmp_path / "shared"
    command = [sys.executable, "-c", kills.CHILD]
    environment = os.environ | {"SR_RUNS": str(shared)}
    start = {"env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **start) as first, subprocess.Popen(command, **start) as second:
        outputs = [process.communicate(timeout=180)[0] for process in (first, second)]
    assert [text.splitlines()[-1] for text in outputs] == ["done", "done"]
    assert kills.finished(shared) == whole


FULL = """
import sys
from sr_utils import StudyError, training
for seed in range(100):
    try:
        training.train("post_upsampling", seed, "smoke", "sample")
    except StudyError as error:
        print(seed, error)
        break
"""


def test_a_full_disk_is_told_and_costs_nothing(tmp_path, monkeypatch):
    """On a disk of 4 MB some runs fit and one does not. The runs that fit are complete, and no temporary file stays."""
    disk = tmp_path / "disk"
    monkeypatch.setenv("SR_RUNS", str(disk))
    result = on_small_disks(f"{sys.executable} -c '{FULL}'; cp -r {disk} {tmp_path}/copy", {disk: "4m"})
    seed, message = result.stdout.strip().splitlines()[-1].split(" ", 1)
    assert "cannot be written" in message and message.endswith("free space, or set SR_RUNS to another folder.")
    assert int(seed) >= 1 and "Traceback" not in result.stderr
    kept = list((tmp_path / "copy").glob("*/run.json"))
    assert len(kept) == int(seed)
    assert not [path for path in (tmp_path / "copy").rglob(".*-*") if not path.name.endswith(".lock")]
    monkeypatch.setenv("SR_RUNS", str(tmp_path / "copy"))
    monkeypatch.setattr(runs, "_fit", lambda *_: pytest.fail("trained again"))
    for done in range(int(seed)):
        runs.train("post_upsampling", done, "smoke", "sample")
