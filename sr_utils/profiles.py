"""How much of the protocol a run spends: one frozen dataclass and one table."""

from dataclasses import dataclass

from sr_utils import Named, StudyError


@dataclass(frozen=True)
class Profile:
    """One line of the table below; everything in it is part of a run's identity."""

    name: str
    epochs: int  # each is validated at its end
    steps: int  # in an epoch
    batch: int  # patches in a step
    patch: int  # their side in HR pixels, a multiple of 4
    learning_rate: float | None  # the first one; None is each arm's own
    schedule: str  # "cosine", "halve" or "muon", as `training.configuration.optimizer` explains
    vgg_layers: tuple[str, ...]  # what the perceptual loss reads

    @property
    def total_steps(self) -> int:
        return self.epochs * self.steps


SMALL_VGG = ("block1_pool", "block3_pool")  # deep enough for texture, at a third of the cost of all five blocks
PAPER_VGG = ("block1_pool", "block5_pool")  # the first and the last max-pooling layer

TABLE = (
    # name, epochs, steps, batch, patch, rate, schedule, layers
    Profile("smoke", 2, 3, 4, 24, None, "cosine", SMALL_VGG),  # proves that everything runs, nothing else
    Profile("quick", 20, 20, 16, 48, None, "cosine", SMALL_VGG),  # the default: minutes on two cores
    Profile("standard", 30, 50, 16, 48, None, "cosine", SMALL_VGG),  # the reference
    Profile("long", 50, 100, 16, 64, None, "cosine", SMALL_VGG),  # hours on two cores
    Profile("paper", 50, 1000, 16, 96, 1e-4, "halve", PAPER_VGG),  # the protocol of the original study; a GPU
)
PROFILES = Named("profile", {profile.name: profile for profile in TABLE})


def get(name: str | Profile) -> Profile:
    """The profile of that name; a `Profile` passes through. Raises `StudyError` for an unknown name."""
    return name if isinstance(name, Profile) else PROFILES[name]


def check_seeds(seeds) -> list[int]:
    """A list of distinct integers in 0…2³²−1, from an integer, a list, or a string such as "1,2,3"; or `StudyError`."""
    given = seeds.split(",") if isinstance(seeds, str) else seeds if isinstance(seeds, (list, tuple)) else [seeds]
    try:
        numbers = [int(str(seed)) for seed in given]
    except ValueError:
        numbers = []
    if not numbers or not 0 <= min(numbers) <= max(numbers) < 2**32 or len(set(numbers)) < len(numbers):
        raise StudyError(f"seeds must be different non-negative integers below 2**32, such as 1,2,3; not {seeds!r}.")
    return numbers


DEVICES = ("auto", "cpu", "gpu")


def check_device(name: str | None) -> str:
    """The device of that name; "auto" for None or "". Raises `StudyError` for an unknown name."""
    if name and name not in DEVICES:
        raise StudyError(f"There is no device {name!r}; set DEVICE to {', '.join(DEVICES[:-1])} or {DEVICES[-1]}.")
    return name or DEVICES[0]
