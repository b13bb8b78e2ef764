"""The record's runs: what was trained once, on whatever machine, and measured there."""

import functools
from dataclasses import asdict

import pandas as pd
import pooch

from sr_utils import StudyError, losses, models, profiles
from sr_utils import record as records
from sr_utils.device import keras
from sr_utils.models.arms import label
from sr_utils.training.configuration import todays_recipe


class Recorded:
    """A run of the record, with the attributes of `Run` but for `folder`, and what was measured of it."""

    def __init__(self, row: pd.Series):
        self.row = row
        self.label, self.cost = label(row.arm, row.loss), {"parameters": int(row.parameters), "macs": row.macs}
        backend, device, precision = row.platform.split()
        self.config = row[["arm", "loss", "seed", "data", "rate", "images"]].to_dict() | {
            "profile": asdict(profiles.get(row.profile)), "features": row.features or None,
            "backend": backend, "device": device, "precision": precision,
        }  # fmt: skip
        self.host = {"seconds_per_step": row.seconds / row.steps, "versions": row.versions}

    @functools.cached_property
    def history(self) -> pd.DataFrame:
        """A row per epoch, as Keras names its columns."""
        names = {"train_loss": "loss", "train_mse": "mse"}
        return self.measured("curves").set_index("epoch").rename(columns=names).drop(columns=["arm", "seed"])

    @functools.cached_property
    def model(self) -> keras.Model:
        """The trained network, in float16's precision. Raises `StudyError` where its weights are not in the record."""
        path, again = records.weights(self.row), "train it with record=False"
        if path is None:
            raise StudyError(f"The record keeps no weights of {self.label} with seed {self.row.seed}; {again}.")
        if not path.exists() or pooch.file_hash(str(path)) != self.row.weights:
            raise StudyError(f"{path} is not the file that was recorded; restore it: git checkout -- {path}")
        model = models.build(self.row.arm)
        model.load_weights(path)
        return model

    def measured(self, table: str) -> pd.DataFrame:
        """The rows of a table of the record for this run, as `records.rows` returns them."""
        return records.rows(table, self.row)


def from_record(arm: str, seed: int, profile, data: str, loss: str = "mse") -> Recorded | None:
    """The record's run, or None where it has none, or one of another code (`stale`)."""
    row = records.row(arm, loss, seed, profiles.get(profile).name, data) if isinstance(profile, str) else None
    return None if row is None or stale(row) else Recorded(row)


def stale(row: pd.Series) -> bool:
    """Whether today's network, loss, schedule or batches differ from those that a row of `runs` was trained with."""
    known = row.arm in models.MODELS and row.loss in losses.LOSSES and row.profile in profiles.PROFILES
    return not known or _recipe(row.arm, row.loss, row.profile, row.platform.split()[1]) != row.recipe


_recipe = functools.cache(todays_recipe)
