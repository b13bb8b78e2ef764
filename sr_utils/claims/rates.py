"""The trials from which each arm's learning rate was chosen (`make bench BENCHES=rates`)."""

import json

import pandas as pd

from sr_utils import paths
from sr_utils.models.arms import label


def trials() -> pd.DataFrame:
    """PSNR in dB on validation images: a row per arm, a column per learning rate; NaN where a rate was not tried.

    Empty where figures/bench holds no trials, as in an installation without the repository.
    """
    path = paths.ROOT / "figures/bench/bench.json"
    entry = json.loads(path.read_text()).get("rates") if path.exists() else None
    if entry is None:
        return pd.DataFrame()
    rows = pd.DataFrame(entry["found"]["rows"])
    rows["arm"] = [label(arm, loss) for arm, loss in zip(rows.arm, rows.loss, strict=True)]
    return rows.pivot_table(index="arm", columns="rate", values="psnr", sort=False).sort_index(axis=1)
