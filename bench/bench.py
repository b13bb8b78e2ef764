"""`make bench`: what is measured rather than tested. Prints one table each, and puts it into build/bench.json.

Timings are of this machine in this minute; what lasts are the ratios, taken in one run.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench import calibration, comparer, growth, kills, lab, peers, racing, shares, speed, tried
from sr_utils import StudyError


def survival(kills_at_flush: int = 14, kills_in_time: int = 8) -> dict:
    """Trainings at `smoke`, killed at a flush to the disk (each of the seven, twice) or at random, then resumed."""
    rng, whole = np.random.default_rng(0), kills.finished(Path(tempfile.mkdtemp()))
    killed = equal = 0
    plans = [{"flush": 1 + i % kills.FLUSHES} for i in range(kills_at_flush)]
    plans += [{"seconds": rng.uniform(0, kills.SECONDS)} for _ in range(kills_in_time)]
    for plan in plans:
        runs = Path(tempfile.mkdtemp())
        killed += kills.killed(runs, **plan)
        equal += kills.finished(runs) == whole
    print(f"{len(plans)} trainings, {killed} killed before their end; {equal} of {len(plans)} ended in the same bytes")
    return {"trainings": len(plans), "killed": killed, "equal": equal}


def steps() -> dict:
    """A training step (batch 16) of every arm: milliseconds, ratio to eager PyTorch, share of the processor's peak."""
    from bench import steps  # it needs PyTorch

    return steps.steps()


def inference() -> dict:
    """SR of one image by every arm: megapixels per second, ratio to eager PyTorch."""
    from bench import steps

    return steps.inference()


BENCHES = {
    "calibration": calibration.calibration,
    "comparer": comparer.comparer,
    "survival": survival,
    "steps": steps,
    "inference": inference,
    "tried": tried.tried,
    "growth": growth.growth,
    "shares": shares.shares,
    "peers": peers.peers,
}


def main(*names: str) -> int:
    """Run the named benches, or all; one that cannot run says why. "publish" puts the record into the README."""
    for name in names or BENCHES:
        if name == "publish":
            try:
                speed.to_readme()
            except StudyError as error:
                print(f"make bench stopped: {error}", file=sys.stderr)
                return 1
            continue
        if name not in BENCHES:
            known = ", ".join([*BENCHES, "publish"])
            print(f"make bench stopped: there is no bench {name!r}; choose from {known}.", file=sys.stderr)
            return 1
        print(f"\n{name}: {BENCHES[name].__doc__}")
        if name == "comparer" and lab.CHROMIUM is None:
            print(f"  left out: {lab.INSTALL}")
            continue
        if name in ("steps", "inference") and not importlib.util.find_spec("torch"):
            print("  left out: PyTorch is not installed; .venv/bin/python -m pip install .[bench]")
            continue
        try:
            speed.save(name, BENCHES[name](), racing.host())
        except StudyError as error:
            print(f"  left out: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
