"""Which schedule `quick` should have: of some that cost alike, the one that tells most of `standard`'s verdicts.

Each trains every arm once on `sample`, and is scored on its validation images, as a first `make reproduce` is. One seed
gives no verdicts, but each effect leans to one side: that is compared with the verdicts of the committed `standard`.
"""

from dataclasses import replace

import pandas as pd

from sr_utils import claims, evaluation, profiles, training
from sr_utils.claims.record import read
from sr_utils.data import load

REFERENCE, DATA, SEED = "standard", "sample", 0
STRENGTHS = [0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1]  # of page 05
#: (steps, batch, patch), in 20 epochs; each has as many HR pixels in all.
CANDIDATES = ((400, 16, 48), (800, 8, 48), (900, 16, 32))


def told(judged: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """The rows that the reference decided, with `agrees`: whether the effect of `judged` leans to the same side.

    A row that was not tested in `judged` does not agree.
    """
    decided = reference[reference.verdict.isin(("holds", "does not hold"))]
    leans = judged.leans.reindex(decided.index)
    return decided.assign(agrees=leans == decided.verdict.map({"holds": "for", "does not hold": "against"}))


def observe(profile: profiles.Profile) -> tuple[list[training.Run], list[pd.DataFrame]]:
    """Every arm trained once, and what page 06 judges claims by."""
    sets = {DATA: load(DATA).valid}
    runs = [training.train(arm, SEED, profile, DATA, loss) for arm, loss in training.study()]
    srcnn, enhanced = ([run for run in runs if run.label == label] for label in ("srcnn", "srcnn_edge_input"))
    return runs, [
        evaluation.score_all(["bilinear", "bicubic", *runs], sets),
        claims.curves(runs),
        evaluation.strength_sweep(["bicubic", *srcnn], sets, STRENGTHS),
        evaluation.likeness(runs, sets),
        evaluation.response([*srcnn, *enhanced], sets[DATA][:5]),
    ]


def schedules() -> dict:
    """Trains the study once with each candidate for `quick`; prints and returns how many verdicts each one tells."""
    reference, rows = read(REFERENCE)["claims"], []
    for steps, batch, patch in CANDIDATES:
        profile = replace(profiles.get("quick"), steps=steps // 20, batch=batch, patch=patch)
        runs, observed = observe(profile)
        agrees = told(claims.judge(*observed), reference)
        primary = agrees[agrees.family == "primary"].agrees
        rows.append(
            {
                "steps": profile.total_steps, "batch": batch, "patch": patch,
                "minutes": sum(run.host["seconds_per_step"] for run in runs) * profile.total_steps / 60,
                "told": int(agrees.agrees.sum()), "decided": len(agrees),
                "primary told": int(primary.sum()), "primary decided": len(primary),
            }
        )  # fmt: skip
        print(pd.DataFrame(rows[-1:]).to_string(header=len(rows) == 1, float_format="%.1f"), flush=True)
    return {"reference": REFERENCE, "data": DATA, "seed": SEED, "rows": rows}
