"""The study's claims, a row each, read from claims.csv: what the original says, and what is tested for it.

The original is the study that these notebooks reproduce. Each of its claims is one or two *primary* rows. Where it says
several things at once, a primary row is the intersection of its parts: it holds only if all of them do. Every other row
is *secondary*: the parts, the controls, the quantities behind them, and the study's own combined model.

A row expects that in `metric` (of metrics.csv), `arm` has "more" or "less" than `reference`, by at least `margin`
where it has one, or the "same" within ±`margin`. Columns:

- `id`: as text cites it; `study`: the notebook that asks it; `claim`: what is tested; `original`: what the original
  says, for a primary row; `published`: its own difference; `figure`: what shows the row; `note`: stands beside the
  verdict; `control`: whether the row rules out another explanation;
- `reference`: an arm; empty where the claim is about a quantity, which is then compared with `null`;
- `margin`: in the file in dB; here, of a loss, as the share of the reference's mean that so many dB of PSNR are;
- `estimator`: "mean" of the paired differences; "jackknife": the same, where a seed's row needs the next seed as well;
  "share": in what share of the seeds the difference is as expected, where a mean of runs means nothing;
- `parts`: ids of the rows whose intersection this row is, with blanks between; it has no arm of its own then.

Made from these: `family`, "primary" or "secondary"; `part_of`, the intersection that a row is part of; `unit`;
`quantity`, whether the effect is no difference. In metrics.csv, a `scale` of "percent" says how a number is printed;
of "ratio", that means and intervals are taken of its logarithm.
"""

import functools
import hashlib
from pathlib import Path

import pandas as pd

FURTHEST = "the furthest two of the five"
METRICS = pd.read_csv(Path(__file__).with_name("metrics.csv"), index_col="metric", keep_default_na=False)
FILE = Path(__file__).with_name("claims.csv")
#: What a registration fixes of a row; how it is shown and explained may change.
REGISTERED = ["id", "claim", "arm", "reference", "expect", "metric", "null", "margin", "estimator", "parts", "original"]


def share_of_mse(decibels: float) -> float:
    """The share by which an MSE changes with so many dB of PSNR: 0.1 dB are 2.3 %."""
    return 10 ** (decibels / 10) - 1


def between(a: str, b: str) -> str:
    """The name under which observations hold what two arms have in common, the same in either order."""
    return " ~ ".join(sorted((a, b)))


def _read() -> pd.DataFrame:
    numbers = dict.fromkeys(("null", "margin", "published"), "")
    table = pd.read_csv(FILE, dtype={"id": str}, keep_default_na=False, na_values=numbers)
    defaults = {"expect": {"": "more"}, "metric": {"": "psnr"}, "estimator": {"": "mean"}}
    table = table.fillna({"null": 0.0, "margin": 0.0}).replace(defaults)
    whole = {part: row.id for row in table.itertuples() for part in row.parts.split()}
    return table.assign(
        claim=table.claim.where(table.claim != "", table.original),
        margin=table.margin.where(table.metric != "loss", share_of_mse(table.margin)),
        parts=table.parts.str.split().map(tuple),
        control=table.control != "",
        family=(table.original != "").map({True: "primary", False: "secondary"}),
        part_of=table.id.map(whole).fillna(""),
        unit=table.metric.map(METRICS.unit).mask(table.estimator == "share", "of the seeds"),
        quantity=(table.reference == "") | (table.estimator == "share"),
    )


CLAIMS = tuple(_read().itertuples(index=False, name="Claim"))
BY_ID = {claim.id: claim for claim in CLAIMS}
#: Published ×4 networks: PSNR in dB on the four benchmarks, parameters, multiply–adds per output pixel, source.
PUBLISHED = pd.read_csv(FILE.with_name("published.csv"), index_col="network")


@functools.cache
def digests() -> dict[str, str]:
    """By id, the first 12 hexadecimal digits of the SHA-256 digest of what a registration fixes of each claim."""
    rows = pd.read_csv(FILE, dtype=str, keep_default_na=False).set_index("id", drop=False)[REGISTERED]
    return rows.agg("\t".join, axis=1).map(lambda row: hashlib.sha256(row.encode()).hexdigest()[:12]).to_dict()


def checksum(ids=()) -> str:
    """The SHA-256 digest of these claims, or all of them, as they are: of their ids and `digests`, a line each."""
    return hashlib.sha256("\n".join(f"{id} {digests()[id]}" for id in ids or digests()).encode()).hexdigest()
