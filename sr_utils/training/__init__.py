"""Training: from a configuration to a run: trained once, kept, resumed if it was interrupted; or recorded."""

from sr_utils.training.recorded import Run, from_record
from sr_utils.training.runs import pictured, study, train, train_all, validation_crops

__all__ = ["Run", "from_record", "pictured", "study", "train", "train_all", "validation_crops"]
