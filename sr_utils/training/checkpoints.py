"""A checkpoint after every epoch, and the files of a complete run: each is written whole or not at all."""

import contextlib
import errno
import json
import os
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pooch
from filelock import FileLock, Timeout

from sr_utils import StudyError, device, paths
from sr_utils.device import keras

#: The files of a complete run. run.json is written last, so its presence means that the run is complete.
FILES = ("history.csv", "final.weights.h5", "run.json")
CHECKPOINT = "checkpoint.weights.h5"  # the newest epoch's weights, the optimizer's state, and "rows": the history


@contextlib.contextmanager
def lock(folder: Path, doing: str = "training", advice: str = "or set SR_RUNS to another folder"):
    """Lock a folder: one process writes it, others say what that is `doing`, and wait. Raises `StudyError` for a full
    disk, with `advice`."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        file = FileLock(folder.with_name(f".{folder.name}.lock"))
        try:
            held = file.acquire(timeout=0)
        except Timeout:
            print(f"Another process is {doing} {folder.name}; waiting for it.", flush=True)
            held = file.acquire()
        with held:
            yield
    except OSError as error:
        why = f"{folder} cannot be written ({error.strerror or error})"
        raise StudyError(f"{why}; free space, {advice}.") from None


def complete(folder: Path) -> bool:
    """Whether the folder holds a complete run. A run with an altered or missing file is named and moved aside."""
    if not (folder / "run.json").exists():
        return False
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        if json.loads((folder / "run.json").read_text(encoding="utf-8"))["sha256"] == _digests(folder):
            return True
    print(f"{folder.name} is damaged; moved aside, and trained again.")
    paths.move_aside(folder)
    return False


def _digests(folder: Path) -> dict:
    return {name: pooch.file_hash(str(folder / name)) for name in FILES[:-1]}


class Checkpointer(keras.callbacks.Callback):
    """Writes a checkpoint after each epoch: the weights of `network`, also if another model wraps it for training."""

    def __init__(self, folder: Path, config: dict, network):
        super().__init__()
        self.folder, self.config, self.network = folder, config, network
        self.rows, self.seconds = [], []

    def resume(self) -> int:
        """Load the checkpoint, if there is one, and return its number of epochs. Raises `StudyError` if damaged."""
        file = self.folder / CHECKPOINT
        if file.exists():
            try:
                with h5py.File(file) as content:
                    self.rows = json.loads(content["rows"][()])
                self.network.load_weights(file)
            except (OSError, ValueError, KeyError) as error:
                raise StudyError(f"{file} is damaged ({error}); remove it, and the training begins again.") from None
        return len(self.rows)

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)
        self.rows.append({"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}})
        save_weights(self.network, self.folder / CHECKPOINT, self.rows)

    def finish(self) -> None:
        """Write the trained weights without the optimizer, then run.json, which completes the run."""
        self.network.optimizer = None
        paths.replace(self.folder / "history.csv", lambda path: pd.DataFrame(self.rows).to_csv(path, index=False))
        save_weights(self.network, self.folder / "final.weights.h5")
        per_step = float(np.median(self.seconds) / self.config["profile"]["steps"]) if self.seconds else None
        machine = {"processor": device.processor(), "cores": device.cores(), "versions": device.versions()}
        host = {"seconds_per_step": per_step} | machine
        record = json.dumps({"config": self.config, "sha256": _digests(self.folder), "host": host}, indent=1)
        paths.replace(self.folder / "run.json", lambda path: path.write_text(record, encoding="utf-8"))
        tidy(self.folder)


def tidy(folder: Path) -> None:
    """Remove the checkpoint of a complete run, and temporary files of killed processes."""
    for left in [folder / CHECKPOINT, *folder.glob(".*")]:
        left.unlink(missing_ok=True)


def save_weights(model, path: Path, rows: list | None = None) -> None:
    """Write the model's weights, the optimizer's state if it has one, and the rows if given, by `paths.replace`."""
    if shutil.disk_usage(path.parent).free < 12 * model.count_params() + 2**20:  # a weight and Adam's two moments
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # before HDF5 aborts the process

    def write(scratch):
        model.save_weights(scratch)
        if rows is not None:
            with h5py.File(scratch, "a") as content:
                content["rows"] = json.dumps(rows)

    paths.replace(path, write)
