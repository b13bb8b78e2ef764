"""From a configuration to a trained run: train once, keep, resume."""

from sr_utils.training.runs import Run, study, train, validation_crops

__all__ = ["Run", "study", "train", "validation_crops"]
