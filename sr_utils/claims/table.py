"""The study's claims, a row each, read from claims.csv: what the original says, and what is tested for it.

The original is the study that these notebooks reproduce. Each of its claims is one *primary* row. Where it says several
things at once, the primary row is the intersection of its parts: it holds only if all of them do. Every other row is
*secondary*: the parts, the controls, the quantities behind them, and the study's own combined model.

A row expects that in `metric`, `arm` has "more" or "less" than `reference`, or the "same" within ±`margin`:

- `id`: as text cites it, the original's claim, and a letter for a row behind it (6s is the original's word on skips);
- `study`: the notebook that asks it; `claim`: what is tested; `original`: what the original says, for a primary row;
- `reference`: an arm; empty where the claim is about a quantity, which is then compared with `null`;
- `metric`: a row of metrics.csv; "loss" is the MSE of uint8 SR over all pixels and channels of a benchmark image;
- `margin`: in the file in dB; here, of a loss, as the share of the reference's mean that so many dB of PSNR are;
- `parts`: ids of the rows whose intersection this row is, with blanks between; it has no arm of its own then;
- `published`: the original's own difference, where it gives one, in the metric's unit;
- `control`: whether the row rules out another explanation; `note`: what a reader must know beside the verdict.

Made from these: `family`, "primary" or "secondary"; `part_of`, the intersection that a row is part of; `unit`; and
`quantity`, whether the effect is no difference. In metrics.csv, a `scale` of "percent" says how a number is printed;
of "ratio", that means and intervals are taken of its logarithm.
"""

from pathlib import Path

import pandas as pd

#: From SRCNN to the combined model: (arm, the arm before it, what was changed). The middle step changes two things.
LADDER = (
    ("post_upsampling", "srcnn", "moving every convolution to LR size"),
    ("post_skip", "post_upsampling", "a global skip whose last layer starts at zero (two changes in one step)"),
    ("combined", "post_skip", "residual blocks instead of two large convolutions"),
    ("combined mae", "combined", "MAE instead of MSE"),
)
FURTHEST = "the furthest two of the five"
METRICS = pd.read_csv(Path(__file__).with_name("metrics.csv"), index_col="metric", keep_default_na=False)


def share_of_mse(decibels: float) -> float:
    """The share by which an MSE changes with so many dB of PSNR: 0.1 dB are 2.3 %."""
    return 10 ** (decibels / 10) - 1


def between(a: str, b: str) -> str:
    """The name under which observations hold what two arms have in common, the same in either order."""
    return " ~ ".join(sorted((a, b)))


def _read() -> pd.DataFrame:
    numbers = dict.fromkeys(("null", "margin", "published"), "")
    path = Path(__file__).with_name("claims.csv")
    table = pd.read_csv(path, dtype={"id": str}, keep_default_na=False, na_values=numbers)
    table = table.fillna({"null": 0.0, "margin": 0.0}).replace({"expect": {"": "more"}, "metric": {"": "psnr"}})
    whole = {part: row.id for row in table.itertuples() for part in row.parts.split()}
    return table.assign(
        claim=table.claim.where(table.claim != "", table.original),
        margin=table.margin.where(table.metric != "loss", share_of_mse(table.margin)),
        parts=table.parts.str.split().map(tuple),
        control=table.control != "",
        family=(table.original != "").map({True: "primary", False: "secondary"}),
        part_of=table.id.map(whole).fillna(""),
        unit=table.metric.map(METRICS.unit),
        quantity=(table.reference == "") & (table.metric != "epochs"),
    )


CLAIMS = tuple(_read().itertuples(index=False, name="Claim"))
BY_ID = {claim.id: claim for claim in CLAIMS}
