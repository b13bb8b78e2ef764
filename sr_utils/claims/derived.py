"""Observations that are made from others: what curves say, how far apart pictures are, arms with a filter behind."""

from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils import StudyError
from sr_utils.claims.table import CLAIMS, FURTHEST, between
from sr_utils.models.arms import ALIKE

RENAMED = {"loss": "train_loss", "mse": "train_mse"}  # claims are about another loss


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


def curves(runs) -> pd.DataFrame:
    """Each run's history, a row per epoch: `arm`, `seed`, `epoch`, `train_loss`, `train_mse`, `val_loss`, `val_mse`."""
    histories = {(run.label, run.config["seed"]): run.history.rename(columns=RENAMED) for run in runs}
    return pd.concat(histories, names=["arm", "seed", "epoch"]).reset_index()


def learning(curves: pd.DataFrame) -> pd.DataFrame:
    """What claims about learning are judged by, made from `curves`: a row per run, and one per race of two runs.

    - `area`: under the curve, divided by the schedule's length: the mean validation MSE in grey levels²;
    - `first_fifth`, `last_two_fifths`: the shares of the fall in these parts of the schedule;
    - `epochs`, of a race ("residual against srcnn"): how many epochs later the first arm arrives than the second.
    """
    every = {key: rows.set_index("epoch")["val_mse"] for key, rows in curves.groupby(["arm", "seed"], sort=False)}
    rows = [
        {"arm": arm, "seed": seed, "area": mse.mean(), "first_fifth": share_of_fall(mse, 0.2),
         "last_two_fifths": 1 - share_of_fall(mse, 0.6)}
        for (arm, seed), mse in every.items()
    ]  # fmt: skip
    for name in (c.arm for c in CLAIMS if c.metric == "epochs"):
        arm, other = name.split(" against ")
        for seed in [seed for label, seed in every if label == arm and (other, seed) in every]:
            rows.append({"arm": name, "seed": seed, "epochs": race(every[arm, seed], every[other, seed])})
    return pd.DataFrame(rows).assign(set="schedule", image="all")


def share_of_fall(curve: pd.Series, part: float) -> float:
    """Share of a loss's whole fall that is done after this part of the schedule; NaN where it does not change."""
    after, fall = curve.iloc[max(1, round(part * len(curve))) - 1], curve.iloc[0] - curve.iloc[-1]
    return float((curve.iloc[0] - after) / fall) if fall else np.nan


def race(curve: pd.Series, other: pd.Series) -> float:
    """Epochs that `curve` needs more than `other` until both are as low as the higher of their last values.

    So the slower arm sets the goal, and an arm is not punished for ending lower. Negative: `curve` is faster.
    """
    goal = max(curve.iloc[-1], other.iloc[-1])
    return epochs_to(curve, goal) - epochs_to(other, goal)


def epochs_to(curve: pd.Series, goal: float) -> float:
    """The epoch by which a loss is as low as `goal`, interpolated; the last value must be."""
    after = int(np.argmax(curve.to_numpy() <= goal))
    two = curve.iloc[max(after - 1, 0) : after + 1]
    return float(np.interp(-goal, -two, two.index))


def enhanced(sweep: pd.DataFrame) -> pd.DataFrame:
    """A sweep over `strength` as scores of arms of their own, named "srcnn enhanced 0.1" and so on."""
    named = sweep.arm + " enhanced " + sweep.strength.map("{:g}".format)
    return sweep.assign(arm=named).drop(columns="strength")


def best_strengths(sweep: pd.DataFrame) -> pd.DataFrame:
    """The best strength of edge enhancement by each measure: arms × `psnr`, `ssim`, `gmsd`, `sharpness`.

    PSNR and SSIM at their largest, GMSD at its smallest, sharpness where it comes nearest to HR's.
    """
    means = sweep.groupby(["arm", "strength"], sort=False)[["psnr", "ssim", "gmsd", "sharpness"]].mean()
    worse = means.assign(psnr=-means.psnr, ssim=-means.ssim, sharpness=(means.sharpness - 1).abs())
    return worse.groupby("arm", sort=False).idxmin().map(lambda key: key[1])


def furthest(likeness: pd.DataFrame) -> pd.DataFrame:
    """The distances of pictures, named by `between`, and rows of the two among `ALIKE` that are furthest apart.

    `likeness` is `probes.likeness`'s table. For each seed and image, the new rows hold the largest `gmsd` of any two
    arms, and how many times larger the largest distance is than that of two seeds of one arm (the mean over arms):
    `apart` of `rms`, `apart_gmsd` of `gmsd`. They are missing where an arm was not run, and the latter two where there
    is one seed.
    """
    named = [between(a, b) for a, b in zip(likeness.arm, likeness.other, strict=True)]
    likeness = likeness.assign(arm=named).drop(columns="other")
    arms, selves = [between(a, b) for a, b in combinations(ALIKE, 2)], [between(a, a) for a in ALIKE]
    if not set(arms) <= set(named):
        return likeness
    wide = likeness.pivot(index=["seed", "set", "image"], columns="arm", values=["rms", "gmsd"])
    rows = pd.DataFrame({"gmsd": wide["gmsd"][arms].max(axis=1)})
    if set(selves) <= set(named):
        for metric, name in (("rms", "apart"), ("gmsd", "apart_gmsd")):
            rows[name] = wide[metric][arms].max(axis=1) / wide[metric][selves].mean(axis=1)
    return pd.concat([likeness, rows.reset_index().assign(arm=FURTHEST)], ignore_index=True)
