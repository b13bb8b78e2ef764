"""From scores to statements: paired differences, bootstrap intervals, p-values and their correction."""

import numpy as np
import pandas as pd
from scipy import stats

from sr_utils import StudyError

RESAMPLES = 10_000
LEVEL = 0.95


def resampled_means(differences, resamples: int = RESAMPLES, level: float = LEVEL) -> np.ndarray:
    """Bootstrap means of paired differences (seeds, units): float (resamples,), the same on every call.

    Two levels, resampled independently: seeds, then units (images, or crops, or nothing where there is one of them).
    A plain percentile interval is too narrow for few seeds. Two known corrections mend that: √(n/(n−1)) on each
    level's spread, and Student's t in place of the normal, with the degrees of freedom of Satterthwaite (1946,
    doi:10.2307/3002019) for the sum of both levels. Efron & Tibshirani, 1993, chapters 6 and 13; Hesterberg, 2015,
    arXiv:1411.5279, section 4.

    Raises `StudyError` for an empty array, a single difference, or differences that are not finite.
    """
    d = np.atleast_2d(np.asarray(differences, float))
    if not d.size or not np.isfinite(d).all():
        raise StudyError("An interval needs at least one finite difference; an infinite PSNR means that SR equals HR.")
    if d.size == 1:
        raise StudyError("One image and one seed give no interval; score more images, or train more seeds.")
    rng = np.random.default_rng(0)
    weights, spreads = [], []
    for level_means in (d.mean(axis=1), d.mean(axis=0)):
        n = len(level_means)
        if n == 1:
            weights.append(np.ones((resamples, 1)))
            continue
        counts = rng.multinomial(n, np.full(n, 1 / n), resamples)
        weights.append(1 / n + np.sqrt(n / (n - 1)) * (counts - 1) / n)
        spreads.append((level_means.var(ddof=1) / n, n - 1))
    means = np.einsum("rs,si,ri->r", weights[0], d, weights[1], optimize=True)
    total = sum(variance for variance, _ in spreads)
    if total == 0:
        return means
    freedom = 1 / sum((variance / total) ** 2 / n for variance, n in spreads)
    tail = (1 + level) / 2
    return d.mean() + stats.t.ppf(tail, freedom) / stats.norm.ppf(tail) * (means - d.mean())


def interval(differences, resamples: int = RESAMPLES, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean of paired differences (seeds, images) and its bootstrap interval: (mean, low, high).

    The percentiles of `resampled_means`. With one seed the interval speaks of images only. On synthetic effects it
    covers the truth in 95 % of the cases (93 to 97 %; `make bench` counts them). Raises as `resampled_means` does.
    """
    return float(np.mean(differences)), *ends(resampled_means(differences, resamples, level), level)


def ends(means, level: float = LEVEL) -> tuple[float, float]:
    """The ends (low, high) of the interval that holds this share of the resampled means: its percentiles."""
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def coverage(seeds=3, images=19, effect=0.3, spreads=(0.05, 0.2, 0.05), trials=1000, resamples=1000) -> float:
    """Share of synthetic trials whose 95 % interval holds the true effect.

    `spreads`: standard deviations of seeds, images and the rest, in dB; the defaults are like this study's.
    """
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(trials):
        of_seeds, of_images, rest = (
            rng.normal(0, spread, shape)
            for spread, shape in zip(spreads, ((seeds, 1), (1, images), (seeds, images)), strict=True)
        )
        _, low, high = interval(effect + of_seeds + of_images + rest, resamples)
        hits += low < effect < high
    return hits / trials


def differences(scores: pd.DataFrame, arm: str, reference, metric: str = "psnr") -> np.ndarray:
    """arm − reference, paired by seed and image: float (seeds, images).

    An interpolation is paired with every seed. A number as reference is subtracted as it is. Raises `StudyError` for
    an arm without scores, or arms that were scored on different images or trained with different seeds.
    """
    a = _grid(scores, arm, metric)
    if not isinstance(reference, str):
        return a.to_numpy() - reference
    b = _grid(scores, reference, metric)
    if not a.columns.sort_values().equals(b.columns.sort_values()):
        raise StudyError(f"{arm} and {reference} were scored on different images; score both on the same sets.")
    if list(a.index) != list(b.index) and -1 not in (*a.index, *b.index):
        raise StudyError(f"{arm} and {reference} were trained with different seeds; train both with the same.")
    return a.to_numpy() - b[a.columns].to_numpy()


def _grid(scores, arm, metric) -> pd.DataFrame:
    rows = scores[(scores.arm == arm) & scores[metric].notna()] if metric in scores else scores[:0]
    if rows.empty:
        raise StudyError(f"There are no scores for {arm!r} ({metric}); score it first.")
    return rows.pivot(index="seed", columns=["set", "image"], values=metric)


def compare(scores: pd.DataFrame, reference: str, metric: str = "psnr") -> pd.DataFrame:
    """Each arm against the reference: mean score, mean difference, and its 95 % interval, indexed by arm.

    With one image and one seed there is no interval: `low` and `high` are NaN.
    """
    rows = {}
    for arm in dict.fromkeys(scores.arm):
        paired = differences(scores, arm, reference, metric)
        mean, low, high = interval(paired) if paired.size > 1 else (paired.mean(), np.nan, np.nan)
        value = scores.loc[scores.arm == arm, metric].mean()
        rows[arm] = {metric: value, "difference": mean, "low": low, "high": high}
    return pd.DataFrame.from_dict(rows, orient="index")


def table(scores: pd.DataFrame, metric: str = "psnr") -> pd.DataFrame:
    """Arms × sets: the mean over images and seeds."""
    means = scores.pivot_table(index="arm", columns="set", values=metric, sort=False)
    return means.loc[list(dict.fromkeys(scores.arm)), list(dict.fromkeys(scores["set"]))]


def verdict(low: float, high: float, expect: str, margin: float = 0.0) -> str:
    """What an interval says of an expectation: "holds", "does not hold" or "undecided".

    `expect` is "more" (the interval lies above 0), "less" (below 0) or "same" (inside ±margin; these are the two
    one-sided tests of Schuirmann, 1987, at 2.5 % each). The opposite must be as clear to be refused.
    """
    if expect == "less":
        return verdict(-high, -low, "more")
    if expect == "same":
        inside, outside = -margin < low and high < margin, low > margin or high < -margin
    else:
        inside, outside = low > 0, high < 0
    return "holds" if inside else "does not hold" if outside else "undecided"


def p_value(means: np.ndarray, expect: str, margin: float = 0.0) -> float:
    """Two-sided p of the verdict that resampled means come closest to: below 0.05 where `verdict` decides."""

    def share(beyond) -> float:
        return (beyond.sum() + 1) / (len(means) + 1)

    if expect == "same":
        below, above = -margin, margin
        holds = max(share(means <= below), share(means >= above))
        fails = min(share(means <= above), share(means >= below))
    else:
        holds, fails = share(means <= 0), share(means >= 0)
    return float(min(1, 2 * min(holds, fails)))


def holm(p_values) -> np.ndarray:
    """Holm's step-down correction (1979) of a family of p-values: adjusted values in the order given."""
    p = np.asarray(p_values, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    out = np.empty_like(p)
    out[order] = adjusted
    return out


def signed(number: float, spec: str = "") -> str:
    """A sign and three significant digits without powers of ten, or as `spec` says; with a minus, not a hyphen."""
    number = round(float(number), 12) + 0.0  # a difference of equal floats is zero, and zero has no minus
    return format(number, spec or ("+,.0f" if abs(number) >= 1000 else "+.3g")).replace("-", "−")


def span(low: float, high: float) -> str:
    """An interval in words, or nothing where there is none."""
    return "" if np.isnan(low) else f"{signed(low)} … {signed(high)}"
