"""The README's tables and sentences about results, between `<!-- name -->` and `<!-- /name -->`, from the records."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pandas as pd
from papermill import inspect_notebook

from sr_utils import paths, profiles, record
from sr_utils.claims import replication
from sr_utils.claims.phrases import findings


def command_line(parameters: dict) -> str:
    """The command that makes a run of these parameters."""
    seeds = ",".join(map(str, parameters["seeds"]))
    return f"make reproduce PROFILE={parameters['profile']} DATA={parameters['data']} SEEDS={seeds}"


def defaults(page: Path) -> dict:
    """The parameters of a page as it stands."""
    return {name: ast.literal_eval(each["default"]) for name, each in inspect_notebook(str(page)).items()}


def published(page: Path) -> dict:
    """What the README says of the published run: the `parameters` of that page (06), its `claims`, what its cell
    `finding` says, which seeds its verdicts are `by`, the record's `runs` that it shows, and its `fresh` ones."""
    shown, cells = defaults(page), {cell.id: cell for cell in nbformat.read(page, as_version=4).cells}
    finding, setting = (
        next((output.data["text/markdown"] for output in cells[id].outputs if "data" in output), "")
        for id in ("finding", "setting")
    )
    by = "".join(re.findall(r"The verdicts are (.*?) \(\[07", setting))
    claims = pd.read_csv(paths.figures() / shown["profile"] / "claims.csv", index_col="id")
    text = claims.select_dtypes(exclude="number").columns.difference(["published"])
    claims = claims.fillna(dict.fromkeys(text, ""))
    runs = record.read("runs").query("profile == @shown['profile'] and data == @shown['data']")
    fresh = runs[runs.seed.between(replication.FIRST, replication.LAST)]
    runs = runs[runs.seed.isin(shown["seeds"])]
    return {"parameters": shown, "claims": claims, "finding": finding, "by": by, "runs": runs, "fresh": fresh}


def findings_table(shown: dict) -> str:
    """Markdown: each claim of the original, the verdict first, its figure, and the part that decides, as measured."""
    table = findings(shown["claims"], brief=True).rename_axis("id").reset_index()
    linked = "[" + table.id + f"](figures/{shown['parameters']['profile']}/" + table.figure + ".png)"
    columns = {"verdict": "**" + table.verdict + "**", "measured here": table.ours}
    columns["the original says"] = linked.where(table.figure != "", table.id) + ": " + table.original
    return markdown(pd.DataFrame(columns)[["verdict", "the original says", "measured here"]])


def run_shown_line(shown: dict) -> str:
    """Markdown: which command made the published results, on what, how long its trainings took, and the verdicts."""
    runs, sets = shown["runs"], dict.fromkeys(record.read("scores").query("seed >= 0 and data == 'bsds500'").set)
    by = shown["by"].replace("the registration", "[the registration](record/registration.md)")
    paper = record.read("runs").query("profile == 'paper' and arm == 'srcnn' and loss == 'mse'")
    alone = f"; for row 2, {len(paper)} of {profiles.get('paper').total_steps:,} steps" if len(paper) else ""
    by += f" ({len(shown['fresh'])} more trainings{alone})" if by.startswith("confirmatory") else ""
    return (
        f"By `{command_line(shown['parameters'])}`: {len(runs)} trainings, "
        f"{runs.seconds.sum() / 3600:.1f} hours of training steps ([machines](record/README.md)), scored on "
        f"{', '.join(sets)}. The verdicts are {by}."
    )


def limits_line(shown: dict) -> str:
    """Markdown: what the published run cannot say, because it differs from the original's."""
    profile, all_of_them = profiles.get(shown["parameters"]["profile"]), "What-differs-from-the-original-study"
    return (
        f"**What it cannot say.** But for row 2, trainings had {profile.total_steps:,} steps on "
        f"{shown['parameters']['data']}, the original's 50,000 on DIV2K's 800 images. The perceptual loss reads other "
        "layers of VGG-19. "
        f"[Every difference](notebooks/00_background.ipynb#{all_of_them})."
    )


def minutes_line(_) -> str:
    """Markdown: how long a first `make reproduce` takes, on each machine where `make bench BENCHES=minutes` ran."""
    benches, timings = json.loads((paths.ROOT / "figures/bench/bench.json").read_text(encoding="utf-8")), {}
    for row in benches["minutes"]["results"]["rows"]:
        timed = f"{row['seconds'] / 60:.0f} in {row['precision']}"
        timings.setdefault(f"{row['cores']} cores, {row['processor']}", []).append(timed)
    machines = "; ".join(f"{' and '.join(timed)} on {machine}" for machine, timed in timings.items())
    return f"Minutes of a first run, the environment excluded: {machines}."


TABLES = {
    "answer": lambda shown: shown["finding"],
    "findings": findings_table,
    "limits": limits_line,
    "minutes": minutes_line,
    "run": run_shown_line,
}


def fill(text: str, shown, tables: dict = TABLES) -> str:
    """Replace what stands between `<!-- name -->` and `<!-- /name -->` by the table of that name."""
    for name, table in tables.items():
        between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        text = between.sub(lambda _, table=table: f"{table(shown)}\n", text)
    return text


def markdown(table: pd.DataFrame) -> str:
    """A table as Markdown; an index that has a name becomes its first column, or several."""
    table = table.reset_index(drop=table.index.names == [None])
    lines = [table.columns, ["---"] * table.shape[1], *table.to_numpy(object)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
