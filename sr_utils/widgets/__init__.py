"""The crop comparer and the blind comparison of two arms."""

from sr_utils.widgets.blind import blind
from sr_utils.widgets.comparer import Comparer, compare, compare_arms

__all__ = ["Comparer", "blind", "compare", "compare_arms"]
