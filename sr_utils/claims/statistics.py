"""From scores to an interval and a p-value: paired differences, their two sources of chance, and corrections.

Seeds and images are both samples, so a mean difference carries two errors, each estimated from few values. Student's t
describes one; the sum of two is the distribution of Behrens and Fisher (Fisher, 1935,
doi:10.1111/j.1469-1809.1935.tb02120.x). With one seed, or one image, that is the one-sample t-test.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from sr_utils import StudyError

LEVEL = 0.95
FIXED = -1  # the seed of what has none: interpolations

_NODES = np.linspace(-6, 6, 121)  # of a normal variable, for the integral over the smaller error
_WEIGHTS = stats.norm.pdf(_NODES) / stats.norm.pdf(_NODES).sum()


@dataclass(frozen=True)
class Estimate:
    """A mean (…) with its two standard errors (2, …), of seeds and of units, and their degrees of freedom.

    An error of zero stands for a source of chance that is absent.
    """

    mean: np.ndarray
    errors: np.ndarray
    freedom: tuple[int, int]

    def beyond(self, distance) -> np.ndarray:
        """Probability that chance alone moves the mean up by more than this distance, between 0 and 1."""
        distance = np.asarray(distance, float)
        small, large = np.sort(self.errors, axis=0)
        seeds_lead = self.errors[0] >= self.errors[1]
        minor = np.where(seeds_lead[..., None], *(_quantiles(n) for n in reversed(self.freedom)))
        freedom = np.where(seeds_lead, *self.freedom)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            left = (distance[..., None] - small[..., None] * minor) / large[..., None]
            tail = special.stdtr(freedom, -left) @ _WEIGHTS
        certain = np.where(distance > 0, 0.0, np.where(distance < 0, 1.0, 0.5))
        return np.where(large == 0, certain, tail)

    def half_width(self, level: float = LEVEL) -> float:
        """Half the width of the two-sided interval at this level (of a single mean)."""
        outside = (1 - level) / 2
        widest = float(sum(e * stats.t.ppf(1 - outside, n) for e, n in zip(self.errors, self.freedom, strict=True)))
        if not widest > 0:
            return widest
        return optimize.brentq(lambda x: float(self.beyond(x)) - outside, 0, 2 * widest)  # the integral errs a little


def _quantiles(freedom: int) -> np.ndarray:
    """Student's t at the nodes of the integral; the upper half from the lower, where probabilities are exact."""
    lower = special.stdtrit(freedom, special.ndtr(-np.abs(_NODES)))
    return np.sign(_NODES) * np.abs(lower)


def estimate(differences) -> Estimate:
    """The mean of paired differences (…, seeds, units) with the errors of a two-way layout, both factors random.

    The units' error is what they add to that of the seeds' means, so nothing counts twice. A single difference has no
    errors: they are NaN. Raises `StudyError` for no difference, or one that is not finite.
    """
    d = np.asarray(differences, float)
    if not d.size or not np.isfinite(d).all():
        raise StudyError("An interval needs at least one finite difference; an infinite PSNR means that SR equals HR.")
    seeds, units = d.shape[-2:]
    mean, rows, columns = d.mean((-2, -1)), d.mean(-1), d.mean(-2)
    nothing = np.full_like(mean, np.nan if seeds * units == 1 else 0)
    of_seeds = rows.var(-1, ddof=1) / seeds if seeds > 1 else nothing
    of_units = columns.var(-1, ddof=1) / units if units > 1 else nothing
    if min(seeds, units) > 1:
        of_units = np.maximum(of_units - interaction(d) / (seeds * units), 0)
    return Estimate(mean, np.sqrt(np.stack([of_seeds, of_units])), (max(seeds - 1, 1), max(units - 1, 1)))


def interaction(d: np.ndarray) -> np.ndarray:
    """The variance of differences (…, seeds, units) that neither seeds alone nor units alone explain."""
    seeds, units = d.shape[-2:]
    rest = d - d.mean(-1, keepdims=True) - d.mean(-2, keepdims=True) + d.mean((-2, -1), keepdims=True)
    return np.square(rest).sum((-2, -1)) / ((seeds - 1) * (units - 1))


def interval(differences, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean of paired differences (seeds, units) and its interval at this level: (mean, low, high); NaN for a single."""
    result = estimate(np.atleast_2d(differences))
    half = result.half_width(level)
    return float(result.mean), float(result.mean - half), float(result.mean + half)


def paired(scores: pd.DataFrame, arm: str, reference: str = "", metric: str = "psnr") -> pd.DataFrame:
    """arm − reference, paired by seed and image: a row per seed, a column per (set, image). "" subtracts nothing.

    An interpolation is paired with every seed, and a seed that only one of the two has is left out. Raises `StudyError`
    for an arm without scores or not finitely scored, and for arms without a common seed or with different images.
    """
    a = _grid(scores, arm, metric)
    if not reference:
        return a
    b = _grid(scores, reference, metric)
    if FIXED in b.index:
        found = a - b.loc[FIXED]
    elif FIXED in a.index:
        found = a.loc[FIXED] - b
    else:
        common = a.index.intersection(b.index)
        found = a.loc[common] - b.loc[common]
    if found.empty:
        raise StudyError(f"{arm} and {reference} have no seed in common; train both with the same.")
    if found.isna().any(axis=None):
        raise StudyError(f"{arm} and {reference} were scored on different images; score both on the same sets.")
    return found


def _grid(scores, arm, metric) -> pd.DataFrame:
    rows = scores[(scores.arm == arm) & scores[metric].notna()] if metric in scores else scores[:0]
    if rows.empty:
        raise StudyError(f"There are no scores for {arm!r} ({metric}); score it first.")
    grid = rows.pivot(index="seed", columns=["set", "image"], values=metric)
    if not np.isfinite(grid.to_numpy(float)).all():
        raise StudyError(
            f"{arm} lacks a finite {metric} of some seed and image; score all seeds on the same images, of which none "
            "may be equal to HR (its PSNR is infinite)."
        )
    return grid


def differences(scores: pd.DataFrame, reference: str, metric: str = "psnr") -> pd.DataFrame:
    """Each arm against the reference, indexed by arm: its mean score, `difference`, and 95 % interval `low`, `high`."""
    means = scores.groupby("arm", sort=False)[metric].mean()
    rows = [interval(paired(scores, arm, reference, metric)) for arm in means.index]
    table = pd.DataFrame(rows, means.index.rename(None), ["difference", "low", "high"])
    table.insert(0, metric, means)
    return table


def p_values(result: Estimate, expect: str, null: float = 0.0, margin: float = 0.0) -> tuple[float, float]:
    """(p of "holds", p of "does not hold"): twice the one-sided p of either, so that the smaller is two-sided.

    `expect` is "more" or "less" than `null`, or the "same" within ±margin: the two one-sided tests of Schuirmann (1987,
    doi:10.1007/BF01068419).
    """
    if expect == "same":
        holds = max(result.beyond(result.mean + margin), result.beyond(margin - result.mean))
        fails = min(result.beyond(result.mean - margin), result.beyond(-margin - result.mean))
    else:
        distance = result.mean - null if expect == "more" else null - result.mean
        holds, fails = result.beyond(distance), result.beyond(-distance)
    return 2 * float(holds), 2 * float(fails)


def holm(p_values) -> np.ndarray:
    """Holm's step-down correction (1979) of a family of p-values: adjusted values in the order given."""
    p = pd.Series(np.asarray(p_values, float)).sort_values(kind="stable")
    return (p * np.arange(len(p), 0, -1)).cummax().clip(upper=1).sort_index().to_numpy()


def tested_at(p, adjusted, alpha: float, holm: bool) -> np.ndarray:
    """The share of `alpha` at which each of a family's p-values is tested by Holm, or by Benjamini and Hochberg: an
    interval at one minus it decides as the adjusted p does (Benjamini & Yekutieli, 2005)."""
    rejected = np.sum(adjusted < alpha)
    if holm:
        return alpha / (len(p) - np.minimum(stats.rankdata(p, "ordinal") - 1, rejected))
    return alpha * (rejected + (adjusted >= alpha)) / len(p)


def pseudo_values(differences) -> np.ndarray:
    """Tukey's pseudo-values of differences (seeds, units) whose row s needs the seed after s as well, in a circle.

    Each leaves a seed out, and so two rows. Their mean is that of the rows, and their scatter that of seeds. Fewer than
    three seeds stay as they are.
    """
    d = np.asarray(differences, float)
    if len(d) < 3:
        return d
    without = (d.sum(0) - d - np.roll(d, 1, axis=0)) / (len(d) - 2)
    return len(d) * d.mean(0) - (len(d) - 1) * without


def signed(number: float, spec: str = "") -> str:
    """A sign and three significant digits without powers of ten, or as `spec` says; with a minus, not a hyphen."""
    number = round(float(number), 12) + 0.0  # a difference of equal floats is zero, and zero has no minus
    if spec or abs(number) >= 1000:
        return format(number, spec or "+,.0f").replace("-", "−")
    return np.format_float_positional(number, 3, False, False, "-", True).replace("-", "−")
