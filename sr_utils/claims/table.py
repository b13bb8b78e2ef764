"""The study's claims: one table of what is expected of whom against which control, and one function that judges it."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils import StudyError
from sr_utils.claims import statistics as evidence
from sr_utils.claims.statistics import signed, span

UNITS = {
    "psnr": "dB",
    "loss": "grey levels²",
    "sharpness": "of HR's",
    "gmsd": "GMSD",
    "epochs": "epochs",
    "area": "grey levels²",
    "first_fifth": "of the fall",
    "last_two_fifths": "of the fall",
    "response": "dB of gain",
}
MARGIN = 0.1  # dB; a smaller difference of PSNR counts as none


@dataclass(frozen=True)
class Claim:
    """In `metric`, `arm` is expected to have "more" or "less" than `reference`, or the "same" within ±`margin`.

    Attributes
    ----------
    number : which of the study's claims this belongs to; a claim can have several rows, lettered in order.
    study : the notebook that asks it.
    reference : an arm, or a number.
    metric : the estimator, a column of the observations (see `UNITS`): "psnr", "sharpness" and "gmsd" per image,
        "loss" (final MSE) per validation crop, "epochs" (to 95 % of the arm's own fall of the validation loss), "area"
        (under that curve, over the schedule's length), "first_fifth" and "last_two_fifths" (shares of that fall) and
        "response" (of the network to a fine ripple).
    control : whether the row exists to rule out another explanation of the claim.
    """

    number: int
    study: int
    text: str
    arm: str
    reference: str | float
    expect: str
    metric: str = "psnr"
    margin: float = 0.0
    control: bool = False
    id: str = ""


PLACES = {
    "pre": "pre_upsampling",
    "progressive": "progressive_upsampling",
    "iterative": "iterative_upsampling",
    "post": "post_upsampling",
}  # in the original study's order, best first

#: From SRCNN to the combined model, one change at a time: (arm, the arm before it, what was changed).
LADDER = (
    ("post_upsampling", "srcnn", "moving every convolution to LR size"),
    ("post_skip", "post_upsampling", "adding the bilinear image at the end"),
    ("combined", "post_skip", "residual blocks for two large convolutions"),
    ("combined mae", "combined", "the absolute for the squared error"),
)


def between(a: str, b: str) -> str:
    """The name under which observations hold what two arms have in common."""
    return f"{a} ~ {b}"


def _table():
    c = Claim  # short, so that a claim is a line

    yield c(1, 1, "SRCNN beats bilinear", "srcnn", "bilinear", "more")
    yield c(1, 1, "SRCNN beats bicubic", "srcnn", "bicubic", "more")
    yield c(2, 1, "more than half of the loss's fall is in the first fifth", "srcnn", 0.5, "more", "first_fifth")
    yield c(2, 1, "less than 5 % of it is left after three fifths", "srcnn", 0.05, "less", "last_two_fifths")
    yield c(3, 1, "SR has less high-frequency power than HR", "srcnn", 1.0, "less", "sharpness")
    for a, b in combinations(PLACES, 2):
        yield c(4, 2, f"{a} ends lower than {b}", PLACES[a], PLACES[b], "less", "loss")
    for metric, words in (("epochs", "needs fewer epochs than"), ("area", "has less area under its curve than")):
        for other in ("progressive", "iterative", "post"):
            yield c(5, 2, f"pre {words} {other}", PLACES["pre"], PLACES[other], "less", metric)
    for arm in ("residual", "inception"):
        yield c(6, 3, f"{arm} ends lower than the baseline", arm, "srcnn", "less", "loss")
        yield c(6, 3, f"{arm} needs fewer epochs than the baseline", arm, "srcnn", "less", "epochs")
        yield c(6, 3, f"{arm} has less area under its curve than the baseline", arm, "srcnn", "less", "area")
        yield c(6, 3, f"{arm} beats the baseline", arm, "srcnn", "more")
    yield c(6, 3, "the learnt up-sampler alone beats the baseline", PLACES["pre"], "srcnn", "more", control=True)
    for arm in ("residual", "inception"):
        yield c(6, 3, f"{arm} beats the same up-sampler with SRCNN", arm, PLACES["pre"], "more", control=True)
        yield c(6, 3, f"{arm} at that network's cost still beats it", f"{arm}_as_pre", PLACES["pre"], "more",
                control=True)  # fmt: skip
    yield c(7, 3, "residual and inception end alike", "residual", "inception", "same", margin=MARGIN)
    for a, b in combinations(PLACES, 2):
        yield c(8, 2, f"{a} and {b} score alike", PLACES[a], PLACES[b], "same", margin=MARGIN)
    for a, b in combinations(PLACES, 2):
        pair = between(PLACES[a], PLACES[b])
        yield c(8, 2, f"{a} and {b} are nearer to each other than to HR", pair, PLACES[a], "more")
    perceptual, control = "srcnn perceptual", "srcnn perceptual_random"
    yield c(9, 4, "MAE has lower PSNR than MSE", "srcnn mae", "srcnn", "less")
    yield c(9, 4, "the perceptual loss has lower PSNR than MSE", perceptual, "srcnn", "less")
    yield c(9, 4, "the perceptual loss has lower PSNR than MAE", perceptual, "srcnn mae", "less")
    yield c(9, 4, "the perceptual loss has more high frequencies than MSE", perceptual, "srcnn", "more", "sharpness")
    yield c(
        9, 4, "the perceptual loss has more high frequencies than MAE", perceptual, "srcnn mae", "more", "sharpness"
    )
    yield c(9, 4, "random features add high frequencies too", control, "srcnn", "more", "sharpness", control=True)
    yield c(9, 4, "trained features add more of them than random ones", perceptual, control, "more", "sharpness",
            control=True)  # fmt: skip
    yield c(9, 4, "trained features come perceptually nearer than random ones", perceptual, control, "less", "gmsd",
            control=True)  # fmt: skip
    edge = "edge enhancement before the network"
    yield c(10, 5, f"{edge} changes nothing", "srcnn_edge_input", "srcnn", "same", margin=MARGIN)
    yield c(10, 5, "the network undoes that filter: its gain is the baseline's",
            "srcnn_edge_input", "srcnn", "same", "response", margin=1.0, control=True)  # fmt: skip
    for arm, words in (("srcnn", "the network"), ("bicubic", "bicubic")):
        control = arm == "bicubic"
        yield c(11, 5, f"edge enhancement after {words} sharpens", f"{arm} enhanced 1", arm, "more", "sharpness",
                control=control)  # fmt: skip
        for strength, how in (("1", "full strength"), ("0.1", "a tenth of the strength")):
            yield c(11, 5, f"after {words}, at {how}, it costs PSNR", f"{arm} enhanced {strength}", arm, "less",
                    control=control)  # fmt: skip
    yield c(12, 6, "the combined model beats the baseline", "combined", "srcnn", "more")
    yield c(12, 6, "the combined model beats residual", "combined", "residual", "more")
    for arm, before, words in LADDER:
        yield c(12, 6, f"{words} raises PSNR", arm, before, "more")


def _lettered(claims):
    seen = {}
    for claim in claims:
        seen[claim.number] = seen.get(claim.number, -1) + 1
        yield replace(claim, id=f"{claim.number}{chr(97 + seen[claim.number])}")


CLAIMS = tuple(_lettered(_table()))


def judge(*observations: pd.DataFrame, study: int | None = None) -> pd.DataFrame:
    """Every claim (of one study, or of all) with its effect, interval and verdicts: a row per claim, indexed by id.

    Parameters
    ----------
    observations : tables with the columns `arm`, `seed`, `set`, `image` and one per metric.
    study : the notebook whose claims are wanted. Holm's correction (`corrected`, `p_holm`) is over the rows returned,
        so the whole family is corrected only where all are judged, in notebook 06.

    A claim that these observations cannot test gets the verdict "not testable here" and the reason, never a guess.
    """
    seen = pd.concat(observations, ignore_index=True)
    rows = {c.id: _judge_one(c, seen) for c in CLAIMS if study in (None, c.study)}
    table = pd.DataFrame.from_dict(rows, orient="index")
    tested = table.p.notna()
    table["p_holm"] = np.nan
    table.loc[tested, "p_holm"] = evidence.holm(table.p[tested])
    table["corrected"] = table.verdict.where(~tested | (table.p_holm < 1 - evidence.LEVEL), "undecided")
    return table


def _judge_one(c: Claim, seen: pd.DataFrame) -> dict:
    row = {
        "number": c.number,
        "study": c.study,
        "claim": c.text,
        "control": c.control,
        "expected": {"more": "> 0", "less": "< 0", "same": f"within ±{c.margin:g}"}[c.expect],
        "unit": UNITS[c.metric],
        "metric": c.metric,
        "effect": np.nan, "low": np.nan, "high": np.nan, "p": np.nan, "covers": "", "why": "",
        "verdict": "not testable here",
    }  # fmt: skip
    for arm in (c.arm, c.reference):
        if isinstance(arm, str) and arm not in set(seen.arm):
            return row | {"why": f"{arm} was not run"}
    paired = evidence.differences(seen, c.arm, c.reference, c.metric)
    row["effect"] = float(paired.mean())
    try:
        means = evidence.resampled_means(paired)
    except StudyError:
        if not np.isfinite(paired).all():
            raise
        return row | {"why": "one seed gives no interval"}
    low, high = evidence.ends(means)
    seeds, units = paired.shape
    covers = "seeds" if units == 1 else "images only" if seeds == 1 else "seeds and images"
    return row | {
        "low": low,
        "high": high,
        "covers": covers.replace("images", "crops") if c.metric == "loss" else covers,
        "p": evidence.p_value(means, c.expect, c.margin),
        "verdict": evidence.verdict(low, high, c.expect, c.margin),
    }


SAID = {"holds": "holds", "does not hold": "does not hold", "undecided": "is undecided"}


def sentences(table: pd.DataFrame) -> str:
    """Markdown, one line per claim, made from its verdicts: a verdict that flips changes the words."""
    lines = []
    for id, row in table.iterrows():
        if row.verdict not in SAID:
            lines.append(f"- **{id}** {row.claim}: not testable here, since {row.why}.")
            continue
        corrected = "" if row.corrected == row.verdict else ", undecided after Holm's correction"
        lines.append(
            f"- **{id}** *{row.claim}* **{SAID[row.verdict]}**{corrected}: {signed(row.effect)} {row.unit}, "
            f"95 % interval {span(row.low, row.high)} over {row.covers}."
        )
    return "\n".join(lines)
