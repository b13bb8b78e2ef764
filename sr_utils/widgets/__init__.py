"""The crop comparer, for pictures at hand and for a reader's own photograph, and the blind comparison."""

from sr_utils.widgets.blind import blind
from sr_utils.widgets.comparer import Comparer, compare, compare_arms
from sr_utils.widgets.photograph import upload

__all__ = ["Comparer", "blind", "compare", "compare_arms", "upload"]
