"""The configuration of a training; its key, which depends on everything that changes the weights, and names the folder
in which the run is kept; and its recipe, by which a row of the record knows the code that made it."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from sr_utils import StudyError, code, device, losses, models, paths, profiles
from sr_utils.data import images, patches, sets
from sr_utils.device import keras
from sr_utils.models import layers
from sr_utils.models.arms import ARMS, label
from sr_utils.training import device_batches, muon


@dataclass(frozen=True)
class Plan:
    """A training that has not begun: the untrained `.model`, its `.criterion`, `.images`, `.profile`, and `.config`."""

    model: keras.Model
    criterion: keras.losses.Loss
    images: sets.ImageSet
    profile: profiles.Profile
    config: dict

    @property
    def folder(self) -> Path:
        """The run's folder on this machine."""
        return paths.runs() / key(self.config)


def plan(arm: str, seed: int, profile, data: str, loss: str = "mse") -> Plan:
    """Prepare a training; arguments and errors as for `runs.train`. Trains and writes nothing."""
    profile = profiles.get(profile)
    (seed,) = profiles.check_seeds(seed)
    setup = device.setup()
    image_set = sets.load(data)
    if not image_set.train:
        raise StudyError(f"{data} is a benchmark, for scoring only; train on sample, bsds500, div2k or a folder.")
    with device.seeded(seed):
        model = models.build(arm)
    criterion = losses.LOSSES[loss](profile)
    config = {
        "arm": arm,
        "loss": loss,
        "seed": seed,
        "profile": asdict(profile) | {"vgg_layers": list(profile.vgg_layers)},  # as JSON gives it back
        "rate": rate(arm, loss, profile),
        "data": image_set.name,
        "images": sets.digest([*image_set.train, *image_set.valid]),
        "features": getattr(criterion, "source", None),
        "terms": getattr(criterion, "terms", None),
        "network": _network(model),
        **setup,
    }
    return Plan(model, criterion, image_set, profile, config | {"code": _code(config)})


def recipe(config: dict) -> str:
    """Ten hex digits over loss, schedule, rate, network and code: all but seed, images and precision."""
    return _digest({name: config[name] for name in ("loss", "profile", "rate", "network", "code")})


def todays_recipe(arm: str, loss: str, profile, where: str = "cpu") -> str:
    """The `recipe` of a training by today's code; `where` is "cpu" or "gpu"."""
    profile = profiles.get(profile)
    config = {"loss": loss, "profile": asdict(profile), "rate": rate(arm, loss, profile), "device": where}
    return recipe(config | {"network": _network(models.build(arm)), "code": _code(config)})


def _network(model: keras.Model) -> str:
    """A digest of a network's layers, in whatever precision they are here, and whatever names they were given, and of
    the code of layers that are neither Keras' nor the study's."""
    text = re.sub("(mixed_)?bfloat16", "float32", json.dumps(model.get_config(), default=str))
    own = {type(each) for each in (model, *model.layers)}
    own = sorted((each for each in own if each.__module__.split(".")[0] not in ("keras", "sr_utils")), key=str)
    names = dict.fromkeys(re.findall(r'"name": ("[^"]+")', text))  # Keras counts: conv2d, conv2d_1, …
    numbers = {name: f'"name {i}"' for i, name in enumerate(names)}
    text = re.sub(r'"[^"]*"', lambda name: numbers.get(name[0], name[0]), text)
    return _digest([text, *map(code.module_forms, own)] if own else text)


def rate(arm: str, loss: str, profile: profiles.Profile) -> float:
    """The first learning rate: the profile's, else the arm's, else that of the network's first line, else 1e-3."""
    rates = [line.rate for line in ARMS.values() if line.builder.__name__ == arm]
    own = ARMS[label(arm, loss)].rate if label(arm, loss) in ARMS else next(iter(rates), 1e-3)
    return float(own if profile.learning_rate is None else profile.learning_rate)


def optimizer(config: dict) -> keras.optimizers.Optimizer:
    """Adam, whose rate falls along a cosine to zero, or is halved once at step 20,000 (the original's protocol).

    Or Muon without weight decay, whose rate rises for 500 steps (at most a tenth) and then falls along a cosine.
    """
    profile, first = config["profile"], config["rate"]
    schedules, steps = keras.optimizers.schedules, profile["epochs"] * profile["steps"]
    if profile["schedule"] == "muon":
        warm = min(500, steps // 10)
        schedule = schedules.CosineDecay(0.0, steps - warm, warmup_target=first, warmup_steps=warm)
        return muon.Muon(schedule, weight_decay=None, adam_weight_decay=None, name="muon")
    halved = schedules.PiecewiseConstantDecay([20_000], [first, first / 2])
    cosine = schedules.CosineDecay(first, steps)
    return keras.optimizers.Adam(halved if profile["schedule"] == "halve" else cosine, name="adam")


def key(config: dict) -> str:
    """The name of a run's folder: readable parts, then a digest of the whole configuration."""
    config = config | {"data": Path(config["data"]).name}  # the images are in it by their digest
    parts = config["profile"]["name"], config["data"], config["arm"], config["loss"], f"seed{config['seed']}"
    return "_".join([*parts, _digest(config)])


def _code(config: dict) -> str:
    """A digest of the code that the weights depend on: batches, layers, loss, optimizer, and a GPU's batches."""
    parts = [images, patches, layers, losses.LOSSES[config["loss"]]]
    parts += [muon] * (config["profile"]["schedule"] == "muon") + [device_batches] * (config["device"] == "gpu")
    forms = [form for part in parts for form in code.module_forms(part)]
    return _digest([*forms, keras.optimizers.serialize(optimizer(config))])


def _digest(value) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    text = re.sub(r'"module": "sr_utils[\w.]*"', "", text)  # so that a layer can move to another file
    return hashlib.sha256(text.encode()).hexdigest()[:10]
