"""The tables that claims are judged by, and rows that are made from others: what curves say, how far apart pictures
are, arms with a filter behind."""

from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils import StudyError, evaluation
from sr_utils.claims.table import FURTHEST, between
from sr_utils.models.arms import PICTURES_ALIKE

GOALS = (150, 130, 115)  # validation losses in grey levels² that runs are timed to; at `standard` every arm gets there
RENAMED = {"loss": "train_loss", "mse": "train_mse"}  # claims are about another loss
STRENGTHS = (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.5, 0.7, 1)  # of edge enhancement
AT_PAPER = " at paper"  # what an arm is called that was trained at the original's own schedule
UNIT = ["arm", "seed", "set", "image"]


def observed(table: pd.DataFrame) -> pd.DataFrame:
    """A table as `judge` reads it: rows `arm`, `seed`, `set`, `image`, a column per metric, made of curves, sweeps and
    distances where it is one of these. Raises `StudyError` for a missing number."""
    missing = table[table.select_dtypes("number").isna().any(axis=1)]
    if len(missing):
        arm, seed = missing.iloc[0][["arm", "seed"]]
        raise StudyError(f"A number of {arm} with seed {seed} is missing; train it again, or score it again.")
    for column, derive in (("epoch", learning), ("strength", enhanced), ("rms", furthest)):
        if column in table:
            return derive(table)
    return table


def measure(runs, sets) -> dict[str, pd.DataFrame]:
    """Every table that claims are judged by, by its name in the record, measured of these runs on these images."""
    filtered, edge = ([run for run in runs if run.label == arm] for arm in ("srcnn", "srcnn_edge_input"))
    return {
        "scores": evaluation.score_all(["bilinear", "bicubic", *runs], sets),
        "curves": curves(runs),
        "sweep": evaluation.strength_sweep(["bicubic", *filtered], sets, STRENGTHS),
        "distances": evaluation.picture_distances(runs, sets),
        "response": evaluation.response([*filtered, *edge], next(iter(sets.values()))[:5]),
    }


def curves(runs) -> pd.DataFrame:
    """Each run's history, a row per epoch: `arm`, `seed`, `epoch`, `train_loss`, `train_mse`, `val_loss`, `val_mse`."""
    histories = {(run.label, run.config["seed"]): run.history.rename(columns=RENAMED) for run in runs}
    return pd.concat(histories, names=["arm", "seed", "epoch"]).reset_index()


def learning(curves: pd.DataFrame) -> pd.DataFrame:
    """What claims about learning are judged by, a row per run, made from `curves`.

    `area`: the mean validation MSE over the schedule in grey levels²; `first_fifth`, `last_two_fifths`: the shares of
    the fall in these parts of it; `epochs_150` and so on, `epochs_fall`: `epochs_to` each of `GOALS` (missing where no
    run of an arm reaches it), and to 95 % of the curve's own fall.
    """
    rows = []
    for (arm, seed), run in curves.groupby(["arm", "seed"], sort=False):
        mse = run.set_index("epoch")["val_mse"]
        goals = {f"epochs_{goal}": goal for goal in GOALS} | {"epochs_fall": 0.05 * mse.iloc[0] + 0.95 * mse.iloc[-1]}
        row = {"arm": arm, "seed": seed, "area": mse.mean(), "first_fifth": share_of_fall(mse, 0.2)}
        row |= {"last_two_fifths": 1 - share_of_fall(mse, 0.6), "last": len(mse)}
        rows.append(row | {name: epochs_to(mse, goal) for name, goal in goals.items()})
    table = pd.DataFrame(rows).assign(set="schedule", image="all")
    for name in (f"epochs_{goal}" for goal in GOALS):
        reached = (table[name] <= table["last"]).groupby(table.arm).transform("any")
        table[name] = table[name].where(reached)
    return table.drop(columns="last")


def share_of_fall(curve: pd.Series, part: float) -> float:
    """Share of a loss's whole fall that is done after this part of the schedule; NaN where it does not change."""
    after, fall = curve.iloc[max(1, round(part * len(curve))) - 1], curve.iloc[0] - curve.iloc[-1]
    return float((curve.iloc[0] - after) / fall) if fall else np.nan


def epochs_to(curve: pd.Series, goal: float) -> float:
    """The epoch by which a loss is as low as `goal`, interpolated; one more than there are where it never is."""
    low = curve.to_numpy() <= goal
    if not low.any():
        return float(len(curve) + 1)
    two = curve.iloc[max(low.argmax() - 1, 0) : low.argmax() + 1]
    return float(np.interp(-goal, -two, two.index))


def enhanced(sweep: pd.DataFrame) -> pd.DataFrame:
    """A sweep over `strength` as scores of arms of their own: "srcnn enhanced 0.1" and so on.

    "srcnn enhanced" has each seed's and image's strength of highest SSIM (`turn_ssim`) and lowest GMSD (`turn_gmsd`).
    """
    wide = sweep.pivot_table(index=UNIT, columns="strength", values=["ssim", "gmsd"])
    turns = pd.DataFrame({"turn_ssim": wide["ssim"].idxmax(axis=1), "turn_gmsd": wide["gmsd"].idxmin(axis=1)})
    turns = turns.reset_index().assign(arm=lambda rows: rows.arm + " enhanced")
    named = sweep.arm + " enhanced " + sweep.strength.map("{:g}".format)
    return pd.concat([sweep.assign(arm=named).drop(columns="strength"), turns], ignore_index=True)


def furthest(distances: pd.DataFrame) -> pd.DataFrame:
    """The distances of pictures, named by `between`, and rows of the two of the five networks that are furthest apart.

    For each seed and image, these hold the largest `gmsd` of any two networks, and how many times larger the largest
    distance is than that of two seeds of one network: `apart` of `rms`, `apart_gmsd` of `gmsd`; where that is known.
    """
    named = [between(a, b) for a, b in zip(distances.arm, distances.other, strict=True)]
    distances = distances.assign(arm=named).drop(columns="other")
    arms, selves = [between(a, b) for a, b in combinations(PICTURES_ALIKE, 2)], [between(a, a) for a in PICTURES_ALIKE]
    if not set(arms) <= set(named):
        return distances
    wide = distances.pivot(index=UNIT[1:], columns="arm", values=["rms", "gmsd"])
    rows = pd.DataFrame({"gmsd": wide["gmsd"][arms].max(axis=1)})
    if set(selves) <= set(named):
        for metric, name in (("rms", "apart"), ("gmsd", "apart_gmsd")):
            rows[name] = wide[metric][arms].max(axis=1) / wide[metric][selves].mean(axis=1)
    return pd.concat([distances, rows.reset_index().assign(arm=FURTHEST)], ignore_index=True)
