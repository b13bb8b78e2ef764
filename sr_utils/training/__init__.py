"""Training: from a configuration to a run: trained once, kept, resumed if it was interrupted; or recorded."""

from sr_utils.training.recorded import Recorded, recorded
from sr_utils.training.runs import Run, pictured, study, train, train_all, validation_crops

__all__ = ["Recorded", "Run", "pictured", "recorded", "study", "train", "train_all", "validation_crops"]
