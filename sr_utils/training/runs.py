"""Train an arm once, keep the run in `runs/`, and resume an interrupted one; or take the run from the record."""

import functools
import itertools
import math

from tqdm.keras import TqdmCallback

from sr_utils import StudyError, losses, profiles
from sr_utils.data import patches
from sr_utils.device import feed
from sr_utils.models.arms import STUDY, label
from sr_utils.training.checkpoints import Checkpointer, complete, lock
from sr_utils.training.configuration import Plan, optimizer, plan
from sr_utils.training.device_batches import OnDevice
from sr_utils.training.recorded import Run, from_record, read

TOGETHER = 10  # steps in a call of TensorFlow on a processor: 1.3 ms less for each, weights equal to the byte
SCANNED = 100  # steps in a call of JAX on a GPU


def study() -> list[tuple[str, str]]:
    """Every (arm, loss) of the study that this machine can train; "perceptual" needs ImageNet's weights."""
    return [(arm, loss) for arm, loss in STUDY if loss != "perceptual" or loss in losses.perceptual()]


def train(arm: str, seed: int, profile, data: str, loss: str = "mse", record: bool = False, callbacks=()):
    """Return the kept run of this configuration; otherwise train it, from its last checkpoint if there is one.

    `arm` and `loss` are names in `models.MODELS` and `losses.LOSSES`, `profile` is a name or a `Profile`, and `data` as
    for `data.load`. With `record`, the record's run is returned where it has one of today's code. Keras `callbacks`
    watch the training, and are no part of the key.
    """
    if record and (found := from_record(arm, seed, profile, data, loss)):
        return found
    planned = plan(arm, seed, profile, data, loss)
    with lock(planned.folder):
        if not complete(planned.folder):
            planned.folder.mkdir(exist_ok=True)
            _fit(planned, callbacks or ())
        return read(planned.folder)


def train_all(labels, seeds, profile, data: str, record: bool = False) -> list[Run]:
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
        print(f"Not trained yet{' by this code' * record}: {', '.join(missing)}; {why}.")
    return found


def pictured(runs) -> list[Run]:
    """The runs whose networks draw the pictures: of each arm the first whose weights are at hand."""
    first = {run.label: run for run in reversed(runs) if run.row is None or run.row.weights}
    if not first:
        raise StudyError("The record keeps no weights of these arms; set record=False to train them.")
    return [first[name] for name in dict.fromkeys(run.label for run in runs) if name in first]


def validation_crops(pairs, patch: int):
    """The 64 (LR, HR) crops of the validation loss, as `data.batch` makes them: the same for every arm and seed."""
    return patches.batch(patches.large_enough(pairs, patch), 64, patch, seed=0, epoch=0, step=0)


def _fit(plan: Plan, callbacks) -> None:
    model, profile, config = plan.model, plan.profile, plan.config
    pairs = patches.large_enough(plan.images.train, profile.patch)
    on_gpu, jax = config["device"] == "gpu", config["backend"] == "jax"
    trained, batch, scanned = model, patches.batch, 1
    if on_gpu and jax:
        trained, scanned = OnDevice(model, pairs, profile.patch), math.gcd(SCANNED, profile.steps)
        batch = functools.partial(trained.batches, scanned)
    xla = on_gpu or jax  # XLA's convolutions are slow on processors; JAX has no others
    together = 1 if xla else math.gcd(TOGETHER, profile.steps)
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
            validation_data=validation_crops(plan.images.valid, profile.patch),
            validation_batch_size=profile.batch,
            callbacks=[checkpointer, TqdmCallback(verbose=0, desc=name, dynamic_ncols=True), *callbacks],
            verbose=0,
        )
    checkpointer.finish()
