"""The study's record: figures/<profile>/results.json, from which alone every table of evidence can be made again."""

import json
import math
from pathlib import Path

import pandas as pd

from sr_utils import StudyError, paths, profiles
from sr_utils.claims import statistics
from sr_utils.claims.observations import curves
from sr_utils.data.sets import BENCHMARKS
from sr_utils.models.arms import label

VERSION = 2  # of the file; another one is refused
DIGITS = 7  # significant ones, of every number in a table
#: From SRCNN to the combined model: (arm, the arm before it, what was changed). The middle step changes two things.
LADDER = (
    ("post_upsampling", "srcnn", "moving every convolution to LR size"),
    ("post_skip", "post_upsampling", "a global skip whose last layer starts at zero (two changes in one step)"),
    ("combined", "post_skip", "residual blocks instead of two large convolutions"),
    ("combined mae", "combined", "MAE instead of MSE"),
)
#: The tables that claims are judged by.
OBSERVATIONS = ("scores", "curves", "sweep", "likeness", "response", "perceptual", "paper")


def write(profile: str, runs, tables: dict, caption: str, versions: dict | None = None) -> None:
    """Write figures/<profile>/results.json, once and whole. What differs from host to host stands in `host` alone.

    `runs` are trained runs; their curves become the table `curves`. `tables` maps names to DataFrames, whose named
    index is kept: those of `OBSERVATIONS`, `claims` (`judge`'s) and `costs` (a row per arm with `parameters` and
    `macs`). `versions` are `device.versions`. Raises `StudyError` where the file cannot be written.
    """
    steps = [len(run.history) * run.config["profile"]["steps"] for run in runs]
    entries = [{"label": run.label, **run.config, "steps": n} for run, n in zip(runs, steps, strict=True)]
    seconds = {run.folder.name: run.host["seconds_per_step"] for run in runs}
    host = {"versions": versions or {}, "seconds_per_step": seconds}
    parts = {"version": VERSION, "profile": profile, "caption": caption, "runs": entries, "host": host}
    texts = {name: json.dumps(part, ensure_ascii=False) for name, part in parts.items()}
    texts |= {name: _rows(frame) for name, frame in (tables | {"curves": curves(runs)}).items()}
    text = ",\n".join(f'"{name}": {part}' for name, part in texts.items())
    path = paths.figures() / profile / "results.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.replace(path, lambda scratch: Path(scratch).write_text(f"{{\n{text}\n}}\n", encoding="utf-8"))
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror or error}); free space, or set SR_FIGURES."
        ) from None


def _rows(frame: pd.DataFrame) -> str:
    """A table as JSON, a row per line, so that a diff shows what changed."""
    index = frame.index.name
    table = frame.reset_index() if index else frame
    rows = ",\n".join(json.dumps([_plain(v) for v in row], ensure_ascii=False) for row in table.to_numpy(object))
    return f'{{"index": {json.dumps(index)}, "columns": {json.dumps(list(table.columns))}, "data": [\n{rows}]}}'


def _plain(value):
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None if math.isnan(value) else str(value)


def read(profile: str) -> dict:
    """figures/<profile>/results.json, its tables as DataFrames; a `StudyError` where it is absent, damaged or older."""
    path = paths.figures() / profile / "results.json"
    again = f"run make reproduce PROFILE={profile}" if profile in profiles.PROFILES else "get it from the repository"
    if not path.exists():
        raise StudyError(f"{path} does not exist; {again} first.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise StudyError(f"{path} is damaged; {again} again.") from None
    if not isinstance(record, dict) or record.get("version") != VERSION:
        raise StudyError(f"{path} is of another version of this study; {again} again.")
    for key, value in record.items():
        if isinstance(value, dict) and "columns" in value:
            frame = pd.DataFrame(value["data"], columns=value["columns"])
            record[key] = frame.set_index(value["index"]) if value["index"] else frame
    return record


def observations(record: dict) -> list[pd.DataFrame]:
    """The tables of a record that `judge`, `robustness` and `power` take, as they were given to `write`."""
    return [record[name] for name in OBSERVATIONS if name in record]


def claims_by_run() -> dict[str, pd.DataFrame]:
    """The judged claims of every run that figures/ holds, from short to long, by a heading that says what was run.

    `make reproduce` writes figures/<profile>. Runs that it must not overwrite lie in figures/<profile>-<anything>.
    """
    tables = {}
    for profile in profiles.PROFILES:
        for path in sorted(paths.figures().glob(f"{profile}*/results.json")):
            record = read(path.parent.name)
            seeds = len({run["seed"] for run in record["runs"]})
            data = Path(record["runs"][0]["data"]).name
            tables[f"{profile}, {data}, {seeds} seed{'s' * (seeds > 1)}"] = record["claims"]
    return tables


def quality_and_cost(scores: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """A row per arm of `costs` (a record's): mean PSNR in dB on each set, over all images (`psnr`), and the costs."""
    means = scores.pivot_table(index="arm", columns="set", values="psnr", sort=False)
    means["psnr"] = scores.groupby("arm")["psnr"].mean()
    return means.loc[costs.index.intersection(means.index)].join(costs)


def ladder(scores: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """The way from SRCNN to the combined model (`LADDER`), a row per step, indexed by arm.

    Columns: `change` in words, `differences`' to the step before (`psnr` …), and the network's `parameters` and `macs`.
    """
    steps = [(LADDER[0][1], None, "where it starts"), *LADDER]
    rows = {}
    for arm, before, change in steps:
        both = scores[scores.arm.isin((arm, before or arm))]
        rows[arm] = {"change": change} | statistics.differences(both, before or arm).loc[arm].to_dict()
    return pd.DataFrame.from_dict(rows, orient="index").join(quality_and_cost(scores, costs)[["parameters", "macs"]])


def beside_published(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """PSNR in dB on the benchmarks: published rows, then this study's arms; sets that were not scored stay empty."""
    columns = list(BENCHMARKS)
    ours = table.reindex(columns=columns).assign(source="this page")
    both = pd.concat([published[[*columns, "source"]].assign(source=published.source.str.split(r"[,;]").str[0]), ours])
    return both.map(lambda v: v if isinstance(v, str) else "" if pd.isna(v) else f"{v:.2f}")


def trials() -> pd.DataFrame:
    """The trials that chose each arm's learning rate (`make bench BENCHES=rates`): arms × rates, PSNR in dB, or NaN.

    PSNR is that of validation images. Empty where figures/bench holds no trials, as in an installation without the
    repository.
    """
    path = paths.ROOT / "figures/bench/bench.json"
    entry = json.loads(path.read_text(encoding="utf-8")).get("rates") if path.exists() else None
    if entry is None:
        return pd.DataFrame()
    rows = pd.DataFrame(entry["results"]["rows"])
    rows["arm"] = [label(arm, loss) for arm, loss in zip(rows.arm, rows.loss, strict=True)]
    return rows.pivot_table(index="arm", columns="rate", values="psnr", sort=False).sort_index(axis=1)
