"""From scores to statements: intervals and p-values, the table of claims, and verdicts."""

from sr_utils.claims.judging import judge
from sr_utils.claims.observations import FRESH, at_paper, curves, learning, split
from sr_utils.claims.table import CLAIMS, published, registered

__all__ = ["CLAIMS", "FRESH", "at_paper", "curves", "judge", "learning", "published", "registered", "split"]
