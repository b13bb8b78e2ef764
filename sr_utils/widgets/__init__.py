"""The crop comparer."""

from sr_utils.widgets.comparer import compare, compare_arms

__all__ = ["compare", "compare_arms"]
