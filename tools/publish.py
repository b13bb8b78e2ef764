"""`make publish`: executed notebooks back into notebooks/, stripped; the README's tables from results.json."""

import re
import sys

import nbformat

from sr_utils import StudyError, paths
from sr_utils.claims.record import claims_by_run, read, survivors
from sr_utils.claims.statistics import signed, span

REFERENCE_NOTE = "# The run shown on this page. Delete this cell to run with the defaults above.\n"


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep kernel name, language and tags; drop times, paths, progress output and widget state."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if "injected-parameters" in tags:
            cell.id = "reference-run"
            cell.source = (
                REFERENCE_NOTE + cell.source.removeprefix("# Parameters\n").removeprefix(REFERENCE_NOTE).strip()
            )
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            output.get("metadata", {}).clear()
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def notebooks(profile: str) -> list:
    """Copy build/<profile>/*.ipynb over notebooks/; returns the paths written."""
    executed = sorted((paths.build() / profile).glob("0*.ipynb"))
    if not executed:
        raise StudyError(
            f"{paths.build() / profile} holds no executed notebook; run make reproduce PROFILE={profile} first."
        )
    written = []
    for path in executed:
        nbformat.write(strip(nbformat.read(path, as_version=4)), paths.NOTEBOOKS / path.name)
        written.append(paths.NOTEBOOKS / path.name)
    return written


def cost_table(record: dict) -> str:
    """Markdown: parameters and multiply–adds per output pixel of each network."""
    rows = {run["arm"]: run for run in record["runs"] if run["loss"] == "mse"}
    lines = ["| network | parameters | multiply–adds per output pixel |", "|---|---:|---:|"]
    lines += [f"| `{arm}` | {run['parameters']:,} | {run['macs']:,.0f} |" for arm, run in rows.items()]
    return "\n".join(lines)


def score_table(record: dict) -> str:
    """Markdown: arms × sets, PSNR and SSIM, means over images and seeds, and what made them."""
    scores = record["scores"]
    means = scores.groupby(["arm", "set"], sort=False)[["psnr", "ssim"]].mean()
    sets = list(dict.fromkeys(scores["set"]))
    lines = ["| arm | " + " | ".join(f"{s} / dB · SSIM" for s in sets) + " |", "|---|" + "---:|" * len(sets)]
    for arm in dict.fromkeys(scores.arm):
        cells = (f"{means.loc[(arm, s)].psnr:.2f} · {means.loc[(arm, s)].ssim:.4f}" for s in sets)
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"*{record['caption']}*"])


def verdict_line(record: dict) -> str:
    """Markdown: how many of the tested claims hold, do not hold and stay open, and what was refuted."""
    tested = record["claims"][record["claims"].p.notna()]
    counts = [f"{(tested.corrected == verdict).sum()} {words}" for verdict, words in
              (("holds", "hold"), ("does not hold", "do not hold"), ("undecided", "are undecided"))]  # fmt: skip
    refuted = tested[tested.corrected == "does not hold"]
    lines = [f"Of {len(tested)} rows that were tested, {', '.join(counts)}, after Holm's correction over all of them. "
             "Refuted:", ""]  # fmt: skip
    lines += [
        f"- {row.claim}: {signed(row.effect)} {row.unit} ({span(row.low, row.high)})" for row in refuted.itertuples()
    ]
    return "\n".join(lines)


def survival_lines(record: dict) -> str:
    """Markdown: how many verdicts stay from each profile that `figures/` holds to the next, without naming them."""
    return "\n".join(line for line in survivors(claims_by_run()).splitlines() if line.startswith("- "))


TABLES = {"costs": cost_table, "scores": score_table, "verdicts": verdict_line, "survival": survival_lines}


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


def main(profile: str) -> int:
    try:
        for path in notebooks(profile):
            print(f"wrote {path}")
        readme = paths.ROOT / "README.md"
        readme.write_text(fill(readme.read_text(), read(profile)))
        print(f"refreshed the tables of {readme}")
    except StudyError as error:
        print(f"make publish stopped: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
