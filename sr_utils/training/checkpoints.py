"""What survives a crash: checkpoints after every epoch, and files that are whole or absent."""

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

#: What the folder of a complete run holds; run.json, written last, declares it so.
FILES = ("history.csv", "final.weights.h5", "run.json")


@contextlib.contextmanager
def alone(folder: Path):
    """One process at a time writes a run's folder; a second one says so, waits, and then finds the run kept.

    Raises `StudyError` where the folder cannot be written, or the disk fills up.
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
    """Whether a whole run is kept there; one of which a file was altered or lost is named and moved aside."""
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
    """Progress bar, and after each epoch a checkpoint that is written beside and then renamed."""

    def __init__(self, folder: Path, config: dict, profile):
        super().__init__()
        self.folder, self.config, self.profile = folder, config, profile
        self.rows, self.seconds = [], []

    def resume(self, model) -> int:
        """Load the newest whole checkpoint and return the number of epochs that it holds; a damaged one is named.

        From then on this model's weights are kept, whichever model wraps it for training.
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
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)
        self.rows.append({"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}})
        self.bar.set_postfix(loss=f"{logs['val_loss']:.4g}")
        weights = self.folder / f"epoch-{epoch + 1:04}.weights.h5"
        save(self.network, weights)
        kept = json.dumps({"sha256": pooch.file_hash(str(weights)), "rows": self.rows})
        replace(weights.with_suffix("").with_suffix(".json"), lambda path: path.write_text(kept))
        for older in range(epoch):  # the last two stay
            self._forget(f"epoch-{older:04}")

    def _forget(self, name: str) -> None:
        for suffix in (".json", ".weights.h5"):
            (self.folder / f"{name}{suffix}").unlink(missing_ok=True)

    def on_train_end(self, logs=None):
        self.bar.close()

    def finish(self, model) -> None:
        """Keep the trained weights without the optimizer, then the record that declares the run complete."""
        model.optimizer = None
        replace(self.folder / "history.csv", lambda path: pd.DataFrame(self.rows).to_csv(path, index=False))
        save(model, self.folder / "final.weights.h5")
        record = {
            "config": self.config,
            "sha256": {name: pooch.file_hash(str(self.folder / name)) for name in FILES[:-1]},
            "host": {
                "seconds_per_step": float(np.median(self.seconds) / self.profile.steps) if self.seconds else None,
                "versions": device.versions(),
            },
        }
        replace(self.folder / "run.json", lambda path: Path(path).write_text(json.dumps(record, indent=1)))
        tidy(self.folder)


def tidy(folder: Path) -> None:
    """Remove the checkpoints of a complete run, and what a kill cut short."""
    for left in [*folder.glob("epoch-*"), *folder.glob(".*")]:
        left.unlink()


def save(model, path: Path) -> None:
    """Weights, and the optimizer's two moments where it has some, by `replace`, if the disk has room for them.

    HDF5 can end the process when a disk fills up under its hands, so it is asked before.
    """
    if shutil.disk_usage(path.parent).free < 12 * model.count_params() + 2**20:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    replace(path, model.save_weights)
