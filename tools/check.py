"""`make check`: train one recorded run again, and compare the score of every image with its row.

How far apart two processors may lie is in `record/processors.csv`: what was seen when runs were trained on both.
"""

import argparse
import os
import random
import sys
import tempfile

import pandas as pd

from sr_utils import StudyError, device, evaluation, profiles
from sr_utils import record as records
from sr_utils.training import configuration, recorded, runs
from tools import command
from tools import record as recording

LEAST = 0.001  # dB that any run may differ by: an order of magnitude below what a table shows


def choose(asked: dict) -> pd.Series:
    """A row of `runs` of this platform, drawn at random among those that were asked for."""
    setup = device.setup()
    mine = f"{setup['backend']} {setup['device']} {setup['precision']}"
    rows = records.read("runs")
    rows = rows[rows.platform == mine]
    for column, value in asked.items():
        rows = rows[rows[column].astype(str) == str(value)]
    rows = rows[(rows.loss != "perceptual") | ("perceptual" in runs.losses.perceptual())]
    if rows.empty:
        wish = ", ".join(f"{column.upper()}={value}" for column, value in asked.items())
        raise StudyError(f"The record has no run with {wish} that this machine ({mine}) can train; name another.")
    return rows.iloc[random.randrange(len(rows))]


def allowed(row: pd.Series) -> float:
    """By how many dB an image's score may differ: twice the largest that was seen of this loss between processors."""
    path = records.paths.record() / "processors.csv"
    seen = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["loss", "largest"])
    return max(LEAST, 2 * seen[seen.loss == row.loss].largest.max()) if row.loss in set(seen.loss) else LEAST


def compare(row: pd.Series) -> pd.DataFrame:
    """Train a recorded run in an empty store, and score it: a row per image, `psnr` and `psnr_recorded` in dB."""
    before = os.environ.get("SR_RUNS")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SR_RUNS"] = folder
        try:
            run = runs.train(row.arm, int(row.seed), row.profile, row.data, row.loss)
            scores = evaluation.score_all([run], recording.sets_of(row.data))
        finally:
            os.environ.pop("SR_RUNS") if before is None else os.environ.update(SR_RUNS=before)
    columns = ["set", "image", "psnr"]
    recorded_scores = records.rows("scores", row)
    both = scores[columns].merge(recorded_scores[columns], "outer", ["set", "image"], suffixes=("", "_recorded"))
    if both.isna().any(axis=None):
        raise StudyError("This machine and the record do not score the same images; get the benchmarks: make data.")
    return both


def settle(row: pd.Series) -> int:
    """Let rows of this arm and loss that other code made take today's recipe; returns how many did."""
    table = records.read("runs")
    same = (table[["arm", "loss", "profile", "recipe"]] == row[["arm", "loss", "profile", "recipe"]]).all(axis=1)
    today = configuration.todays_recipe(row.arm, row.loss, row.profile, row.platform.split()[1])
    table.loc[same, "recipe"] = today
    recording.add({"runs": table})
    return int(same.sum())


@command("check")
def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="make check", description=__doc__)
    for name in ("arm", "loss", "seed", "profile", "data"):
        parser.add_argument(f"--{name}", default="")
    asked = {name: value for name, value in vars(parser.parse_args(argv)).items() if value}
    row = choose({"profile": "quick", "data": "sample"} | asked)
    profiles.get(row.profile)
    print(f"training {row.arm} {row.loss}, seed {row.seed}, {row.profile} on {row.data} again", flush=True)
    both = compare(row)
    apart = (both.psnr - both.psnr_recorded).abs()
    limit, largest = allowed(row), apart.max()
    fine = largest <= limit
    print(
        f"{len(both)} images: the largest difference is {largest:.4f} dB ({both.image[apart.argmax()]}), the mean "
        f"{apart.mean():.4f} dB; {'within' if fine else 'MORE than'} the {limit:.4f} dB that another processor may make"
    )
    if fine and recorded.stale(row):
        print(f"the code changed, the result did not: {settle(row)} rows of {row.arm} {row.loss} take its digest")
    return int(not fine)


if __name__ == "__main__":
    sys.exit(main())
