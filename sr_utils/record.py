"""The record: what was trained and measured, in tables that pandas reads in one line. `record/README.md` explains them.

`make record` adds rows; pages read them by `training.train(…, record=True)`.
"""

import functools
import warnings
from pathlib import Path

import pandas as pd

from sr_utils import StudyError, paths
from sr_utils.models.arms import label

KEY = ["arm", "loss", "seed", "profile", "data", "platform"]
SETUP = ("backend", "device", "precision")
#: How `platform` shortens them, since it stands in every row of every table.
SHORT = {"tensorflow": "tf", "bfloat16": "bf16", "float32": "f32"}
MEASURES = ["mse", "psnr", "ssim", "sharpness", "gmsd"]
RUN = ["rate", "steps", "batch", "patch", "images", "features", "recipe", "parameters", "macs"]  # what was trained
RUN += ["seconds", "processor", "versions", "commit", "date", "weights"]  # where, when, and what is kept of it
GAINS = [f"gain {n / 32:g}" for n in (1, 2, 3, 4, 6, 8)]

#: Table -> its columns after `KEY`, and how many of them, with the key, tell one row from another.
TABLES = {
    "runs": (RUN, 0),
    "curves": (["epoch", "train_loss", "train_mse", "val_loss", "val_mse"], 1),
    "scores": (["set", "image", *MEASURES], 2),
    "sweep": (["set", "image", "strength", *MEASURES], 3),
    "distances": (["other", "other_loss", "other_seed", "set", "image", "rms", "gmsd"], 5),
    "response": (["set", "image", *GAINS, "response"], 2),
    "first_layer": (["frequency", "spectrum"], 1),
    "perceptual": (["set", "image", "lpips", "ssimulacra2"], 2),
}
NEEDED = ("curves", "scores")  # every training has rows there
TEXT = {"arm", "loss", "profile", "data", "platform", "images", "features", "recipe", "processor", "versions", "commit",
        "date", "weights", "set", "image", "other", "other_loss"}  # fmt: skip


def platform(setup: dict) -> str:
    """What rows that may be compared have in common: "tf cpu bf16"."""
    return " ".join(SHORT.get(setup[part], setup[part]) for part in SETUP)


def file(table: str) -> Path:
    """Where a table lies: `record/<table>.csv`, in the checkout or in `SR_RECORD`."""
    return paths.record() / f"{table}.csv"


def read(table: str) -> pd.DataFrame:
    """A table of the record, checked; without rows where there is none yet.

    Raises `StudyError` for a file that is cut, has another column, an empty number, or two rows with one key, and for a
    missing one of `NEEDED`.
    """
    path = file(table)
    if not path.exists() and table in NEEDED and file("runs").exists():  # which is written last
        raise StudyError(f"{path} is missing; restore it: git checkout -- {path}")
    if not path.exists():
        return pd.DataFrame(columns=KEY + TABLES[table][0])
    return _read(table, path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=2 * len(TABLES))
def _read(table: str, path: Path, time: int) -> pd.DataFrame:
    columns, telling = TABLES[table]
    columns, restore = KEY + columns, f"restore it: git checkout -- {path}"
    numbers = [column for column in columns if column not in TEXT]
    kinds = {"dtype": dict.fromkeys(TEXT, str), "na_values": dict.fromkeys(numbers, "")}
    try:
        rows = pd.read_csv(path, keep_default_na=False, **kinds)
    except (ValueError, OSError) as error:  # pandas raises many kinds of ValueError
        raise StudyError(f"{path} cannot be read ({' '.join(str(error).split())}); {restore}") from None
    if list(rows.columns) != columns:
        other = set(rows.columns).symmetric_difference(columns) or {"another order of columns"}
        raise StudyError(f"{path} and this version of the study disagree on {', '.join(sorted(other))}; {restore}")
    broken = rows[numbers].apply(pd.to_numeric, errors="coerce").isna().any(axis=1) | rows.arm.eq("")
    twice = rows.duplicated(columns[: len(KEY) + telling])
    for fault, which in (("a value is missing or no number", broken), ("a row with this key stands above it", twice)):
        if which.any():
            raise StudyError(f"{path}, line {which.argmax() + 2}: {fault}; {restore}")
    return rows


def runs(profile: str, data: str) -> pd.DataFrame:
    """The rows of `runs` of a profile on a data set; of each seed, those of the platform that trained most arms."""
    kept = read("runs").query("profile == @profile and data == @data")
    return kept[kept.platform == kept.groupby("seed").platform.transform(lambda p: p.value_counts().index[0])]


def rows(table: str, run: pd.Series) -> pd.DataFrame:
    """What a table holds of a row of `runs`, as `evaluation` returns it: `arm` is the label, and `mse` is `loss`."""
    whole = read(table)
    return labelled(whole[(whole[KEY] == run[KEY]).all(axis=1)])


def interpolated(table: str, arm: str, sets) -> pd.DataFrame:
    """What a table holds of an interpolation on these sets, as `rows` returns it; its seed is −1."""
    whole = read(table)
    return labelled(whole[(whole.arm == arm) & (whole.seed == -1) & whole.set.isin(sets)])


def tables(profile: str, data: str, seeds=None, stale=lambda run: False) -> dict[str, pd.DataFrame]:
    """What `claims.judge` takes, of all recorded trainings of a profile on a data set (or of some seeds), labelled.

    Left out are rows of runs for which `stale(run)`, and a damaged table that a claim can do without; a warning names
    it.
    """
    kept, found = runs(profile, data), {}
    kept = kept.loc[[not stale(run) for _, run in kept.iterrows()]]
    kept = kept[kept.seed.isin(kept.seed if seeds is None else seeds)]
    for table in [name for name in TABLES if name not in ("runs", "first_layer")]:
        try:
            whole = read(table)
        except StudyError as error:
            if table in NEEDED:
                raise
            warnings.warn(str(error), stacklevel=2)
            continue
        mine = pd.MultiIndex.from_frame(whole[KEY]).isin(pd.MultiIndex.from_frame(kept[KEY]))
        if "set" in whole:
            mine |= (whole.seed == -1) & whole.set.isin(whole[mine].set)
        if "other" in whole:
            second = whole[KEY].assign(arm=whole.other, loss=whole.other_loss, seed=whole.other_seed)
            mine &= pd.MultiIndex.from_frame(second).isin(pd.MultiIndex.from_frame(kept[KEY]))
        if mine.any():
            found[table] = labelled(whole[mine])
    return found


def collect(table: str, entries, measure) -> pd.DataFrame:
    """A table's rows for runs and interpolations ("bicubic", …): from the record for runs that come from there, and for
    the interpolations beside them; `measure(entry)` for every other."""
    found = {entry: rows(table, entry.row) for entry in entries if getattr(entry, "row", None) is not None}
    sets = {name for frame in found.values() if "set" in frame for name in frame.set}
    found |= {entry: interpolated(table, entry, sets) for entry in entries if sets and isinstance(entry, str)}
    return pd.concat([found[entry] if entry in found else measure(entry) for entry in entries], ignore_index=True)


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table as `evaluation` returns them: labels in place of arm and loss, without the rest of the key."""
    rows = rows.assign(arm=[label(arm, loss or "mse") for arm, loss in zip(rows.arm, rows.loss, strict=True)])
    if "other" in rows:
        rows = rows.assign(other=[label(*pair) for pair in zip(rows.other, rows.other_loss, strict=True)])
    rows = rows.drop(columns=["loss", "profile", "data", "platform", "other_loss"], errors="ignore")
    return rows.rename(columns={"mse": "loss"}).reset_index(drop=True)


def weights(run: pd.Series) -> Path | None:
    """The float16 weights of a row of `runs`, or None where they are not kept: only the first seed's are."""
    name = "_".join(str(run[part]) for part in ("profile", "data", "arm", "loss", "seed"))
    return paths.record() / f"weights/{name}.weights.h5" if run.weights else None
