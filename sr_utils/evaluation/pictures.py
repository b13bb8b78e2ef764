"""SR pictures of some images, for figures."""

from collections.abc import Callable, Iterable, Mapping

from sr_utils.evaluation.upscale import upscale


def pictures(pairs: Iterable, arms: Mapping, name: Callable = str) -> dict[str, dict]:
    """{image: {"lr": …, each arm: …, "hr": …}} of uint8 arrays, as `plots.crops` and `widgets.compare` take it.

    `pairs` are `data.Pair`s; `arms` maps a label to what `upscale` takes; `name` maps a pair's name to the one shown.
    """
    return {
        name(pair.name): {"lr": pair.lr, **{label: upscale(arm, pair.lr) for label, arm in arms.items()}, "hr": pair.hr}
        for pair in pairs
    }
