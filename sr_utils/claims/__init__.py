"""From scores to statements: intervals and p-values, the table of claims, and verdicts."""

from sr_utils.claims.judging import judge
from sr_utils.claims.observations import curves, learning
from sr_utils.claims.replication import evidence
from sr_utils.claims.table import CLAIMS, PUBLISHED

__all__ = ["CLAIMS", "PUBLISHED", "curves", "evidence", "judge", "learning"]
