"""Which learning rate suits each arm: trials at `quick`'s schedule, judged on validation images alone.

Every arm and loss is trained at `RATES`, with a seed that no reference run uses, and at lower or higher rates while the
best one is the lowest or the highest. The best rate has the highest mean PSNR over the validation images; perceptual
losses do not aim at PSNR and are judged by their own value on the validation crops. If PSNRs differ by less than
`TIE`, the lower rate is chosen, because long trainings are more stable with it. No benchmark image is used. The chosen
rates are in `models.arms.ARMS`.
"""

import math
from dataclasses import replace

import pandas as pd

from sr_utils import profiles, training
from sr_utils.data import load
from sr_utils.evaluation import score
from sr_utils.models import STUDY

SEED = 1000
RATES = (3e-4, 1e-3, 3e-3)
FURTHER = (1e-4, *RATES, 1e-2, 3e-2)
DATA = "bsds500"
TIE = 0.05  # dB; two seeds of one arm differ as much


def trial(arm: str, loss: str, rate: float) -> dict:
    """One training: {"arm", "loss", "rate", "val_loss", "val_mse", "psnr"}, the last on whole validation images."""
    profile = replace(profiles.get("quick"), learning_rate=rate)
    run = training.train(arm, SEED, profile, DATA, loss)
    last = run.history.iloc[-1]
    scores = score(run.model, load(DATA).valid)
    return {
        "arm": arm,
        "loss": loss,
        "rate": rate,
        "val_loss": float(last.val_loss),
        "val_mse": float(last.val_mse),
        "psnr": float(scores.psnr.mean()),
    }


def best(trials: list[dict]) -> float:
    """The rate of the best of these trials of one arm and loss; trainings that diverged do not count."""
    finite = [row for row in trials if math.isfinite(row["val_loss"])]
    if trials[0]["loss"] not in ("mse", "mae"):
        return min(finite, key=lambda row: row["val_loss"])["rate"]
    highest = max(row["psnr"] for row in finite)
    return min(row["rate"] for row in finite if row["psnr"] > highest - TIE)


def search(arm: str, loss: str) -> list[dict]:
    """Trials at `RATES`, then at the next rate while the best is the lowest or the highest that was tried."""
    trials = [trial(arm, loss, rate) for rate in RATES]
    while True:
        tried = sorted(row["rate"] for row in trials)
        at = FURTHER.index(best(trials))
        further = [FURTHER[i] for i in (at - 1, at + 1) if 0 <= i < len(FURTHER) and FURTHER[i] not in tried]
        if not further:
            return trials
        trials += [trial(arm, loss, rate) for rate in further]


def rates() -> dict:
    """Every arm's trials, and the rate that each should train at; prints them as a table."""
    rows = [row for arm, loss in STUDY for row in search(arm, loss)]
    frame = pd.DataFrame(rows)
    table = frame.pivot_table(index=["arm", "loss"], columns="rate", values="psnr", sort=False)
    chosen = {key: best(group.to_dict("records")) for key, group in frame.groupby(["arm", "loss"], sort=False)}
    table["chosen"] = pd.Series(chosen)
    print(table.to_string(float_format=lambda v: f"{v:.4g}"))
    return {"rows": rows, "chosen": [{"arm": a, "loss": b, "rate": rate} for (a, b), rate in chosen.items()]}
