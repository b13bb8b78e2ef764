"""Train an arm once, keep the run, and resume an interrupted one; or take the run from the record.

A run is kept in a folder of `runs/` whose name has profile, data, arm, loss, seed, and a digest of everything that
changes the weights. During training the folder holds the newest checkpoints; afterwards `final.weights.h5`,
`history.csv` and `run.json`. The last one is written last and marks the run as complete.
"""

import functools
import itertools
import json
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm.keras import TqdmCallback

from sr_utils import StudyError, losses, models, profiles
from sr_utils.data import patches
from sr_utils.device import feed, keras
from sr_utils.models.arms import STUDY, label
from sr_utils.training.checkpoints import Checkpointer, complete, lock
from sr_utils.training.configuration import Plan, optimizer, plan
from sr_utils.training.device_batches import OnDevice
from sr_utils.training.recorded import Recorded, from_record

TOGETHER = 10  # steps in a call of TensorFlow on a processor: 1.3 ms less for each, weights equal to the byte
SCANNED = 100  # steps in a call of JAX on a GPU


def study() -> list[tuple[str, str]]:
    """Every (arm, loss) of the study that this machine can train; "perceptual" needs ImageNet's weights."""
    return [(arm, loss) for arm, loss in STUDY if loss != "perceptual" or loss in losses.perceptual()]


@dataclass(frozen=True)
class Run:
    """A trained arm: `.model`, `.history` (a row per epoch), `.config`, `.host` (versions, speed), `.folder`."""

    model: keras.Model
    history: pd.DataFrame
    config: dict
    host: dict
    folder: Path

    @property
    def label(self) -> str:
        """The arm's name in tables: `srcnn`, or `srcnn mae` for a loss other than MSE."""
        return label(self.config["arm"], self.config["loss"])

    @property
    def cost(self) -> dict:
        """{"parameters", "macs"}, as `models.cost` returns them."""
        return models.cost(self.model)


def train(arm: str, seed: int, profile, data: str, loss: str = "mse", record: bool = False, callbacks=()):
    """Return the kept run of this configuration; otherwise train it, from its last checkpoint if there is one.

    Parameters
    ----------
    arm : a name in `models.MODELS`.
    seed : determines the initial weights and every batch.
    profile : a name in `profiles.PROFILES`, or a `Profile`.
    data : an image set's name or a folder, as for `data.load`.
    loss : "mse", "mae", "perceptual" or "perceptual_random", on grey levels 0…255.
    record : return the recorded run where the record has one that today's code would train again.
    callbacks : Keras callbacks that watch the training, such as `keras.callbacks.TensorBoard`; no part of the key.

    Returns a `Run`, or a `Recorded`. Raises `StudyError` for an unknown name, images too small for a patch, or a run
    folder that cannot be written.
    """
    if record and (found := from_record(arm, seed, profile, data, loss)):
        return found
    planned = plan(arm, seed, profile, data, loss)
    with lock(planned.folder):
        if not complete(planned.folder):
            planned.folder.mkdir(exist_ok=True)
            _fit(planned, callbacks)
        return read(planned.folder, planned.model)


def train_all(labels, seeds, profile, data: str, record: bool = False) -> list:
    """`train` every label (`srcnn`, `srcnn mae`) with every seed, label by label.

    With `record` nothing is trained: what the record lacks, or has from another code, is named and left out. Without
    it, "perceptual" is left out where ImageNet's weights are not at hand. Raises `StudyError` where nothing is left.
    """
    seeds, able, found, missing = profiles.check_seeds(seeds), () if record else losses.perceptual(), [], []
    for name, seed in itertools.product(labels, seeds):
        arm, loss = (*name.split(), "mse")[:2]
        if record:
            run = from_record(arm, seed, profile, data, loss)
        else:
            run = train(arm, seed, profile, data, loss) if loss != "perceptual" or loss in able else None
        found += [run] if run else []
        missing += [] if run else [f"{name} (seed {seed})"]
    why = "perceptual needs ImageNet's weights; set VGG_WEIGHTS to the file"
    if record:
        why = f"make reproduce PROFILE={profile} DATA={data} SEEDS={','.join(map(str, seeds))}"
    if not found:
        raise StudyError(f"None of these is trained: {', '.join(missing)}; {why}.")
    if missing:
        print(f"Not trained yet: {', '.join(missing)}; {why}.")
    return found


def pictured(runs) -> list:
    """The runs whose networks draw the pictures: of each arm the first whose weights are at hand.

    Raises `StudyError` where no weights are.
    """
    first = {run.label: run for run in reversed(runs) if not isinstance(run, Recorded) or run.row.weights}
    if not first:
        raise StudyError("The record keeps no weights of these arms; set record=False to train them.")
    return [first[name] for name in dict.fromkeys(run.label for run in runs) if name in first]


def validation_crops(pairs, patch: int):
    """The 64 (LR, HR) crops of the validation loss, as `data.batch` makes them: the same for every arm and seed."""
    return patches.batch(patches.large_enough(pairs, patch), 64, patch, seed=0, epoch=0, step=0)


def read(folder: Path, model: keras.Model | None = None) -> Run:
    """The complete run in a folder, in a network of its arm."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    model = model or models.build(record["config"]["arm"])
    model.load_weights(folder / "final.weights.h5")
    return Run(model, pd.read_csv(folder / "history.csv", index_col="epoch"), record["config"], record["host"], folder)


def _fit(plan: Plan, callbacks=()) -> None:
    model, profile, config = plan.model, plan.profile, plan.config
    pairs = patches.large_enough(plan.images.train, profile.patch)
    crops = validation_crops(plan.images.valid, profile.patch)
    batch, trained, on_gpu, jax = patches.batch, model, _on_device(config), config["backend"] == "jax"
    xla = on_gpu or jax  # XLA's convolutions are slow on processors; JAX has no others
    together = 1 if xla else math.gcd(TOGETHER, profile.steps)
    scanned = math.gcd(SCANNED, profile.steps) if on_gpu and jax else 1
    if on_gpu and jax:
        trained = OnDevice(model, pairs, profile.patch)
        batch = functools.partial(trained.batches, scanned)
    rules = {"metrics": ["mse"], "jit_compile": xla, "steps_per_execution": together}
    trained.compile(optimizer(config), plan.criterion, **rules)
    model.optimizer = trained.optimizer
    model.optimizer.build(model.trainable_variables)
    checkpointer = Checkpointer(plan.folder, config, model)
    start = checkpointer.resume()
    name = f"{label(config['arm'], config['loss'])} · seed {config['seed']}"
    steps = itertools.product(range(start, profile.epochs), range(0, profile.steps, scanned))
    batches = (batch(pairs, profile.batch, profile.patch, config["seed"], *step) for step in steps)
    if start < profile.epochs:
        trained.fit(
            feed(batches),
            initial_epoch=start,
            epochs=profile.epochs,
            shuffle=False,
            steps_per_epoch=profile.steps // scanned,
            validation_data=crops,
            validation_batch_size=profile.batch,
            callbacks=[checkpointer, TqdmCallback(verbose=0, desc=name, dynamic_ncols=True), *callbacks],
            verbose=0,
        )
    checkpointer.finish()


def _on_device(config: dict) -> bool:
    return config["device"] == "gpu"
