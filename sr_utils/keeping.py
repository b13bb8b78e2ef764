"""What survives a crash: checkpoints after every epoch, and files that are whole or absent."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
from tqdm import tqdm

from . import backend
from .backend import keras


def label(arm: str, loss: str = "mse") -> str:
    """The arm as tables name it: `srcnn`, or `srcnn mae` for a loss other than MSE."""
    return arm if loss == "mse" else f"{arm} {loss}"


class Keeper(keras.callbacks.Callback):
    """Progress bar, and after each epoch a checkpoint that is written beside and then renamed."""

    def __init__(self, folder: Path, config: dict, profile):
        super().__init__()
        self.folder, self.config, self.profile = folder, config, profile
        self.rows, self.seconds = [], []

    def resume(self, model) -> int:
        """Load the newest checkpoint and return the number of epochs that it holds."""
        kept = sorted(self.folder.glob("epoch-*.weights.h5"))
        if kept:
            model.load_weights(kept[-1])
            done = int(kept[-1].name[6:10])
            self.rows = pd.read_csv(self.folder / "history.csv").head(done).to_dict("records")
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
        replace(self.folder / "history.csv", lambda path: pd.DataFrame(self.rows).to_csv(path, index=False))
        replace(self.folder / f"epoch-{epoch + 1:04}.weights.h5", self.model.save_weights)
        (self.folder / f"epoch-{epoch:04}.weights.h5").unlink(missing_ok=True)

    def on_train_end(self, logs=None):
        self.bar.close()

    def finish(self, model) -> None:
        """Keep the trained weights without the optimizer, then the record that declares the run complete."""
        model.optimizer = None
        replace(self.folder / "final.weights.h5", model.save_weights)
        record = {
            "config": self.config,
            "sha256": pooch.file_hash(str(self.folder / "final.weights.h5")),
            "host": {
                "seconds_per_step": float(np.median(self.seconds) / self.profile.steps) if self.seconds else None,
                "versions": backend.versions(),
            },
        }
        replace(self.folder / "run.json", lambda path: Path(path).write_text(json.dumps(record, indent=1)))
        for checkpoint in self.folder.glob("epoch-*.weights.h5"):
            checkpoint.unlink()


def replace(path: Path, write) -> None:
    """Call write(temporary path), flush it to the disk and rename: readers see the old file or the new one, whole."""
    scratch = path.with_name(f".{os.getpid()}-{path.name}")
    write(scratch)
    with open(scratch, "rb") as file:
        os.fsync(file.fileno())
    scratch.replace(path)
