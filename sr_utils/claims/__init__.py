"""From scores to statements: intervals and p-values, the table of claims, verdicts, and the record of a run."""

from sr_utils.claims.checks import margins, power, robustness, survivors, turned
from sr_utils.claims.judging import judge
from sr_utils.claims.observations import FRESH, at_paper, curves, learning, split
from sr_utils.claims.table import CLAIMS, registered

__all__ = [
    "CLAIMS",
    "FRESH",
    "at_paper",
    "curves",
    "judge",
    "learning",
    "margins",
    "power",
    "registered",
    "robustness",
    "split",
    "survivors",
    "turned",
]
