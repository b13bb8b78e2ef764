"""From a configuration to a trained run: train once, keep, resume."""

from sr_utils.training.runs import Run, study, train

__all__ = ["Run", "study", "train"]
