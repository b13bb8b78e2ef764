"""`make publish`: copy outputs of executed pages into notebooks/, and fill the README's tables from results.json.

A published page has its own code, with the default parameters, and the outputs of the executed run. A line under its
title names the run and the command.
"""

import re
import sys
from pathlib import Path

import nbformat

from sr_utils import StudyError, paths, profiles
from sr_utils.claims.record import read
from sr_utils.data.sets import NAMES
from tools import one_sentence
from tools.readme import command, fill

COMMAND = re.compile(r"make reproduce PROFILE=(\w+) DATA=(\w+) SEEDS=([\d,]+)")
RUN_CELL = "run-shown"  # the id of the cell that holds this command, under the title


def run_shown(page: nbformat.NotebookNode) -> dict | None:
    """The parameters of the run whose outputs a published page shows, or None if it names none."""
    match = COMMAND.search("\n".join(cell.source for cell in page.cells if cell.id == RUN_CELL))
    return match and {"profile": match[1], "data": match[2], "seeds": profiles.check_seeds(match[3])}


def run_line(parameters: dict) -> str:
    """Markdown: the run that a page shows, with the command that makes it."""
    profile = profiles.get(parameters["profile"])
    return (
        f"As published, this page shows the run `{command(parameters)}`: {profile.total_steps:,} steps of "
        f"{profile.batch} patches of {profile.patch}×{profile.patch} pixels per training. *Run All* uses the defaults "
        "below: a short training on images that come with the packages, without a download."
    )


def refuse_failed(page: nbformat.NotebookNode, path: Path) -> None:
    """Raise `StudyError` for a page that stopped at an error, or that was not executed to its end."""
    for cell in page.cells:
        failed = any(output.output_type == "error" for output in cell.get("outputs", []))
        if failed or "papermill-error" in str(cell.metadata.get("tags")):
            raise StudyError(f"{path} failed in cell {cell.id!r}; correct it, and run make reproduce again.")
        if cell.cell_type == "code" and not cell.execution_count:
            raise StudyError(f"{path} was not executed to its end (cell {cell.id!r}); run make reproduce again.")


def refuse_older(page: nbformat.NotebookNode, path: Path, source: nbformat.NotebookNode) -> None:
    """Raise `StudyError` for an executed page whose code, or whose module, has changed since."""
    ran = {cell.id: cell.source for cell in page.cells if cell.cell_type == "code"}
    for cell in source.cells:
        if cell.cell_type == "code" and ran.get(cell.id) != cell.source:
            raise StudyError(
                f"{path} is older than its source: cell {cell.id!r} has changed; run make reproduce again."
            )
    for module in sorted((paths.ROOT / "sr_utils").rglob("*.py")):
        if module.stat().st_mtime > path.stat().st_mtime:
            raise StudyError(
                f"{path} is older than {module.relative_to(paths.ROOT)}; run make reproduce again (kept runs are not "
                "trained again)."
            )


def with_outputs(page: nbformat.NotebookNode, source: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The page of notebooks/ with the outputs of its executed copy, without progress, times, paths and widget state.

    Pictures keep their alt text.
    """
    outputs = {cell.id: cell.outputs for cell in page.cells if cell.cell_type == "code"}
    count = 0
    for cell in source.cells:
        if cell.id == RUN_CELL:
            cell.source = run_line(page.metadata.papermill.parameters)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = [output for output in outputs[cell.id] if output.get("name") != "stderr"]
        for output in cell.outputs:
            described = output.get("metadata", {}).get("image/png", {}).get("alt")
            if "metadata" in output:
                output.metadata = nbformat.from_dict({"image/png": {"alt": described}} if described else {})
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            if "execution_count" in output:
                output.execution_count = count
    return strip(source)


def strip(page: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep kernel name, language and tags, no other metadata."""
    page.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in page.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return page


def pages(profile: str) -> list[Path]:
    """Put the outputs of build/<profile>/*.ipynb into notebooks/; returns the paths written: all pages, or none."""
    made, runs = {}, {}
    for path in sorted(paths.NOTEBOOKS.glob("0*.ipynb")):
        executed = paths.output() / profile / path.name
        if not executed.exists():
            raise StudyError(f"There is no {executed}; run make reproduce PROFILE={profile} first.")
        page, source = (nbformat.read(each, as_version=4) for each in (executed, path))
        refuse_failed(page, executed)
        refuse_older(page, executed, source)
        runs[executed.name] = page.metadata.papermill.parameters
        made[path] = with_outputs(page, source)
    first, *others = runs
    for name in others:
        if runs[name] != runs[first]:
            raise StudyError(f"{first} and {name} show different runs; run make reproduce PROFILE={profile} again.")
    if runs[first]["data"] not in NAMES:
        raise StudyError(f"These pages show the images of {runs[first]['data']}, which nobody else has; choose a set.")
    for path, page in made.items():
        nbformat.write(page, path)
    return list(made)


@one_sentence("publish")
def main(profile: str) -> int:
    for path in pages(profile):
        print(f"wrote {path}")
    readme = paths.ROOT / "README.md"
    readme.write_text(fill(readme.read_text(), read(profile)))
    print(f"refreshed the tables of {readme}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
