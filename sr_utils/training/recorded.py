"""Trained runs: those in this machine's store, and those of the record, trained once on whatever machine."""

import functools
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import pooch

from sr_utils import StudyError, losses, models, profiles
from sr_utils import record as records
from sr_utils.device import keras
from sr_utils.models.arms import label
from sr_utils.training.configuration import todays_recipe


@dataclass(eq=False)
class Run:
    """A trained arm, with its `.model`, `.label` and `.cost`."""

    config: dict
    host: dict  # versions and speed
    history: pd.DataFrame  # a row per epoch
    folder: Path | None = None  # where this machine keeps it
    row: pd.Series | None = None  # its row in the record, if it comes from there

    @property
    def label(self) -> str:
        return label(self.config["arm"], self.config["loss"])

    @property
    def cost(self) -> dict:
        """{"parameters", "macs"}, as `models.cost` returns them."""
        if self.row is None:
            return models.cost(self.model)
        return {"parameters": int(self.row.parameters), "macs": self.row.macs}

    @functools.cached_property
    def model(self) -> keras.Model:
        """The trained network. Raises `StudyError` where the record does not keep its weights (in float16)."""
        model, row = models.build(self.config["arm"]), self.row
        file = self.folder / "final.weights.h5" if row is None else records.weights(row)
        if file is None:
            raise StudyError(f"The record keeps no weights of {row.arm} {row.loss} with this seed; set record=False.")
        if row is not None and (not file.exists() or pooch.file_hash(str(file)) != row.weights):
            raise StudyError(f"{file} is not the file that was recorded; restore it: git checkout -- {file}")
        model.load_weights(file)
        return model


def read(folder: Path) -> Run:
    """The complete run in a folder."""
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return Run(told["config"], told["host"], pd.read_csv(folder / "history.csv", index_col="epoch"), folder)


def from_record(arm: str, seed: int, profile, data: str, loss: str = "mse") -> Run | None:
    """The record's run, or None where it has none, or one of another code (`stale`)."""
    if not isinstance(profile, str):
        return None
    kept = records.runs(profiles.get(profile).name, data).query("arm == @arm and loss == @loss and seed == @seed")
    if kept.empty or stale(row := kept.iloc[0]):
        return None
    config = row[["arm", "loss", "seed", "data", "rate", "images"]].to_dict()
    config |= {"profile": asdict(profiles.get(profile)), "features": row.features or None}
    words = {short: word for word, short in records.SHORT.items()}
    config |= {part: words.get(each, each) for part, each in zip(records.SETUP, row.platform.split(), strict=True)}
    history = records.rows("curves", row).set_index("epoch").drop(columns=["arm", "seed"])
    history = history.rename(columns={"train_loss": "loss", "train_mse": "mse"})
    return Run(config, {"seconds_per_step": row.seconds / row.steps, "versions": row.versions}, history, row=row)


def stale(row: pd.Series) -> bool:
    """Whether today's network, loss, schedule or batches differ from those that a row of `runs` was trained with."""
    known = row.arm in models.MODELS and row.loss in losses.LOSSES and row.profile in profiles.PROFILES
    return not known or _recipe(row.arm, row.loss, row.profile, row.platform.split()[1]) != row.recipe


_recipe = functools.cache(todays_recipe)
