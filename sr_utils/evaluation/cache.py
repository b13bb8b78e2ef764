"""A cache for tables that are slow to compute: files in a run's folder."""

import hashlib
from pathlib import Path

import pandas as pd

from sr_utils import code
from sr_utils.paths import replace


def cached(folder: Path | None, name: str, depends: list, compute) -> pd.DataFrame:
    """The table that `compute()` returns, kept as `<folder>/<name>-<digest>.pkl`; with None as folder it is not kept.

    The digest is over the code of functions and the `repr` of values that it `depends` on, besides the weights.
    """
    if folder is None:
        return compute()
    text = "\n".join(code.normal_form(part) if callable(part) else repr(part) for part in depends)
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.pkl"
    if not path.exists():
        replace(path, compute().to_pickle)
    return pd.read_pickle(path)
