"""Timing for `make bench`: actions take turns, so that a busy minute affects all of them alike. Report the ratios."""

import contextlib
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np


def seconds(action) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def compared(ours, theirs) -> dict:
    """Of milliseconds: the medians "ms" and "rival ms", their "ratio", and the "quartiles" of ours over "rival ms"."""
    ms, rival = float(np.median(ours)), float(np.median(theirs))
    quartiles = np.quantile(ours, (0.25, 0.75)) / rival
    return {"ms": ms, "rival ms": rival, "ratio": ms / rival, "quartiles": quartiles.tolist()}


@contextlib.contextmanager
def own_processes(names):
    """{name: an executor of one process of its own}."""
    start = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(ProcessPoolExecutor(1, start)) for name in names}


def take_turns(processes: dict, builders: dict, rounds: int, repeats: int, parts: int = 1) -> dict:
    """`compared` times of two actions that take turns, each in its process, after a call that is not timed.

    `builders`: {"ours", "theirs"}, a function and its arguments, which returns the action; it has `parts` alike. In one
    process with TensorFlow, PyTorch takes a tenth to a third longer.
    """
    times = {side: [] for side in builders}
    for side, builder in builders.items():
        processes[side].submit(_make, side, *builder).result()
    for _ in range(rounds):
        for side, process in processes.items():
            times[side] += process.submit(_time, side, repeats, parts).result()
    return compared(times["ours"], times["theirs"])


_made = {}  # in such a process: side -> its action


def _make(side, builder, *arguments):
    _made[side] = builder(*arguments)


def _time(side, repeats, parts):
    _made[side]()
    return [seconds(_made[side]) * 1e3 / parts for _ in range(repeats)]
