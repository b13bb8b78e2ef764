"""How often p-values reject what is true: `claims.statistics` on differences whose true mean is zero.

Beside it Satterthwaite's shorter way (1946, doi:10.2307/3002019): one t with degrees of freedom between those of the
two errors. Where seeds vary most, its p is below 0.05/60 two to five times too often with five seeds, and more with
three, because a chance agreement of few seeds also buys it many degrees of freedom.
"""

import numpy as np
import pandas as pd
from scipy import special

from sr_utils.claims.statistics import Estimate, estimate

#: Seeds × units: the study's own designs, and those that are a plain t-test.
DESIGNS = ((3, 1), (5, 1), (3, 19), (5, 19), (5, 119), (1, 119))
LEVELS = (0.05, 0.01, 0.05 / 12, 0.05 / 60)
#: Standard deviations of seeds, of images, and of what is left: which of them is large decides how hard it is.
SPREADS = {
    "images vary most": (0.05, 0.2, 0.05),
    "seeds count most": (0.1, 0.2, 0.05),
    "seeds do not vary": (0.0, 0.2, 0.05),
    "images do not vary": (0.05, 0.0, 0.2),
    "neither varies": (0.0, 0.0, 0.2),
}
TRIALS, BATCH = 100_000, 200_000  # differences in memory at once, about


def satterthwaite(found: Estimate) -> np.ndarray:
    """Two-sided p of zero by one Student's t with Satterthwaite's degrees of freedom, for comparison."""
    variances = found.errors**2
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = total**2 / sum(v**2 / n for v, n in zip(variances, found.freedom, strict=True))
        return 2 * special.stdtr(freedom, -np.abs(found.mean) / np.sqrt(total))


def ours(found: Estimate) -> np.ndarray:
    """Two-sided p of zero, as claims are judged."""
    return 2 * np.minimum(found.above(0), found.below(0))


def rejected(seeds: int, units: int, spreads, trials: int = TRIALS, method=ours) -> pd.Series:
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
    """How often p is below a level where nothing is there, over that level (1: as often as it says, less: careful)."""
    rows = {}
    for seeds, units in DESIGNS:
        for words, spreads in SPREADS.items():
            if min(seeds, units) == 1 and words != "images vary most":
                continue  # with one source of chance its size does not matter
            for name, method in (("", ours), (", Satterthwaite", satterthwaite)):
                if min(seeds, units) > 1 or method is ours:
                    rows[f"{seeds} × {units}, {words}{name}"] = rejected(seeds, units, spreads, trials, method) / LEVELS
    table = pd.DataFrame(rows).T
    table.columns = [f"{level:.2g}" for level in LEVELS]
    print(table.round(2).to_string())
    return {"trials": trials, "share over level": table.round(3).to_dict("index")}
