"""Every figure and table that several pages share: drawn from arrays and tables, in one style. No network runs here.

A drawing function returns a Matplotlib figure with a title that says what is to be seen and an alt text; `save` writes
it and returns the picture for the page. What one page draws alone stands on that page.
"""

from sr_utils.plots.charts import loss_curves
from sr_utils.plots.diagrams import network_diagram
from sr_utils.plots.intervals import effects, forest, stairs
from sr_utils.plots.pictures import crops, error_maps, whole
from sr_utils.plots.style import caption, name, picture_name, rename, save, steps, styled
from sr_utils.plots.tables import (
    claim_table,
    cost_table,
    finding_table,
    score_table,
    source,
    text,
    trial_table,
    verdict_table,
)  # fmt: skip
from sr_utils.plots.trade_offs import quality_against_cost

__all__ = [
    "caption", "claim_table", "cost_table", "crops", "effects", "error_maps", "finding_table", "forest",
    "loss_curves", "name", "network_diagram", "picture_name", "quality_against_cost", "rename", "save", "score_table",
    "source", "stairs", "steps", "styled", "text", "trial_table", "verdict_table", "whole",
]  # fmt: skip
