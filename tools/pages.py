"""`make pages`, `make publish`, `make verify`: execute the pages as they stand, from the record alone; put what they
show into notebooks/, figures/ and the README; or compare it with what is committed there."""

import base64
import io
import os
import shutil
import time
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image

from sr_utils import StudyError, paths, profiles
from sr_utils.claims import replication
from tools import readme, reproduce

RUN_CELL = "run-shown"  # the id of the cell that says which run a page shows
GREY_LEVELS = 2  # by which a picture may differ that another processor drew
IGNORED = "nbval-ignore-output"  # the tag of cells that show progress, widgets, or the machine


def run_line(parameters: dict) -> str:
    """Markdown: the run that a page shows, with the command that trains it again."""
    profile = profiles.get(parameters["profile"])
    return (
        f"*The pages show recorded trainings of {profile.total_steps:,} steps of {profile.batch} patches of "
        f"{profile.patch}×{profile.patch} pixels, so that* Run All *takes a minute. "
        f"`{readme.command_line(parameters)}` trains them again. What seeds below {replication.FIRST} say is "
        "exploratory; the verdicts on 06 and 07 are those of fresh seeds.*"
    )


def code_cells(page: nbformat.NotebookNode) -> dict:
    """{id: cell} of a page's code."""
    return {cell.id: cell for cell in page.cells if cell.cell_type == "code"}


def run_pages(names=()) -> list[Path]:
    """Execute these pages of notebooks/, or all, into build/pages; their figures go to build/pages/figures."""
    folder, known = paths.output() / "pages", {page.name: page for page in sorted(paths.NOTEBOOKS.glob("0*.ipynb"))}
    wanted = [Path(name).name for name in names] or list(known)
    for name in wanted:
        if name not in known:
            raise StudyError(f"There is no page {name}; choose from {', '.join(known)}.")
    os.environ |= {"SR_FIGURES": str(folder / "figures"), "SR_DATA": str(folder / "no-data")}  # the same everywhere
    for name in wanted:
        began = time.perf_counter()
        reproduce.execute(known[name], folder / name, {})
        print(f"{known[name].stem}: {time.perf_counter() - began:.0f} s", flush=True)
    return [folder / name for name in wanted]


def refuse(path: Path, page: nbformat.NotebookNode, source: nbformat.NotebookNode) -> None:
    """Raise `StudyError` for an executed page that failed, or whose code, module or record has changed since."""
    ran = code_cells(page)
    for id, cell in code_cells(source).items():
        if id not in ran or ran[id].source != cell.source:
            raise StudyError(f"{path} is older than its source: cell {id!r} has changed; run make pages again.")
        if not ran[id].execution_count or any(output.output_type == "error" for output in ran[id].outputs):
            raise StudyError(f"{path} failed in cell {id!r}, or before it; correct it, and run make pages again.")
    for file in sorted([*(paths.ROOT / "sr_utils").rglob("*.py"), *paths.record().glob("*.csv")]):
        if file.stat().st_mtime > path.stat().st_mtime:
            raise StudyError(f"{path} is older than {file.relative_to(paths.ROOT)}; run make pages again.")


def with_outputs(page: nbformat.NotebookNode, source: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The page of notebooks/ with the outputs of its executed copy, without progress, times, paths and widget state.

    Pictures keep their alt text; a page keeps its kernel's name and language, a cell its tags and whether it is folded.
    """
    ran = code_cells(page)
    for count, (id, cell) in enumerate(code_cells(source).items(), 1):
        cell.execution_count = count
        cell.outputs = [output for output in ran[id].outputs if not _progress(output)]
        for output in cell.outputs:
            described = output.get("metadata", {}).get("image/png", {}).get("alt")
            if "metadata" in output:
                output.metadata = nbformat.from_dict({"image/png": {"alt": described}} if described else {})
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            if "execution_count" in output:
                output.execution_count = count
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    source.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    for cell in source.cells:
        kept = {key: value for key, value in cell.metadata.items() if key in ("tags", "jupyter") and value}
        cell.metadata = nbformat.from_dict(kept)
    return source


def _progress(output) -> bool:
    """Whether an output is what a training says while it runs: a line of text, or JupyterLab's progress bar."""
    return output.get("name") == "stderr" or "epoch/s]" in output.get("data", {}).get("text/plain", "")


def publish_pages() -> list[Path]:
    """Put the outputs of build/pages into notebooks/, and its figures into figures/: all of them, or nothing."""
    folder, made = paths.output() / "pages", {}
    for path in sorted(paths.NOTEBOOKS.glob("0*.ipynb")):
        executed = folder / path.name
        if not executed.exists():
            raise StudyError(f"There is no {executed}; run make pages first.")
        page, source = (nbformat.read(each, as_version=4) for each in (executed, path))
        refuse(executed, page, source)
        for cell in source.cells:
            if cell.id == RUN_CELL:
                cell.source = run_line(readme.defaults(path))
        made[path] = with_outputs(page, source)
    for path, page in made.items():
        nbformat.write(page, path)
    for figures in (folder / "figures").iterdir():
        shutil.rmtree(paths.figures() / figures.name, ignore_errors=True)
        shutil.copytree(figures, paths.figures() / figures.name)
    return list(made)


def differences(page: nbformat.NotebookNode, committed: nbformat.NotebookNode) -> list[str]:
    """In which cells an executed page shows something else than the committed one: "cell 'scores' (text/html)"."""
    theirs, found = code_cells(committed), []
    for id, cell in code_cells(page).items():
        if IGNORED not in cell.metadata.get("tags", []):
            shown = [_shown(each.outputs) for each in (cell, theirs[id])]
            for number, kind in sorted({*shown[0], *shown[1]}):
                if not _alike(kind, *(each.get((number, kind), "") for each in shown)):
                    found.append(f"cell {id!r} ({kind})")
    return found


def _shown(outputs) -> dict:
    """{(number, kind): content} of a cell's outputs, but for progress."""
    parts = [each.get("data") or {"text/plain": each.get("text", "")} for each in outputs if not _progress(each)]
    return {(i, kind): content for i, part in enumerate(parts) for kind, content in part.items() if "view" not in kind}


def _alike(kind: str, mine: str, theirs: str) -> bool:
    if kind != "image/png" or not mine or not theirs:
        return mine == theirs
    files = (io.BytesIO(base64.b64decode(each)) for each in (mine, theirs))
    one, other = (np.asarray(Image.open(file).convert("RGB"), int) for file in files)
    return one.shape == other.shape and np.abs(one - other).max() <= GREY_LEVELS


def pages(*names: str) -> None:
    """Execute these pages, or all."""
    for path in run_pages(names):
        print(f"wrote {path}")


def publish() -> None:
    """Put what they show into notebooks/, figures/ and the README."""
    for path in publish_pages():
        print(f"wrote {path}")
    file, shown = paths.ROOT / "README.md", readme.published(max(paths.NOTEBOOKS.glob("06*.ipynb")))
    file.write_text(readme.fill(file.read_text(encoding="utf-8"), shown), encoding="utf-8")
    print(f"wrote {file}")


def verify(*names: str) -> int:
    """Execute these pages, or all, and print what they show otherwise than the committed ones."""
    wrong = 0
    for path in run_pages(names):
        found = differences(*(nbformat.read(each, as_version=4) for each in (path, paths.NOTEBOOKS / path.name)))
        wrong += bool(found)
        print(f"{path.stem}: {'differs in ' + ', '.join(found) if found else 'as committed'}")
    return int(wrong > 0)
