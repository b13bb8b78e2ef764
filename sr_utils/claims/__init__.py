"""From scores to statements: intervals and p-values, the table of claims, verdicts, and the record of a run."""

from sr_utils.claims.checks import margins, power, robustness, survivors, turned
from sr_utils.claims.derived import curves, learning
from sr_utils.claims.judging import judge
from sr_utils.claims.table import CLAIMS

__all__ = ["CLAIMS", "curves", "judge", "learning", "margins", "power", "robustness", "survivors", "turned"]
