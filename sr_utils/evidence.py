"""From scores to statements: paired differences, bootstrap intervals, verdicts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import StudyError

MARGIN = 0.1  # dB; a smaller difference counts as none


def interval(differences, resamples: int = 10_000, level: float = 0.95):
    """Mean of paired differences and its bootstrap interval: (seeds, images) -> (mean, low, high).

    Two levels: seeds are drawn with replacement, then images, 10,000 times; the limits are percentiles. With one
    seed the interval speaks of images only. Efron & Tibshirani, 1993, chapters 13 and 17.

    Raises `StudyError` for an empty array or scores that are not finite.
    """
    d = np.atleast_2d(np.asarray(differences, float))
    if not d.size or not np.isfinite(d).all():
        raise StudyError("An interval needs at least one finite difference; an infinite PSNR means that SR equals HR.")
    rng = np.random.default_rng(0)
    seeds, images = (rng.multinomial(n, np.full(n, 1 / n), resamples) / n for n in d.shape)  # weights of each resample
    means = np.einsum("rs,si,ri->r", seeds, d, images, optimize=True)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(d.mean()), float(low), float(high)


def differences(scores: pd.DataFrame, arm: str, reference: str, metric: str = "psnr") -> np.ndarray:
    """arm − reference, paired by seed and image: (seeds, images). An interpolation is paired with every seed."""
    if reference == "hr":  # its own sharpness is 1
        return scores[scores.arm == arm].pivot(index="seed", columns=["set", "image"], values=metric).to_numpy() - 1
    tables = []
    for name in (arm, reference):
        rows = scores[scores.arm == name]
        if rows.empty:
            raise StudyError(f"There are no scores for {name!r}; score it first.")
        tables.append(rows.pivot(index="seed", columns=["set", "image"], values=metric))
    a, b = tables
    if not a.columns.sort_values().equals(b.columns.sort_values()):
        raise StudyError(f"{arm} and {reference} were scored on different images; score both on the same sets.")
    b = b[a.columns]
    if list(a.index) != list(b.index) and -1 not in (*a.index, *b.index):
        raise StudyError(f"{arm} and {reference} were trained with different seeds; train both with the same.")
    return a.to_numpy() - b.to_numpy()


def compare(scores: pd.DataFrame, reference: str, metric: str = "psnr") -> pd.DataFrame:
    """Each arm against the reference: mean score, mean difference, and its 95 % interval, indexed by arm."""
    rows = {}
    for arm in dict.fromkeys(scores.arm):
        mean, low, high = interval(differences(scores, arm, reference, metric))
        value = scores.loc[scores.arm == arm, metric].mean()
        rows[arm] = {metric: value, "difference": mean, "low": low, "high": high}
    return pd.DataFrame.from_dict(rows, orient="index")


def table(scores: pd.DataFrame, metric: str = "psnr") -> pd.DataFrame:
    """Arms × sets: the mean over images and seeds."""
    means = scores.pivot_table(index="arm", columns="set", values=metric, sort=False)
    return means.loc[list(dict.fromkeys(scores.arm)), list(dict.fromkeys(scores["set"]))]


def verdict(low: float, high: float, expect: str, margin: float = MARGIN) -> str:
    """What an interval says of an expectation: "holds", "does not hold" or "undecided".

    `expect` is "more" (the interval lies above 0), "less" (below 0) or "same" (inside ±margin; this is the two
    one-sided tests of Schuirmann, 1987, at the interval's level). The opposite must be as clear to be refused.
    """
    if expect == "less":
        return verdict(-high, -low, "more")
    if expect == "same":
        inside, outside = -margin < low and high < margin, low > margin or high < -margin
    else:
        inside, outside = low > 0, high < 0
    return "holds" if inside else "does not hold" if outside else "undecided"


@dataclass(frozen=True)
class Claim:
    """One row of the table: in `study`, `arm` is expected to have "more", "less" or the "same" `metric` as `reference`.

    The reference "hr" stands for HR itself, whose sharpness is 1. `features` marks claims about trained VGG features.
    """

    study: int
    text: str
    arm: str
    reference: str
    expect: str
    metric: str = "psnr"
    features: bool = False


CLAIMS = (
    Claim(1, "SRCNN beats bilinear", "srcnn", "bilinear", "more"),
    Claim(1, "SRCNN beats bicubic", "srcnn", "bicubic", "more"),
    Claim(1, "SR has less high-frequency power than HR", "srcnn", "hr", "less", "sharpness"),
    Claim(2, "pre beats progressive", "pre_upsampling", "progressive_upsampling", "more"),
    Claim(2, "progressive beats iterative", "progressive_upsampling", "iterative_upsampling", "more"),
    Claim(2, "iterative beats post", "iterative_upsampling", "post_upsampling", "more"),
    Claim(2, "pre beats the baseline", "pre_upsampling", "srcnn", "more"),
    Claim(2, "post beats the baseline", "post_upsampling", "srcnn", "more"),
    Claim(3, "residual beats the baseline", "residual", "srcnn", "more"),
    Claim(3, "inception beats the baseline", "inception", "srcnn", "more"),
    Claim(3, "residual beats its control, pre-upsampling", "residual", "pre_upsampling", "more"),
    Claim(3, "inception beats its control, pre-upsampling", "inception", "pre_upsampling", "more"),
    Claim(3, "residual and inception end alike", "residual", "inception", "same"),
    Claim(4, "MAE has lower PSNR than MSE", "srcnn mae", "srcnn", "less"),
    Claim(4, "perceptual loss lowers PSNR", "srcnn perceptual", "srcnn", "less", features=True),
    Claim(4, "perceptual loss adds high frequencies", "srcnn perceptual", "srcnn", "more", "sharpness", features=True),
    Claim(5, "edge enhancement before the network changes nothing", "srcnn_edge_input", "srcnn", "same"),
    Claim(5, "edge enhancement after the network sharpens", "srcnn enhanced 1", "srcnn", "more", "sharpness"),
    Claim(5, "at full strength it costs PSNR", "srcnn enhanced 1", "srcnn", "less"),
    Claim(5, "at a tenth of the strength it costs PSNR", "srcnn enhanced 0.1", "srcnn", "less"),
    Claim(6, "the combined model beats the baseline", "combined", "srcnn", "more"),
    Claim(6, "the combined model beats residual", "combined", "residual", "more"),
)
UNITS = {"psnr": "dB", "ssim": "", "sharpness": "of HR's"}


def claims(study: int, *scores: pd.DataFrame, features_trained: bool = True) -> list[dict]:
    """The claims of a study as rows: text, effect (mean paired difference), interval, what it covers, and verdict.

    With random VGG features the claims about trained ones get the verdict "not testable here".
    """
    frame = pd.concat(scores, ignore_index=True)
    rows = []
    for c in (c for c in CLAIMS if c.study == study):
        paired = differences(frame, c.arm, c.reference, c.metric)
        mean, low, high = interval(paired)
        reached = (
            verdict(low, high, c.expect)
            if features_trained or not c.features
            else "not testable here (random VGG features)"
        )
        row = {"study": study, "claim": c.text, "effect": mean, "low": low, "high": high, "unit": UNITS[c.metric]}
        covers = "images only" if len(paired) == 1 else "seeds and images"
        expected = {"more": "> 0", "less": "< 0", "same": f"within ±{MARGIN:g}"}[c.expect]
        rows.append(row | {"covers": covers, "expected": expected, "verdict": reached})
    return rows


def sentences(claims: list[dict]) -> str:
    """Markdown, one line per claim: text, verdict, effect and interval. The words follow the verdict."""
    return "\n".join(
        f"- **{c['verdict']}** · {c['claim']}: {c['effect']:+.3f} {c['unit']}, "
        f"95 % interval {c['low']:+.3f} … {c['high']:+.3f} ({c['covers']})"
        for c in claims
    )


def share_of_fall(history: pd.Series, epoch: int) -> float:
    """Share of a loss's whole fall that is done after `epoch`: 0 at the first epoch, 1 at the last."""
    first, last = history.iloc[0], history.iloc[-1]
    return float((first - history.loc[epoch]) / (first - last))


def epochs_to(history: pd.Series, share: float = 0.95) -> int:
    """The first epoch by which a loss has done that share of its own whole fall."""
    first, last = history.iloc[0], history.iloc[-1]
    return int(history.index[history <= first - share * (first - last)][0])


def learning(runs) -> pd.DataFrame:
    """Per arm, means over seeds: final validation MSE, and epochs to 95 % of its own fall."""
    rows = {}
    for run in runs:
        mse = run.history["val_mse"]
        rows.setdefault(run.label, []).append(
            {"final validation MSE": mse.iloc[-1], "epochs to 95 % of its fall": epochs_to(mse)}
        )
    return pd.DataFrame({label: pd.DataFrame(r).mean() for label, r in rows.items()}).T
