"""A cache for tables that are slow to compute: CSV files in a run's folder."""

import hashlib
from pathlib import Path

import pandas as pd

from sr_utils import code
from sr_utils.paths import replace


def cached(folder: Path | None, name: str, depends: list, compute) -> pd.DataFrame:
    """The table that `compute()` returns, read from `<folder>/<name>-<digest>.csv` if that file exists.

    `depends` lists what the table depends on besides the weights: the digest covers the code of functions and the
    `repr` of values. With None as folder nothing is kept. Text is never read as missing, even the image name "NA".
    """
    if folder is None:
        return compute()
    text = "\n".join(code.normal_form(part) if callable(part) else repr(part) for part in depends)
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.csv"
    if path.exists():
        numbers = pd.read_csv(path, nrows=0).columns.difference(["arm", "other", "set", "image"])
        return pd.read_csv(path, dtype={"image": str}, keep_default_na=False, na_values=dict.fromkeys(numbers, ""))
    table = compute()
    replace(path, lambda scratch: table.to_csv(scratch, index=False))
    return table
