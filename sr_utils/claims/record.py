"""The study's record: figures/<profile>/results.json, and its numbers beside published ones."""

import itertools
import json
from pathlib import Path

import pandas as pd

from sr_utils import StudyError, models, paths, profiles
from sr_utils import device as backend
from sr_utils.claims import statistics as evidence
from sr_utils.claims import table as claims
from sr_utils.data.sets import BENCHMARKS


def write(profile: str, runs, tables: dict, caption: str) -> None:
    """Write figures/<profile>/results.json, once and whole. What differs from host to host stands in `host` alone.

    `tables` maps a name ("scores", "claims", …) to a DataFrame; their indexes are dropped.
    """
    entries = []
    for run in runs:
        entry = {
            key: run.config[key]
            for key in ("arm", "loss", "seed", "data", "precision", "backend", "device", "features")
        }
        entry |= models.cost(run.model) | {
            "label": run.label,
            "steps": len(run.history) * run.config["profile"]["steps"],
        }
        entry["final"] = {key: float(value) for key, value in run.history.iloc[-1].items()}
        entries.append(entry)
    host = {
        "versions": backend.versions(),
        "seconds_per_step": {run.folder.name: run.host["seconds_per_step"] for run in runs},
    }
    parts = {"profile": profile, "caption": caption, "runs": entries, "host": host}
    texts = {name: json.dumps(part, ensure_ascii=False) for name, part in parts.items()}
    texts |= {name: _rows(frame) for name, frame in tables.items()}
    text = ",\n".join(f'"{name}": {part}' for name, part in texts.items())
    path = paths.figures() / profile / "results.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.replace(path, lambda scratch: Path(scratch).write_text(f"{{\n{text}\n}}\n"))
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror or error}); free space, or set SR_FIGURES."
        ) from None


def _rows(frame: pd.DataFrame) -> str:
    """A table as JSON, a row per line, so that a diff shows what changed."""
    table = json.loads(frame.to_json(orient="split", index=False, double_precision=6))
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in table["data"])
    return f'{{"columns": {json.dumps(table["columns"])}, "data": [\n{rows}]}}'


def read(profile: str) -> dict:
    """figures/<profile>/results.json, its tables as DataFrames. Raises `StudyError` if it is absent or damaged."""
    path = paths.figures() / profile / "results.json"
    if not path.exists():
        raise StudyError(f"{path} does not exist; run make reproduce PROFILE={profile} first.")
    try:
        record = json.loads(path.read_text())
    except ValueError:
        raise StudyError(f"{path} is damaged; run make reproduce PROFILE={profile} again.") from None
    if not {"runs", "scores", "claims"} <= set(record):
        raise StudyError(f"{path} is of an older version; run make reproduce PROFILE={profile} again.")
    for key, value in record.items():
        if isinstance(value, dict) and set(value) == {"columns", "data"}:
            record[key] = pd.DataFrame(value["data"], columns=value["columns"])
    return record


def claims_by_run() -> dict[str, pd.DataFrame]:
    """The judged claims of every profile that figures/ holds, by a heading that says what was run."""
    tables = {}
    for profile in profiles.PROFILES:
        if (paths.figures() / profile / "results.json").exists():
            record = read(profile)
            seeds = len({run["seed"] for run in record["runs"]})
            data = Path(record["runs"][0]["data"]).name
            heading = f"{profile}, {data}, {seeds} seed{'s' * (seeds > 1)}"
            tables[heading] = record["claims"].set_index("id")
    return tables


def survivors(tables: dict[str, pd.DataFrame]) -> str:
    """Markdown: from each run of `claims_by_run` to the next one, how many verdicts stay, and which ones change.

    Only claims that both runs tested are counted, with their verdicts after Holm's correction.
    """
    lines = []
    for (small, before), (large, after) in itertools.pairwise(tables.items()):
        pair = before.merge(after, left_index=True, right_index=True, suffixes=("_before", ""))
        pair = pair[(pair.claim == pair.claim_before) & pair.p.notna() & pair.p_before.notna()]
        open_before, open_after = pair.corrected_before == "undecided", pair.corrected == "undecided"
        stay = pair.corrected == pair.corrected_before
        lines.append(f"- **{small} → {large}**: {stay.sum()} of {len(pair)} verdicts stay.")
        changes = {
            "decided by the latter alone": open_before & ~open_after,
            "decided by the former alone": ~open_before & open_after,
            "reversed": ~stay & ~open_before & ~open_after,
        }
        for words, rows in changes.items():
            said = (f"{r.Index} *{r.claim}* ({r.corrected_before} → {r.corrected})" for r in pair[rows].itertuples())
            if rows.any():
                lines.append(f"  - {rows.sum()} {words}: {'; '.join(said)}.")
    return "\n".join(lines)


def published() -> pd.DataFrame:
    """Published ×4 networks: PSNR in dB on the four benchmarks, parameters, multiply–adds per output pixel, source."""
    return pd.read_csv(Path(__file__).with_name("published.csv"), index_col="network")


def quality_and_cost(runs, scores: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: mean PSNR in dB on each set and over all (`psnr`), `parameters`, `macs` (per output pixel)."""
    costs = {run.label: models.cost(run.model) for run in runs}
    means = scores.pivot_table(index="arm", columns="set", values="psnr", sort=False)
    means["psnr"] = scores.groupby("arm")["psnr"].mean()
    return means.loc[list(costs)].join(pd.DataFrame(costs).T)


def ladder(runs, scores: pd.DataFrame) -> pd.DataFrame:
    """The way from SRCNN to the combined model (`claims.LADDER`), a row per step, indexed by arm.

    Columns: `change` in words, `psnr` (mean over all images, dB), `difference` to the step before with its 95 %
    interval `low`, `high`, and the network's `parameters` and `macs`.
    """
    steps = [(claims.LADDER[0][1], None, "where it starts"), *claims.LADDER]
    rows = {}
    for arm, before, change in steps:
        both = scores[scores.arm.isin((arm, before or arm))]
        rows[arm] = {"change": change} | evidence.compare(both, before or arm).loc[arm].to_dict()
    return pd.DataFrame.from_dict(rows, orient="index").join(quality_and_cost(runs, scores)[["parameters", "macs"]])


def beside_published(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """PSNR in dB on the benchmarks: published rows, then this study's arms; sets that were not scored stay empty."""
    columns = list(BENCHMARKS)
    ours = table.reindex(columns=columns).assign(source="this page")
    both = pd.concat([published[[*columns, "source"]].assign(source=published.source.str.split(r"[,;]").str[0]), ours])
    return both.map(lambda v: v if isinstance(v, str) else "" if pd.isna(v) else f"{v:.2f}")
