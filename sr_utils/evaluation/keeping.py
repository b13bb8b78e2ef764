"""Tables that cost time are kept beside the weights that they describe, and found again."""

import hashlib
from pathlib import Path

import pandas as pd

from sr_utils.paths import replace
from sr_utils.training.configuration import source


def kept(folder: Path | None, name: str, depends: list, compute) -> pd.DataFrame:
    """`compute()`, or what it gave before: `<folder>/<name>-<digest>.csv`, without index.

    `depends` lists what the table depends on besides the weights: functions (their code counts) and values (their text
    counts). With None as folder nothing is kept. An image may be called "NA": text is never read as missing.
    """
    if folder is None:
        return compute()
    text = "\n".join(source(part) if callable(part) else repr(part) for part in depends)
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.csv"
    if path.exists():
        numbers = pd.read_csv(path, nrows=0).columns.difference(["arm", "other", "set", "image"])
        return pd.read_csv(path, dtype={"image": str}, keep_default_na=False, na_values=dict.fromkeys(numbers, ""))
    table = compute()
    replace(path, lambda scratch: table.to_csv(scratch, index=False))
    return table
