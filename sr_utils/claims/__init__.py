"""From scores to statements: intervals and p-values, the table of claims, and the record of a run."""

from sr_utils.claims.table import CLAIMS, judge, sentences

__all__ = ["CLAIMS", "judge", "sentences"]
