"""The networks: their layers, the arms of the study, and the trained weights that come with it."""

from sr_utils.models.networks import MODELS, build, cost, load

__all__ = ["MODELS", "build", "cost", "load"]
