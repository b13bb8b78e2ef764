"""The README's tables and sentences about results, between `<!-- name -->` and `<!-- /name -->`, from the records."""

import json
import re

import pandas as pd

from sr_utils import paths
from sr_utils.claims.phrases import findings


def command_line(parameters: dict) -> str:
    """The command that makes a run of these parameters."""
    seeds = ",".join(map(str, parameters["seeds"]))
    return f"make reproduce PROFILE={parameters['profile']} DATA={parameters['data']} SEEDS={seeds}"


def findings_table(record: dict) -> str:
    """Markdown: the original's claims, what was measured of the part that decides, the verdict, its figure."""
    lines = ["| | the original says | measured here | verdict |", "|---|---|---|---|"]
    for row in findings(record["claims"], brief=True).itertuples():
        figure = f"figures/{record['profile']}/{row.figure}.png"
        id = f"[{row.Index}]({figure})" if row.figure else row.Index
        lines.append(f"| {id} | {row.original} | {row.ours} | **{row.verdict}** |")
    return "\n".join(lines)


def run_shown_line(record: dict) -> str:
    """Markdown: which command made the published results, on what, how long its trainings took, and the verdicts."""
    runs, seconds = record["runs"], record["host"]["seconds_per_step"].values()
    parameters = {"profile": record["profile"], "data": runs[0]["data"], "seeds": sorted({r["seed"] for r in runs})}
    hours = sum(each * run["steps"] for each, run in zip(seconds, runs, strict=True)) / 3600
    made_on = record["host"]["versions"].get("processor", record["host"]["versions"]["machine"])
    return (
        f"These results, and the pages, are those of `{command_line(parameters)}`: {len(runs)} trainings, "
        f"{hours:.1f} hours of training steps ({made_on}), "
        f"scored on {', '.join(dict.fromkeys(record['scores']['set']))}. "
        f"{count_of_verdicts(record['claims'])}"
    )


def limits_line(record: dict) -> str:
    """Markdown: what the published run cannot say, because it differs from the original's."""
    run = record["runs"][0]
    layers = " and ".join(run["profile"]["vgg_layers"])
    return (
        f"**What it cannot say.** These networks were trained for {run['steps']:,} steps on {run['data']}, the "
        f"original's for 50,000 on DIV2K's 800 images. The perceptual loss reads VGG-19's {layers}, the "
        "original's the first and the last max-pooling layer. [Every difference](notebooks/00_background.ipynb"
        "#What-differs-from-the-original-study)."
    )


def count_of_verdicts(claims: pd.DataFrame) -> str:
    """How many rows of each family hold, do not hold and stay open, in a sentence."""
    parts = []
    for family, rows in claims[claims.p.notna()].groupby("family"):
        counts = (
            f"{(rows.verdict == verdict).sum()} {verb}"
            for verdict, verb in (("holds", "held"), ("does not hold", "did not"), ("undecided", "stayed undecided"))
        )
        parts.append(f"of {len(rows)} {family} rows, {', '.join(counts)}")
    return f"{'; '.join(parts).capitalize()}." if parts else "One seed gives no verdicts."


def minutes_line(record: dict) -> str:
    """Markdown: how long a first `make reproduce` takes, on each machine where `make bench BENCHES=minutes` ran."""
    timings = {}
    for row in json.loads((paths.ROOT / "figures/bench/bench.json").read_text(encoding="utf-8"))["minutes"]["results"][
        "rows"
    ]:
        timed = f"{row['seconds'] / 60:.0f} minutes in {row['precision']}"
        timings.setdefault(f"{row['cores']} cores of an {row['processor']}", []).append(timed)
    machines = "; ".join(f"{' and '.join(timed)} on {machine}" for machine, timed in timings.items())
    return f"A first `make reproduce` takes {machines}; the environment comes on top."


TABLES = {
    "findings": findings_table,
    "limits": limits_line,
    "minutes": minutes_line,
    "run": run_shown_line,
}


def fill(text: str, record: dict, tables: dict = TABLES) -> str:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` by the table of that name."""
    for name, table in tables.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda m, table=table: m[1] + table(record) + "\n" + m[2],
            text,
            flags=re.S,
        )
    return text


def markdown(heads: list, rows: list) -> str:
    """A table of that first row and these, as Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
