"""Train once, keep, resume.

A run is kept in a folder of `runs/` named after profile, data, arm, loss, seed, and a digest of all that changes the
weights. While it trains, the folder holds the newest checkpoint; afterwards `final.weights.h5`, `history.csv` and,
last, `run.json`, whose presence means that the run is complete.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from sr_utils import StudyError, losses, paths, profiles
from sr_utils import device as backend
from sr_utils.data import sets as image_sets
from sr_utils.device import keras
from sr_utils.models import networks as models
from sr_utils.training import device_batches as feeding
from sr_utils.training.checkpoints import Keeper, alone, complete, label

__all__ = ["STUDY", "Keeper", "Plan", "Run", "plan", "study", "train", "validation_crops"]

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
    planned = plan(arm, seed, profile, data, loss)
    with alone(planned.folder):
        if not complete(planned.folder):
            planned.folder.mkdir(exist_ok=True)
            _fit(planned)
        return _read(planned)


@dataclass(frozen=True)
class Plan:
    """A training before it begins: the untrained `.model`, its `.criterion`, `.images`, `.profile`, and `.config`."""

    model: keras.Model
    criterion: keras.losses.Loss
    images: image_sets.ImageSet
    profile: profiles.Profile
    config: dict

    @property
    def folder(self) -> Path:
        """Where the run is kept, on this machine."""
        return paths.runs() / _key(self.config)


def plan(arm: str, seed: int, profile, data: str, loss: str = "mse") -> Plan:
    """What `train` is about to do, with the same arguments and errors; trains and writes nothing."""
    profile = profiles.get(profile)
    (seed,) = profiles.check_seeds(seed)
    setup = backend.setup()
    images = image_sets.load(data)
    if not images.train:
        raise StudyError(f"{data} is a benchmark, for scoring only; train on sample, bsds500, div2k or a folder.")
    with backend.seeded(seed):
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
    return Plan(model, criterion, images, profile, config)


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


def _read(plan: Plan) -> Run:
    folder = plan.folder
    plan.model.load_weights(folder / "final.weights.h5")
    record = json.loads((folder / "run.json").read_text())
    history = pd.read_csv(folder / "history.csv", index_col="epoch")
    return Run(plan.model, history, plan.config, record["host"], folder)


def _fit(plan: Plan) -> None:
    model, profile, config = plan.model, plan.profile, plan.config
    train = image_sets.large_enough(plan.images.train, profile.patch)
    crops = validation_crops(plan.images.valid, profile.patch)
    batch, trained = image_sets.batch, model
    if _on_device(config):
        trained = feeding.OnDevice(model, train, profile.patch)
        batch = trained.batch
    trained.compile(
        keras.optimizers.Adam(_rate(profile)),
        plan.criterion,
        metrics=["mse"],
        jit_compile=config["backend"] == "jax"
        or config["device"] == "gpu",  # XLA is slow for convolutions on processors
    )
    model.optimizer = trained.optimizer
    model.optimizer.build(model.trainable_variables)
    keeper = Keeper(plan.folder, config, profile)
    start = keeper.resume(model)

    def batches():
        for epoch in range(start, profile.epochs):
            for step in range(profile.steps):
                yield batch(train, profile.batch, profile.patch, config["seed"], epoch, step)

    if start < profile.epochs:
        trained.fit(
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


def _on_device(config: dict) -> bool:
    return config["device"] == "gpu"


def _rate(profile):
    if profile.schedule == "halve":
        return keras.optimizers.schedules.PiecewiseConstantDecay(
            [20_000], [profile.learning_rate, profile.learning_rate / 2]
        )
    return keras.optimizers.schedules.CosineDecay(profile.learning_rate, profile.total_steps)
