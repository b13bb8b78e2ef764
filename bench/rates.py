"""Which learning rate suits each arm: trials at `quick`'s schedule, judged on validation images alone.

Every arm and loss is trained at `RATES`, with a seed that no reference run uses, and at lower or higher rates while the
best one is the lowest or the highest. The best rate has the highest mean PSNR over the validation images; perceptual
losses do not aim at PSNR and are judged by their own value on the validation crops. If PSNRs differ by less than
`TIE`, the lower rate is chosen, because long trainings are more stable with it. No benchmark image is used. The chosen
rates are in `models.arms.ARMS`.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from bench import record
from sr_utils import StudyError, profiles, training
from sr_utils.data import load
from sr_utils.evaluation import score
from sr_utils.models import STUDY

SEEDS = (1000, 1001, 1002)  # no reference run uses them
RATES = (3e-4, 1e-3, 3e-3)
FURTHER = (1e-4, *RATES, 1e-2, 3e-2)
TIE = 0.05  # dB; two seeds of one arm differ as much
PIXEL_LOSSES = ("mse", "mae")


def trial(arm: str, loss: str, rate: float, seed=SEEDS[0], profile="quick", data="bsds500") -> dict:
    """One training: its arguments, "val_loss", "val_mse", and "psnr" on whole validation images."""
    run = training.train(arm, seed, replace(profiles.get(profile), learning_rate=rate), data, loss)
    psnr = float(score(run.model, load(data).valid).psnr.mean())
    last = run.history[["val_loss", "val_mse"]].iloc[-1].to_dict()
    print(f"  {run.label}, seed {seed}, rate {rate:g}: {psnr:.2f} dB", flush=True)
    return {"arm": arm, "loss": loss, "rate": rate, "seed": seed, **last, "psnr": psnr}


def best(trials: list[dict]) -> float:
    """The rate of the best of these trials of one arm and loss, by means over seeds; none of which may diverge."""
    means = pd.DataFrame(trials).groupby("rate")[["val_loss", "psnr"]].agg(lambda values: values.mean(skipna=False))
    means = means[np.isfinite(means.val_loss)]
    if trials[0]["loss"] not in PIXEL_LOSSES:
        return float(means.val_loss.idxmin())
    return float(means.index[means.psnr > means.psnr.max() - TIE].min())


def search(arm: str, loss: str, first=RATES, **how) -> list[dict]:
    """Trials at these rates, then at the next one while the best is the lowest or the highest that was tried."""
    trials = [trial(arm, loss, rate, **how) for rate in first]
    while further := sorted({*neighbours(best(trials))} - {row["rate"] for row in trials}):
        trials += [trial(arm, loss, rate, **how) for rate in further]
    return trials


def neighbours(rate: float) -> tuple:
    """The rate between its neighbours in `FURTHER`."""
    at = FURTHER.index(rate)
    return FURTHER[max(at - 1, 0) : at + 2]


def with_choice(trials: list[dict]) -> dict:
    """What the record keeps: the trials as "rows", and the rate that each arm should train at as "chosen"."""
    groups = pd.DataFrame(trials).groupby(["arm", "loss"], sort=False)
    chosen = [{"arm": arm, "loss": loss, "rate": best(of.to_dict("records"))} for (arm, loss), of in groups]
    return {"rows": trials, "chosen": chosen}


def rates(arms=STUDY, **how) -> dict:
    """Every arm's trials, and the rate that each should train at."""
    return with_choice([row for arm, loss in arms for row in search(arm, loss, **how)])


def close_rates(trials: list[dict] | None = None, within: float = 0.1, seeds=SEEDS, **how) -> dict:
    """Where the best two rates' PSNR lie within 0.1 dB: the best one and its neighbours again, with three seeds."""
    again, trials = [], pd.DataFrame(trials or record.committed()["rates"]["results"]["rows"])
    for (arm, loss), of in trials.groupby(["arm", "loss"]):
        first, second, *_ = of.psnr.sort_values(ascending=False)
        if loss in PIXEL_LOSSES and first - second <= within:
            near = neighbours(float(of.rate[of.psnr.idxmax()]))
            again += [trial(arm, loss, rate, seed, **how) for rate in near for seed in seeds]
    if not again:
        raise StudyError(f"no arm's best two rates lie within {within} dB, so that there is nothing to try again.")
    return with_choice(again)
