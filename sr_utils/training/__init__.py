"""Training: from a configuration to a run that is trained once, kept, and resumed if it was interrupted."""

from sr_utils.training.runs import Run, study, train, validation_crops

__all__ = ["Run", "study", "train", "validation_crops"]
