"""Trainings that are killed, and then resumed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

from sr_utils.training import train

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
print("ready", flush=True)
training.train("post_upsampling", 0, "smoke", "sample")
print("done", flush=True)
"""
SECONDS = 3  # about as long as a smoke training; a later kill would come too late


def killed(runs: Path, flush: int = 0, seconds: float | None = None) -> bool:
    """Train in a process that is killed at that flush, or so many seconds after it is ready; return whether it was."""
    command = [sys.executable, "-c", DEADLY.format(flush=flush) + CHILD]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=os.environ | {"SR_RUNS": str(runs)}, stdout=pipe, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout.readline() == b"ready\n"
        if seconds is not None:
            time.sleep(seconds)
            child.kill()
        child.wait()
    return child.returncode == -signal.SIGKILL


def finished(runs: Path) -> tuple[bytes, bytes]:
    """Finish the training in this process; return the bytes of the final weights and of the history."""
    with mock.patch.dict(os.environ, SR_RUNS=str(runs)):
        folder = train("post_upsampling", 0, "smoke", "sample").folder
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["final.weights.h5", "history.csv", "run.json"], left
    return (folder / "final.weights.h5").read_bytes(), (folder / "history.csv").read_bytes()
