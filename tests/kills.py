"""Trainings that are killed, and then resumed."""

import os
import signal
from pathlib import Path
from unittest import mock

from sr_utils.training import train
from tests.conftest import python

#: Makes this process die at a flush to the disk, in the middle of a file's writing.
DEADLY = """
import os, signal
flushes, fsync = 0, os.fsync

def deadly(file):
    global flushes
    flushes += 1
    if flushes == {flush}:
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(file)

os.fsync = deadly
"""
#: Trains one arm at `smoke`.
CHILD = """
from sr_utils import training
training.train("post_upsampling", 0, "smoke", "sample")
print("done", flush=True)
"""


def killed(runs: Path, flush: int) -> bool:
    """Train in a process that is killed at that flush; return whether it was."""
    return python("-c", DEADLY.format(flush=flush) + CHILD, SR_RUNS=runs).returncode == -signal.SIGKILL


def finished(runs: Path) -> tuple[bytes, bytes]:
    """Finish the training in this process; return the bytes of the final weights and of the history."""
    with mock.patch.dict(os.environ, SR_RUNS=str(runs)):
        folder = train("post_upsampling", 0, "smoke", "sample").folder
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["final.weights.h5", "history.csv", "run.json"], left
    return (folder / "final.weights.h5").read_bytes(), (folder / "history.csv").read_bytes()
