"""Timing for `make bench`: actions take turns, so that a busy minute affects all of them alike. Report the ratios."""

import os
import platform
import re
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from sr_utils import device


def seconds(action) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def take_turns(sides: dict, rounds: int = 5, repeats: int = 4) -> dict[str, list]:
    """Milliseconds of each action, by name. Actions take turns, and each is called once before it is timed."""
    times = {side: [] for side in sides}
    for _ in range(rounds):
        for side, action in sides.items():
            action()  # not timed
            times[side] += [seconds(action) * 1e3 for _ in range(repeats)]
    return times


def relative_time(with_it, without, rounds: int = 5, repeats: int = 4, typical=np.median) -> dict:
    """Time of one action as a share of another's: ratio of `typical` times, and the quartiles of the first over that.

    A call of Keras' `fit` can end with a wait for its pipeline: its fastest call (np.min) is the better measure.
    """
    times = take_turns({"with": with_it, "without": without}, rounds, repeats)
    return compared(times["with"], times["without"], typical)


def compared(ours, theirs, typical=np.median) -> dict:
    """`relative_time` of given times in milliseconds."""
    base = float(typical(theirs))
    low, high = (np.quantile(ours, (0.25, 0.75)) / base).tolist()
    return {
        "share": float(typical(ours)) / base,
        "quartiles": [low, high],
        "ms": float(typical(ours)),
        "ms before": base,
    }


def host() -> dict:
    """The machine of a timing: processor, cores, precision, versions."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        name, family, model = (
            re.search(rf"^{key}\s*: (.*)$", text, re.M)[1] for key in ("model name", "cpu family", "model")
        )
        processor = f"{name} (family {family}, model {model})"
    except (OSError, TypeError):
        processor = platform.processor() or platform.machine()
    machine = {"processor": processor, "cores": os.cpu_count(), "precision": device.setup()["precision"]}
    for package in ("keras", device.setup()["backend"], "torch"):
        try:
            machine[package] = version(package)
        except PackageNotFoundError:
            machine[package] = None
    return machine
