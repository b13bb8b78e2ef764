"""Sentences at the end of pages, made from what was measured, so that other numbers bring other words."""

import pandas as pd

from sr_utils.claims.phrases import change
from sr_utils.claims.statistics import differences
from sr_utils.claims.table import METRICS
from sr_utils.models.arms import ARMS

NOTE = (
    "\n\n*In brackets: 95 % intervals over seeds and images; with one seed, over images alone. "
    "Not clear: the interval contains zero.*"
)


def answer(*sentences: str) -> str:
    """Markdown: a bullet for each sentence, its first letter a capital, and what the brackets hold."""
    return "\n".join(f"- {sentence[0].upper()}{sentence[1:]}." for sentence in sentences if sentence) + NOTE


def percent(number: float) -> str:
    """A share: "57 %"."""
    return f"{100 * number:.0f} %"


def means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """The mean of each arm over seeds and images."""
    return scores.groupby("arm", sort=False)[metric].mean()


def against(scores: pd.DataFrame, reference: str, *arms: str, metric: str = "psnr") -> str:
    """Arms against another: "PSNR against SRCNN: residual +0.22 dB (+0.05 … +0.39); inception …"."""
    unit, digits = (" dB", "+.2f") if metric in ("psnr", "response") else ("", "+.4f")
    table = differences(scores[scores.arm.isin((reference, *arms))], reference, metric)
    listed = (f"{arm_name(arm)} {change(table.loc[arm], unit, digits)}" for arm in arms)
    return f"{METRICS.name[metric]} against {arm_name(reference)}: {'; '.join(listed)}"


def arm_name(label: str) -> str:
    """What figures call an arm; an interpolation by its own name."""
    return ARMS[label].name if label in ARMS else label
