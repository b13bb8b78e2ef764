"""Every figure and table that several pages share: drawn from arrays and tables, in one style. No network runs here.

A drawing function returns a Matplotlib figure with a title that says what is to be seen and an alt text; `save` writes
it and returns the picture for the page. What one page draws alone stands on that page.
"""

from sr_utils.plots.charts import loss_curves
from sr_utils.plots.diagrams import network_diagram
from sr_utils.plots.intervals import effects
from sr_utils.plots.pictures import crops, whole
from sr_utils.plots.style import caption, name, picture_name, save, steps, styled
from sr_utils.plots.tables import claim_table, coloured, cost_table, folded, score_table, source, table, text

__all__ = [
    "caption", "claim_table", "coloured", "cost_table", "crops", "effects", "folded", "loss_curves", "name",
    "network_diagram", "picture_name", "save", "score_table", "source", "steps", "styled", "table", "text", "whole",
]  # fmt: skip
