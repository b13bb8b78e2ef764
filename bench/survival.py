"""Whether trainings and enlargements that are killed and resumed end in the same bytes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

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
FLUSHES = 5  # two epochs of checkpoints, then history, weights and record
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


def run_upscale(photos: Path, seconds: float | None = None) -> bool:
    """Run `make upscale` on a folder, and kill it so many seconds after its first picture; return whether it was."""
    command = [sys.executable, "-m", "tools.photo", str(photos), "--arm", "srcnn"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        child.stdout.readline()
        if seconds is not None:
            time.sleep(seconds)
            child.kill()
        child.stdout.read()
    return child.returncode == -signal.SIGKILL


def results(photos: Path) -> dict[str, bytes]:
    """{name: bytes} of all files in the folder of results."""
    return {path.name: path.read_bytes() for path in sorted(photos.with_name(f"{photos.name}_x4").iterdir())}


def enlargements(kills: int) -> tuple[int, int, int]:
    """On folders of four pictures, how many runs were killed, left only whole results, and ended in the same bytes."""
    rng, count, clean, equal = np.random.default_rng(0), 0, 0, 0
    photos = [Path(tempfile.mkdtemp()) / "photos" for _ in range(kills + 1)]
    for folder in photos:
        folder.mkdir()
        for i in range(4):
            Image.fromarray(np.random.default_rng(i).integers(0, 256, (240, 320, 3), np.uint8)).save(
                folder / f"{i}.png"
            )
    run_upscale(photos[0])
    whole = results(photos[0])
    for folder in photos[1:]:
        count += run_upscale(folder, rng.uniform(0, 2))
        clean += all(whole[name] == content for name, content in results(folder).items() if name[0] != ".")
        run_upscale(folder)
        equal += results(folder) == whole
    return count, clean, equal


def survival(kills_at_flush: int = 14, kills_in_time: int = 8, kills_of_folders: int = 8) -> dict:
    """Trainings at `smoke`, killed at a flush to the disk (each of the five) or at random, then resumed; and
    `make upscale` on folders, killed at random and run again."""
    rng, whole = np.random.default_rng(0), finished(Path(tempfile.mkdtemp()))
    count = equal = 0
    plans = [{"flush": 1 + i % FLUSHES} for i in range(kills_at_flush)]
    plans += [{"seconds": rng.uniform(0, SECONDS)} for _ in range(kills_in_time)]
    for plan in plans:
        runs = Path(tempfile.mkdtemp())
        count += killed(runs, **plan)
        equal += finished(runs) == whole
    print(f"{len(plans)} trainings, {count} killed before their end; {equal} of {len(plans)} ended in the same bytes")
    folders = dict(zip(("killed", "clean", "equal"), enlargements(kills_of_folders), strict=True))
    print(
        f"{kills_of_folders} runs of make upscale, {folders['killed']} killed before their end; {folders['clean']} "
        f"left nothing but whole results, {folders['equal']} ended in the same bytes"
    )
    return {"trainings": len(plans), "killed": count, "equal": equal, "folders": {"runs": kills_of_folders} | folders}
