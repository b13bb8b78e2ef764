"""How often p-values reject a true hypothesis: `claims.statistics` on differences whose true mean is zero.

For comparison: Satterthwaite's method (1946, doi:10.2307/3002019), one t whose degrees of freedom lie between those of
the two errors. If seeds vary most, its p is below 0.05/60 two to five times too often with five seeds, and even more
often with three: if few seeds agree by chance, the method also assumes too many degrees of freedom.
"""

import numpy as np
import pandas as pd
from scipy import special

from sr_utils.claims.statistics import Estimate, estimate

#: Seeds × units: the study's own designs, and those that are a plain t-test.
DESIGNS = ((3, 1), (5, 1), (3, 19), (5, 19), (5, 119), (1, 119))
LEVELS = (0.05, 0.01, 0.05 / 12, 0.05 / 60)
#: Standard deviations of seeds, of images, and of the residual. Which of them is large decides how hard the case is.
SPREADS = {
    "images vary most": (0.05, 0.2, 0.05),
    "seeds count most": (0.1, 0.2, 0.05),
    "seeds do not vary": (0.0, 0.2, 0.05),
    "images do not vary": (0.05, 0.0, 0.2),
    "neither varies": (0.0, 0.0, 0.2),
}
TRIALS, BATCH = 100_000, 200_000  # about as many differences are in memory at once


def satterthwaite(estimated: Estimate) -> np.ndarray:
    """Two-sided p of zero by one Student's t with Satterthwaite's degrees of freedom, for comparison."""
    variances = estimated.errors**2
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = total**2 / sum(v**2 / n for v, n in zip(variances, estimated.freedom, strict=True))
        return 2 * special.stdtr(freedom, -np.abs(estimated.mean) / np.sqrt(total))


def judged(estimated: Estimate) -> np.ndarray:
    """Two-sided p of zero, as `claims` computes it."""
    return 2 * np.minimum(estimated.above(0), estimated.below(0))


def rejected(seeds: int, units: int, spreads, trials: int = TRIALS, method=judged) -> pd.Series:
    """Share of trials with a true mean of zero whose p is at most each of `LEVELS`.

    A single seed, or a single unit, is no sample: it does not vary here.
    """
    spreads = np.where((seeds == 1, units == 1, False), 0, spreads)
    rng, hits, done = np.random.default_rng(seeds * 1000 + units), np.zeros(len(LEVELS)), 0
    while done < trials:
        batch = min(trials - done, max(1, BATCH // (seeds * units)))
        shapes = ((batch, seeds, 1), (batch, 1, units), (batch, seeds, units))
        p = method(estimate(sum(rng.normal(0, s, shape) for s, shape in zip(spreads, shapes, strict=True))))
        hits += (p[:, None] <= LEVELS).sum(axis=0)
        done += batch
    return pd.Series(hits / trials, index=LEVELS)


def calibration(trials: int = TRIALS) -> dict:
    """How often p is below a level although the mean is zero, over that level (1: exact; below 1: conservative)."""
    rows = {}
    for seeds, units in DESIGNS:
        for case, spreads in SPREADS.items():
            if min(seeds, units) == 1 and case != "images vary most":
                continue  # with a single source of variation its size does not matter
            for name, method in (("", judged), (", Satterthwaite", satterthwaite)):
                if min(seeds, units) > 1 or method is judged:
                    rows[f"{seeds} × {units}, {case}{name}"] = rejected(seeds, units, spreads, trials, method) / LEVELS
    table = pd.DataFrame(rows).T
    table.columns = [f"{level:.2g}" for level in LEVELS]
    print(table.round(2).to_string())
    return {"trials": trials, "share over level": table.round(3).to_dict("index")}
