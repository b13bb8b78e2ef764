"""Every figure and table of the notebooks: drawn from arrays and tables, in one style. No network runs here.

A drawing function returns a Matplotlib figure with a title that says what is to be seen and an alt text; `save` writes
it and returns the picture for the page.
"""

from sr_utils.plots.artefacts import grid_artefact
from sr_utils.plots.charts import filter_gain, loss_curves, ripple_response, strength_curves
from sr_utils.plots.diagrams import network_diagram, study_diagram
from sr_utils.plots.intervals import design, effects, forest, stairs
from sr_utils.plots.pictures import crops, error_maps, training_patches
from sr_utils.plots.style import caption, name, picture_name, save
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
from sr_utils.plots.trade_offs import planes, quality_against_cost

__all__ = [
    "caption", "claim_table", "cost_table", "crops", "design", "effects", "error_maps",
    "filter_gain", "finding_table", "forest", "grid_artefact", "loss_curves", "name",
    "network_diagram", "picture_name", "planes", "quality_against_cost", "ripple_response", "save",
    "score_table", "source", "stairs", "strength_curves", "study_diagram", "text", "training_patches",
    "trial_table", "verdict_table",
]  # fmt: skip
