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
from tqdm import tqdm

from sr_utils import StudyError, device, paths
from sr_utils.device import keras
from sr_utils.models.arms import label

#: The files of a complete run. run.json is written last, so its presence means that the run is complete.
FILES = ("history.csv", "final.weights.h5", "run.json")
CHECKPOINT = "checkpoint.weights.h5"  # the newest epoch's weights, the optimizer's state, and "rows": the history


@contextlib.contextmanager
def lock(folder: Path):
    """Lock a run's folder: only one process writes it, and another one prints a line and waits.

    Raises `StudyError` if the folder cannot be written, or the disk fills up.
    """
    file = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            file.acquire(timeout=0)
        except Timeout:
            print(f"Another process is training {folder.name}; waiting for it.", flush=True)
            file.acquire()
        yield
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be written ({error.strerror or error}); free space, or set SR_RUNS to another folder."
        ) from None
    finally:
        file.release()


def complete(folder: Path) -> bool:
    """Whether the folder holds a complete run. A run with an altered or missing file is named and moved aside."""
    if not (folder / "run.json").exists():
        return False
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        whole = all(record["sha256"][name] == pooch.file_hash(str(folder / name)) for name in FILES[:-1])
    except (OSError, ValueError, LookupError, TypeError):
        whole = False
    if not whole:
        print(f"{folder.name} is damaged; moved aside, and trained again.")
        paths.move_aside(folder)
    return whole


class Checkpointer(keras.callbacks.Callback):
    """Shows a progress bar, and writes a checkpoint after each epoch.

    It holds the weights of `network`, also if another model wraps it for training.
    """

    def __init__(self, folder: Path, config: dict, profile, network):
        super().__init__()
        self.folder, self.config, self.profile, self.network = folder, config, profile, network
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
        save_weights(self.network, self.folder / CHECKPOINT, self.rows)

    def on_train_end(self, logs=None):
        self.bar.close()

    def finish(self) -> None:
        """Write the trained weights without the optimizer, then run.json, which completes the run."""
        self.network.optimizer = None
        paths.replace(self.folder / "history.csv", lambda path: pd.DataFrame(self.rows).to_csv(path, index=False))
        save_weights(self.network, self.folder / "final.weights.h5")
        per_step = float(np.median(self.seconds) / self.profile.steps) if self.seconds else None
        record = {
            "config": self.config,
            "sha256": {name: pooch.file_hash(str(self.folder / name)) for name in FILES[:-1]},
            "host": {"seconds_per_step": per_step, "processor": device.processor(), "versions": device.versions()},
        }
        paths.replace(
            self.folder / "run.json", lambda path: path.write_text(json.dumps(record, indent=1), encoding="utf-8")
        )
        tidy(self.folder)


def tidy(folder: Path) -> None:
    """Remove the checkpoint of a complete run, and temporary files of killed processes."""
    for left in [folder / CHECKPOINT, *folder.glob(".*")]:
        left.unlink(missing_ok=True)


def save_weights(model, path: Path, rows: list | None = None) -> None:
    """Write the model's weights, the optimizer's state if it has one, and the rows if given, by `paths.replace`.

    Raises `OSError` if the disk has no room: HDF5 can abort the process when a disk fills up, so that the free space
    is checked first. Adam keeps two moments, so that a weight takes at most 12 bytes.
    """
    if shutil.disk_usage(path.parent).free < 12 * model.count_params() + 2**20:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(scratch):
        model.save_weights(scratch)
        if rows is not None:
            with h5py.File(scratch, "a") as content:
                content["rows"] = json.dumps(rows)

    paths.replace(path, write)


def halve(source, target) -> None:
    """Copy a `.weights.h5` with every number as float16, compressed; Keras reads it like the original."""
    with h5py.File(source) as whole, h5py.File(target, "w") as half:

        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                half.create_dataset(name, data=item[()].astype(np.float16), compression="gzip", track_times=False)
            else:
                half.require_group(name).attrs.update(item.attrs)

        whole.visititems(copy)
