"""How often p-values reject a true hypothesis: `claims.statistics` on differences whose true mean is zero.

Student's t, and with it the sum of two, assumes normal seeds. A skewed case shows what that is worth: exponential seeds
seldom lie far above their mean, so that few of them tend to agree on a mean that is too low.
"""

import numpy as np
import pandas as pd

from sr_utils.claims.statistics import estimate, pseudo_values

#: Seeds × units: the study's own designs, and those that are a plain t-test.
DESIGNS = ((3, 1), (5, 1), (10, 1), (3, 19), (5, 19), (5, 119), (10, 119), (1, 119))
LEVELS = (0.05, 0.01, 0.05 / 15, 0.05 / 77)  # alone, and the first steps of Holm's correction of the study's families
#: Standard deviations of seeds, of images, and of the residual. Which of them is large decides how hard the case is.
SPREADS = {
    "images vary most": (0.05, 0.2, 0.05),
    "seeds count most": (0.1, 0.2, 0.05),
    "seeds do not vary": (0.0, 0.2, 0.05),
    "images do not vary": (0.05, 0.0, 0.2),
    "neither varies": (0.0, 0.0, 0.2),
}
SKEWED = "seeds count most"
TRIALS, BATCH = 100_000, 200_000  # about as many differences are in memory at once


def rejected(seeds: int, units: int, spreads, trials: int = TRIALS, kind: str = "normal") -> pd.Series:
    """Share of trials with a true mean of zero whose p is at most each of `LEVELS`.

    A single seed, or a single unit, is no sample: it does not vary here. Seeds are normal, or "exponential"; with
    "jackknife", a row is the mean of a seed and the next one, as claim 8 has it.
    """
    spreads = np.where((seeds == 1, units == 1, False), 0, spreads)
    rng, hits, done = np.random.default_rng(seeds * 1000 + units), np.zeros(len(LEVELS)), 0
    while done < trials:
        batch = min(trials - done, max(1, BATCH // (seeds * units)))
        shapes = ((batch, seeds, 1), (batch, 1, units), (batch, seeds, units))
        chances = [rng.normal(0, s, shape) for s, shape in zip(spreads, shapes, strict=True)]
        if kind == "exponential":
            chances[0] = spreads[0] * (rng.exponential(1, shapes[0]) - 1)
        if kind == "jackknife":
            rows = (sum(chances) + np.roll(sum(chances), -1, axis=1)) / 2
            chances = [pseudo_values(rows.swapaxes(0, 1)).swapaxes(0, 1)]
        found = estimate(sum(chances))
        p = 2 * np.minimum(found.beyond(found.mean), found.beyond(-found.mean))
        hits += (p[:, None] <= LEVELS).sum(axis=0)
        done += batch
    return pd.Series(hits / trials, index=LEVELS)


def calibration(trials: int = TRIALS, designs=DESIGNS) -> dict:
    """How often p is below a level although the mean is zero, over that level (1: exact; below 1: conservative)."""
    rows = {}
    for seeds, units in designs:
        alone = min(seeds, units) == 1  # with a single source of variation its size does not matter
        for case in [SKEWED] if alone else SPREADS:
            rows[f"{seeds} × {units}, {case}"] = rejected(seeds, units, SPREADS[case], trials) / np.array(LEVELS)
        for kind in ("exponential", "jackknife") if seeds > 1 else ():
            shares = rejected(seeds, units, SPREADS[SKEWED], trials, kind)
            rows[f"{seeds} × {units}, {SKEWED}, {kind}"] = shares / np.array(LEVELS)
        print(f"  {seeds} × {units}", flush=True)
    table = pd.DataFrame(rows).T.set_axis([f"{level:.2g}" for level in LEVELS], axis=1)
    return {"trials": trials, "share over level": table.round(3).to_dict("index")}
