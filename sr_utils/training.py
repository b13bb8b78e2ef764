"""Train once, keep, resume.

A run is kept in a folder of `runs/` named after profile, data, arm, loss, seed, and a digest of all that changes the
weights. While it trains, the folder holds the newest checkpoint; afterwards `final.weights.h5`, `history.csv` and,
last, `run.json`, whose presence means that the run is complete.
"""

import contextlib
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
import pooch
from filelock import FileLock, Timeout

from . import StudyError, backend, losses, models, paths, profiles
from . import data as image_sets
from .backend import keras
from .keeping import Keeper, label, replace

__all__ = ["STUDY", "Keeper", "Run", "replace", "study", "train", "validation_crops"]

#: Every trained arm of the study as (arm, loss), in the notebooks' order.
STUDY = (
    ("srcnn", "mse"),
    ("pre_upsampling", "mse"),
    ("post_upsampling", "mse"),
    ("progressive_upsampling", "mse"),
    ("iterative_upsampling", "mse"),
    ("residual", "mse"),
    ("inception", "mse"),
    ("residual_as_pre", "mse"),
    ("inception_as_pre", "mse"),
    ("srcnn", "mae"),
    ("srcnn", "perceptual"),
    ("srcnn", "perceptual_random"),
    ("srcnn_edge_input", "mse"),
    ("post_skip", "mse"),
    ("deep_skip", "mse"),
    ("combined", "mse"),
    ("combined", "mae"),
)


def study() -> list[tuple[str, str]]:
    """Every (arm, loss) of the study that this machine can train: without ImageNet's weights, one fewer."""
    return [(arm, loss) for arm, loss in STUDY if loss != "perceptual" or loss in losses.perceptual()]


@dataclass(frozen=True)
class Run:
    """A trained arm: `.model`, `.history` (a row per epoch), `.config` (what made it), `.host` (where and how fast)."""

    model: keras.Model
    history: pd.DataFrame
    config: dict
    host: dict
    folder: Path

    @property
    def label(self) -> str:
        """The arm as figures name it: `srcnn`, or `srcnn mae` for a loss other than MSE."""
        return label(self.config["arm"], self.config["loss"])


def train(arm: str, seed: int, profile, data: str, loss: str = "mse") -> Run:
    """Train an arm, or find the kept run of the same configuration, or go on from its last checkpoint.

    Parameters
    ----------
    arm : a name in `models.MODELS`.
    seed : decides initial weights and every batch.
    profile : a name in `profiles.PROFILES`, or a `Profile`.
    data : an image set's name or a folder, as for `data.load`.
    loss : "mse", "mae", "perceptual" or "perceptual_random", on grey levels 0…255.

    Raises `StudyError` for an unknown name, images too small for a patch, or a run folder that cannot be written.
    """
    profile = profiles.get(profile)
    (seed,) = profiles.check_seeds(seed)
    setup = backend.setup()
    images = image_sets.load(data)
    if not images.train:
        raise StudyError(f"{data} is a benchmark, for scoring only; train on sample, bsds500, div2k or a folder.")
    keras.utils.set_random_seed(seed)
    model = models.build(arm)
    criterion = losses.get(loss, profile)
    config = {
        "arm": arm,
        "loss": loss,
        "seed": seed,
        "profile": asdict(profile) | {"vgg_layers": list(profile.vgg_layers)},
        "data": images.name,
        "images": image_sets.digest([*images.train, *images.valid]),
        "features": getattr(criterion, "source", None),
        "terms": getattr(criterion, "terms", None),
        "network": _digest(model.get_config()),
        **setup,
    }
    folder = paths.runs() / _key(config)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            if not _complete(folder):
                folder.mkdir(exist_ok=True)
                _fit(model, criterion, images, profile, config, folder)
            return _read(model, config, folder)
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be written ({error.strerror or error}); free space, or set SR_RUNS to another folder."
        ) from None


def validation_crops(pairs, patch: int):
    """The (LR, HR) crops that validation measures, as `data.batch` makes them: 64, the same for every arm and seed."""
    return image_sets.batch(image_sets.large_enough(pairs, patch), 64, patch, seed=0, epoch=0, step=0)


def _digest(value) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    text = re.sub(r'"module": "sr_utils\.\w+"', "", text)  # in which file a layer stands does not change a network
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _key(config: dict) -> str:
    name = Path(config["data"]).name
    return "_".join(
        [config["profile"]["name"], name, config["arm"], config["loss"], f"seed{config['seed']}", _digest(config)]
    )


@contextlib.contextmanager
def _alone(folder: Path):
    """One process at a time trains a run; a second one says so, waits, and then finds it kept."""
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"Another process is training {folder.name}; waiting for it.", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _complete(folder: Path) -> bool:
    """Whether a whole run is kept there; one whose weights were altered is named and moved aside."""
    if not (folder / "run.json").exists():
        return False
    try:
        whole = json.loads((folder / "run.json").read_text())["sha256"] == pooch.file_hash(
            str(folder / "final.weights.h5")
        )
    except (OSError, ValueError, KeyError):
        whole = False
    if not whole:
        print(f"{folder.name} is damaged; moved aside, and trained again.")
        paths.move_aside(folder)
    return whole


def _read(model, config, folder) -> Run:
    model.load_weights(folder / "final.weights.h5")
    record = json.loads((folder / "run.json").read_text())
    return Run(model, pd.read_csv(folder / "history.csv", index_col="epoch"), config, record["host"], folder)


def _fit(model, criterion, images, profile, config, folder) -> None:
    train = image_sets.large_enough(images.train, profile.patch)
    crops = validation_crops(images.valid, profile.patch)
    model.compile(
        keras.optimizers.Adam(_rate(profile)),
        criterion,
        metrics=["mse"],
        jit_compile=config["backend"] == "jax"
        or config["device"] == "gpu",  # XLA is slow for convolutions on processors
    )
    model.optimizer.build(model.trainable_variables)
    keeper = Keeper(folder, config, profile)
    start = keeper.resume(model)

    def batches():
        for epoch in range(start, profile.epochs):
            for step in range(profile.steps):
                yield image_sets.batch(train, profile.batch, profile.patch, config["seed"], epoch, step)

    if start < profile.epochs:
        model.fit(
            batches(),
            initial_epoch=start,
            epochs=profile.epochs,
            shuffle=False,
            steps_per_epoch=profile.steps,
            validation_data=crops,
            validation_batch_size=profile.batch,
            callbacks=[keeper],
            verbose=0,
        )
    keeper.finish(model)


def _rate(profile):
    if profile.schedule == "halve":
        return keras.optimizers.schedules.PiecewiseConstantDecay(
            [20_000], [profile.learning_rate, profile.learning_rate / 2]
        )
    return keras.optimizers.schedules.CosineDecay(profile.learning_rate, profile.total_steps)
