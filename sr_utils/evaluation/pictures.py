"""SR pictures of some images, for figures."""

from collections.abc import Callable, Iterable, Mapping

from sr_utils.evaluation.scores import upscale


def pictures(pairs: Iterable, arms: Mapping, name: Callable = str) -> dict[str, dict]:
    """name of each image -> {"lr", every arm, "hr"} -> uint8, as `plots.crops` and `widgets.compare` take it.

    `pairs` are `data.Pair`s; `arms` maps a label to what `upscale` takes; `name` gives the name to show for that of a
    pair.
    """
    return {
        name(pair.name): {"lr": pair.lr, **{label: upscale(arm, pair.lr) for label, arm in arms.items()}, "hr": pair.hr}
        for pair in pairs
    }
