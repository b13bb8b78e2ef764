"""The crop comparer, for pictures at hand and for a reader's own photograph."""

from sr_utils.widgets.comparer import compare, compare_arms
from sr_utils.widgets.photograph import upload

__all__ = ["compare", "compare_arms", "upload"]
