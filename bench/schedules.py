"""Which schedule `quick` should have: of some that cost alike, the one that tells most of `standard`'s verdicts.

Each trains every arm once on `sample`, and is scored on its validation images, as a first `make reproduce` is. One seed
gives no verdicts, but each effect leans to one side: that is compared with the recorded verdicts of `standard`.
"""

from dataclasses import replace

import pandas as pd

from sr_utils import claims, profiles, record, training
from sr_utils.data import load
from sr_utils.models import STUDY

REFERENCE, SEED = ("standard", "bsds500"), 0
#: (steps, batch, patch), in 20 epochs; each has as many HR pixels in all.
CANDIDATES = ((400, 16, 48), (800, 8, 48), (900, 16, 32))


def told(judged: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """The rows that the reference decided, with `agrees`: whether the effect of `judged` leans to the same side.

    A row that was not tested in `judged` does not agree.
    """
    decided = reference[reference.verdict.isin(("holds", "does not hold"))]
    leans = judged.leans.reindex(decided.index)
    return decided.assign(agrees=leans == decided.verdict.map({"holds": "for", "does not hold": "against"}))


def observe(profile: profiles.Profile, arms, data: str) -> tuple[list[training.Run], list[pd.DataFrame]]:
    """Every arm trained once, and what page 06 judges claims by."""
    sets = {data: load(data).valid}
    runs = [training.train(arm, SEED, profile, data, loss) for arm, loss in arms]
    return runs, list(claims.observations.measure(runs, sets).values())


def schedules(candidates=CANDIDATES, epochs=20, arms=STUDY, data="sample", decided=None) -> dict:
    """Trains the study once with each candidate for `quick`; returns how many verdicts each one tells.

    Those of the recorded reference, unless `decided` has others.
    """
    if decided is None:
        decided = claims.judge(*record.tables(*REFERENCE, range(claims.replication.FIRST)).values())
    rows = []
    for steps, batch, patch in candidates:
        profile = replace(profiles.get("quick"), epochs=epochs, steps=steps // epochs, batch=batch, patch=patch)
        runs, observed = observe(profile, arms, data)
        agrees = told(claims.judge(*observed), decided)
        primary = agrees[agrees.family == "primary"].agrees
        minutes = sum(run.host["seconds_per_step"] for run in runs) * profile.total_steps / 60
        rows.append({"steps": profile.total_steps, "batch": batch, "patch": patch, "minutes": minutes})
        rows[-1] |= {"told": int(agrees.agrees.sum()), "decided": len(agrees)}
        rows[-1] |= {"primary told": int(primary.sum()), "primary decided": len(primary)}
        print(f"  {rows[-1]}", flush=True)
    return {"reference": REFERENCE, "data": data, "seed": SEED, "rows": rows}
