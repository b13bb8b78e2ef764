"""Checkpoints after every epoch, and the files of a complete run: each is written whole or not at all."""

import contextlib
import errno
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
from filelock import FileLock, Timeout
from tqdm import tqdm

from sr_utils import StudyError, device, paths
from sr_utils.device import keras
from sr_utils.models.arms import label
from sr_utils.paths import replace

#: The files of a complete run. run.json is written last, so its presence means that the run is complete.
FILES = ("history.csv", "final.weights.h5", "run.json")


@contextlib.contextmanager
def alone(folder: Path):
    """Lock a run's folder: only one process writes it, and another one prints a line and waits.

    Raises `StudyError` if the folder cannot be written, or the disk fills up.
    """
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"Another process is training {folder.name}; waiting for it.", flush=True)
            lock.acquire()
        yield
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be written ({error.strerror or error}); free space, or set SR_RUNS to another folder."
        ) from None
    finally:
        lock.release()


def complete(folder: Path) -> bool:
    """Whether the folder holds a complete run. A run with an altered or missing file is named and moved aside."""
    if not (folder / "run.json").exists():
        return False
    try:
        record = json.loads((folder / "run.json").read_text())
        whole = all(record["sha256"][name] == pooch.file_hash(str(folder / name)) for name in FILES[:-1])
    except (OSError, ValueError, LookupError, TypeError):
        whole = False
    if not whole:
        print(f"{folder.name} is damaged; moved aside, and trained again.")
        paths.move_aside(folder)
    return whole


class Keeper(keras.callbacks.Callback):
    """Shows a progress bar, and writes a checkpoint after each epoch."""

    def __init__(self, folder: Path, config: dict, profile):
        super().__init__()
        self.folder, self.config, self.profile = folder, config, profile
        self.rows, self.seconds = [], []

    def resume(self, model) -> int:
        """Load the newest intact checkpoint and return its number of epochs; damaged ones are named.

        Later checkpoints hold this model's weights, also if another model wraps it for training.
        """
        self.network = model
        for record in sorted(self.folder.glob("epoch-*.json"), reverse=True):
            weights = record.with_suffix(".weights.h5")
            try:
                kept = json.loads(record.read_text())
                if kept["sha256"] == pooch.file_hash(str(weights)):
                    model.load_weights(weights)
                    self.rows = kept["rows"]
                    break
            except (OSError, ValueError, KeyError):
                pass
            print(f"{self.folder.name}: the checkpoint {record.stem} is damaged; going on from the one before.")
        return len(self.rows)

    def on_train_begin(self, logs=None):
        name = f"{label(self.config['arm'], self.config['loss'])} · seed {self.config['seed']}"
        done = len(self.rows) * self.profile.steps
        self.bar = tqdm(total=self.profile.total_steps, initial=done, desc=name, unit="step", ncols=100, mininterval=1)

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.profile.steps // self.params["steps"] * self.model.steps_per_execution)

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)
        self.rows.append({"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}})
        self.bar.set_postfix(loss=f"{logs['val_loss']:.4g}")
        weights = self.folder / f"epoch-{epoch + 1:04}.weights.h5"
        save_weights(self.network, weights)
        kept = json.dumps({"sha256": pooch.file_hash(str(weights)), "rows": self.rows})
        replace(weights.with_suffix("").with_suffix(".json"), lambda path: path.write_text(kept))
        for file in self.folder.glob("epoch-*"):
            if int(file.name[len("epoch-") :].partition(".")[0]) < epoch:  # the last two stay
                file.unlink()

    def on_train_end(self, logs=None):
        self.bar.close()

    def finish(self, model) -> None:
        """Write the trained weights without the optimizer, then run.json, which completes the run."""
        model.optimizer = None
        replace(self.folder / "history.csv", lambda path: pd.DataFrame(self.rows).to_csv(path, index=False))
        save_weights(model, self.folder / "final.weights.h5")
        per_step = float(np.median(self.seconds) / self.profile.steps) if self.seconds else None
        record = {
            "config": self.config,
            "sha256": {name: pooch.file_hash(str(self.folder / name)) for name in FILES[:-1]},
            "host": {"seconds_per_step": per_step, "versions": device.versions()},
        }
        replace(self.folder / "run.json", lambda path: path.write_text(json.dumps(record, indent=1)))
        tidy(self.folder)


def tidy(folder: Path) -> None:
    """Remove the checkpoints of a complete run, and temporary files of killed processes."""
    for left in [*folder.glob("epoch-*"), *folder.glob(".*")]:
        left.unlink()


def save_weights(model, path: Path) -> None:
    """Write the model's weights, and the optimizer's state if it has one, by `paths.replace`.

    Raises `OSError` if the disk has no room: HDF5 can abort the process when a disk fills up, so that the free space
    is checked first. Adam keeps two moments, so that a weight takes at most 12 bytes.
    """
    if shutil.disk_usage(path.parent).free < 12 * model.count_params() + 2**20:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    replace(path, model.save_weights)
