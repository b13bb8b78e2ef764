"""The tables that claims are judged by, and rows that are made from others: what curves say, how far apart pictures
are, arms with a filter behind. Seeds from `FRESH` on confirm: they were trained after the claims were registered.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils import StudyError
from sr_utils.claims.statistics import FIXED
from sr_utils.claims.table import FURTHEST, between
from sr_utils.models.arms import ALIKE

FRESH = 5
GOALS = (150, 130, 115)  # validation losses in grey levels² that runs are timed to; at `standard` every arm gets there
RENAMED = {"loss": "train_loss", "mse": "train_mse"}  # claims are about another loss
AT_PAPER = " at paper"  # what an arm is called that was trained at the original's own schedule
UNIT = ["arm", "seed", "set", "image"]


def observed(table: pd.DataFrame) -> pd.DataFrame:
    """A table as `judge` reads it: rows `arm`, `seed`, `set`, `image`, a column per metric.

    Curves (with `epoch`), sweeps (with `strength`) and distances of pictures (with `rms`) are turned into such rows by
    `learning`, `enhanced` and `furthest`; every other table is one already. Raises `StudyError` for a missing number.
    """
    missing = table[table.select_dtypes("number").isna().any(axis=1)]
    if len(missing):
        arm, seed = missing.iloc[0][["arm", "seed"]]
        raise StudyError(f"A number of {arm} with seed {seed} is missing; train it again, or score it again.")
    for column, derive in (("epoch", learning), ("strength", enhanced), ("rms", furthest)):
        if column in table:
            return derive(table)
    return table


def split(*observations: pd.DataFrame) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """(exploratory, confirmatory): rows of seeds below `FRESH`, and of later ones; interpolations are in both.

    Runs at the original's schedule are in the second whatever their seed: none was trained before the registration.
    """
    old, fresh = [], []
    for table in observations:
        confirms = (table.seed >= FRESH) | table.arm.str.endswith(AT_PAPER)
        old.append(table[~confirms])
        fresh.append(table[confirms | (table.seed == FIXED)])
    return tuple([table for table in tables if len(table)] for tables in (old, fresh))


def curves(runs) -> pd.DataFrame:
    """Each run's history, a row per epoch: `arm`, `seed`, `epoch`, `train_loss`, `train_mse`, `val_loss`, `val_mse`."""
    histories = {(run.label, run.config["seed"]): run.history.rename(columns=RENAMED) for run in runs}
    return pd.concat(histories, names=["arm", "seed", "epoch"]).reset_index()


def at_paper(curves: pd.DataFrame) -> pd.DataFrame:
    """Curves of runs at the profile `paper` under the arms' names in claims about it: "srcnn at paper"."""
    return curves.assign(arm=curves.arm + AT_PAPER)


def learning(curves: pd.DataFrame) -> pd.DataFrame:
    """What claims about learning are judged by, a row per run, made from `curves`.

    - `area`: under the curve, divided by the schedule's length: the mean validation MSE in grey levels²;
    - `first_fifth`, `last_two_fifths`: the shares of the fall in these parts of the schedule;
    - `epochs_150` and so on, `epochs_fall`: `epochs_to` each of `GOALS`, and to 95 % of the curve's own fall. A goal
      that no run of an arm reaches is missing.
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

    "srcnn enhanced" has, for each seed and image, the strength with the highest SSIM (`turn_ssim`) and with the lowest
    GMSD (`turn_gmsd`).
    """
    wide = sweep.pivot_table(index=UNIT, columns="strength", values=["ssim", "gmsd"])
    turns = pd.DataFrame({"turn_ssim": wide["ssim"].idxmax(axis=1), "turn_gmsd": wide["gmsd"].idxmin(axis=1)})
    turns = turns.reset_index().assign(arm=lambda rows: rows.arm + " enhanced")
    named = sweep.arm + " enhanced " + sweep.strength.map("{:g}".format)
    return pd.concat([sweep.assign(arm=named).drop(columns="strength"), turns], ignore_index=True)


def best_strengths(sweep: pd.DataFrame) -> pd.DataFrame:
    """The best strength of edge enhancement by each measure: arms × `psnr`, `ssim`, `gmsd`, `sharpness`.

    PSNR and SSIM at their largest, GMSD at its smallest, sharpness where it comes nearest to HR's.
    """
    means = sweep.groupby(["arm", "strength"], sort=False)[["psnr", "ssim", "gmsd", "sharpness"]].mean()
    worse = means.assign(psnr=-means.psnr, ssim=-means.ssim, sharpness=(means.sharpness - 1).abs())
    return worse.groupby("arm", sort=False).idxmin().map(lambda key: key[1])


def furthest(distances: pd.DataFrame) -> pd.DataFrame:
    """The distances of pictures, named by `between`, and rows of the two of the five networks that are furthest apart.

    For each seed and image, the new rows hold the largest `gmsd` of any two networks, and how many times larger the
    largest distance is than that of two seeds of one network (the mean over networks): `apart` of `rms`, `apart_gmsd`
    of `gmsd`. They are missing where a network was not run, and the latter two where there is one seed.
    """
    named = [between(a, b) for a, b in zip(distances.arm, distances.other, strict=True)]
    distances = distances.assign(arm=named).drop(columns="other")
    arms, selves = [between(a, b) for a, b in combinations(ALIKE, 2)], [between(a, a) for a in ALIKE]
    if not set(arms) <= set(named):
        return distances
    wide = distances.pivot(index=UNIT[1:], columns="arm", values=["rms", "gmsd"])
    rows = pd.DataFrame({"gmsd": wide["gmsd"][arms].max(axis=1)})
    if set(selves) <= set(named):
        for metric, name in (("rms", "apart"), ("gmsd", "apart_gmsd")):
            rows[name] = wide[metric][arms].max(axis=1) / wide[metric][selves].mean(axis=1)
    return pd.concat([distances, rows.reset_index().assign(arm=FURTHEST)], ignore_index=True)
