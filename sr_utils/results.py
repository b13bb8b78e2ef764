"""The study's record: figures/<profile>/results.json, and its numbers beside published ones."""

import json
from pathlib import Path

import pandas as pd

from . import StudyError, backend, models, paths, training
from .data import BENCHMARKS


def write(profile: str, runs, scores: pd.DataFrame, caption: str) -> None:
    """Write figures/<profile>/results.json, once and whole. What differs from host to host stands in `host` alone."""
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
    record = {
        "profile": profile,
        "caption": caption,
        "runs": entries,
        "scores": json.loads(scores.to_json(orient="records", double_precision=6)),
        "host": {
            "versions": backend.versions(),
            "seconds_per_step": {run.folder.name: run.host["seconds_per_step"] for run in runs},
        },
    }
    path = paths.figures() / profile / "results.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        training.replace(path, lambda scratch: Path(scratch).write_text(json.dumps(record, indent=1)))
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror or error}); free space, or set SR_FIGURES."
        ) from None


def published() -> pd.DataFrame:
    """Published ×4 networks: PSNR in dB on the four benchmarks, parameters, multiply–adds per output pixel, source."""
    return pd.read_csv(Path(__file__).with_name("published.csv"), index_col="network")


def quality_and_cost(runs, scores: pd.DataFrame) -> pd.DataFrame:
    """A row per arm: mean PSNR in dB on each set and over all (`psnr`), `parameters`, `macs` (per output pixel)."""
    costs = {run.label: models.cost(run.model) for run in runs}
    means = scores.pivot_table(index="arm", columns="set", values="psnr", sort=False)
    means["psnr"] = scores.groupby("arm")["psnr"].mean()
    return means.loc[list(costs)].join(pd.DataFrame(costs).T)


def beside_published(table: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """PSNR in dB on the benchmarks: published rows, then this study's arms; sets that were not scored stay empty."""
    columns = list(BENCHMARKS)
    ours = table.reindex(columns=columns).assign(source="this page")
    both = pd.concat([published[[*columns, "source"]].assign(source=published.source.str.split(r"[,;]").str[0]), ours])
    return both.map(lambda v: v if isinstance(v, str) else "" if pd.isna(v) else f"{v:.2f}")
