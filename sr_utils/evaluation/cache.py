"""A cache for tables that are slow to compute: files in a run's folder."""

import functools
import hashlib
import inspect
from pathlib import Path

import pandas as pd

from sr_utils import code, filters
from sr_utils.evaluation import metrics, tiling, upscaling
from sr_utils.paths import replace

TEXT = ("arm", "other", "set", "image")  # a name may look like a number
READ = {"dtype": dict.fromkeys(TEXT, str), "keep_default_na": False, "na_values": ""}


def cached(folder: Path | None, name: str, depends: list, compute) -> pd.DataFrame:
    """The table that `compute()` returns, kept as `<folder>/<name>-<digest>.csv`; with None as folder it is not kept.

    The digest is over what it `depends` on besides the weights, and over the code of `compute` and of this room.
    """
    if folder is None:
        return compute()
    modules = filters, metrics, tiling, upscaling, inspect.getmodule(compute)
    text = "\n".join([repr(depends), *map(code.normal_form, modules)])
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.csv"
    if not path.exists():
        replace(path, functools.partial(compute().to_csv, index=False))
    return pd.read_csv(path, **READ)
