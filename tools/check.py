"""`make check`: train one recorded run again, and compare the score of every image with its row."""

import argparse
import os
import tempfile
from unittest import mock

import pandas as pd

from sr_utils import StudyError, device, evaluation, losses, paths
from sr_utils import record as records
from sr_utils.training import configuration, recorded, runs
from tools import record as recording

LEAST = 0.001  # dB that any run may differ by: an order of magnitude below what a table shows


def choose(asked: dict) -> pd.Series:
    """A row of `runs` of this platform, drawn at random among those that were asked for."""
    rows, mine = records.read("runs"), records.platform(device.setup())
    for column, value in (asked | {"platform": mine}).items():
        rows = rows[rows[column].astype(str) == value]
    if "perceptual" in set(rows.loss) and "perceptual" not in losses.perceptual():  # asked only where it matters
        rows = rows[rows.loss != "perceptual"]
    if rows.empty:
        wish = ", ".join(f"{column.upper()}={value}" for column, value in asked.items())
        raise StudyError(f"The record has no run with {wish} that this machine ({mine}) can train; name another.")
    return rows.sample().iloc[0]


def allowed(row: pd.Series) -> float:
    """By how many dB an image's score may differ: `LEAST` on the processor that trained the run, with as many cores;
    else twice the largest that `record/processors.csv` has of this arm (or, of an arm not tried, of this loss)."""
    path = paths.record() / "processors.csv"
    mine = recording.machine({"processor": device.processor(), "cores": device.cores()})
    if row.processor == mine or not path.exists():
        return LEAST
    seen = pd.read_csv(path).query("loss == @row.loss")
    own = seen[seen.arm == row.arm]
    return max([LEAST, *(2 * (own if len(own) else seen).largest)])


def compare(row: pd.Series) -> pd.Series:
    """Train a recorded run in an empty store; how far each image's PSNR lies from the recorded one, in dB."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, SR_RUNS=folder):
        run = runs.train(row.arm, int(row.seed), row.profile, row.data, row.loss)
        scores = evaluation.score_all([run], recording.sets_of(row.data))
    return recording.apart(scores, records.rows("scores", row))


def settle(row: pd.Series) -> int:
    """Let rows of this arm and loss that other code made take today's recipe; returns how many did."""
    table, same = records.read("runs"), ["arm", "loss", "profile", "recipe"]
    taken = table[(table[same] == row[same]).all(axis=1)]
    today = configuration.todays_recipe(row.arm, row.loss, row.profile, row.platform.split()[1])
    recording.add({"runs": taken.assign(recipe=today)})
    return len(taken)


def main(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="make check", description=__doc__)
    for name in ("arm", "loss", "seed", "profile", "data"):
        parser.add_argument(f"--{name}", default={"profile": "quick", "data": "sample"}.get(name, ""))
    row = choose({name: value for name, value in vars(parser.parse_args(arguments)).items() if value})
    print(f"training {row.arm} {row.loss}, seed {row.seed}, {row.profile} on {row.data} again", flush=True)
    apart, limit = compare(row), allowed(row)
    fine = apart.max() <= limit
    print(
        f"{len(apart)} images: the largest difference is {apart.max():.4f} dB ({apart.idxmax()}), the mean "
        f"{apart.mean():.4f} dB; {'within' if fine else 'MORE than'} the {limit:.4f} dB that another processor may make"
    )
    if fine and recorded.stale(row):
        print(f"the code changed, the result did not: {settle(row)} rows of {row.arm} {row.loss} take its digest")
    return int(not fine)
