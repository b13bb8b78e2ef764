"""The networks: their layers, the table of arms, and the trained weights that come with the study."""

from sr_utils.models.arms import ARMS, MODELS, STUDY
from sr_utils.models.building import build, cost
from sr_utils.models.pretrained import load

__all__ = ["ARMS", "MODELS", "STUDY", "build", "cost", "load"]
