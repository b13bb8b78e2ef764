"""`make pages`, `make publish`, `make verify`: execute the pages as they stand, from the record; put what they show
into notebooks/, figures/ and the README; or compare it with what is committed there.

No training, no download, and no benchmark image is needed. A published page has its own code and the outputs of the
executed copy; a line says which run it shows and with which command that was made.
"""

import ast
import base64
import io
import os
import shutil
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import papermill
from PIL import Image

from sr_utils import StudyError, paths, profiles
from tools import command, readme, reproduce

RUN_CELL = "run-shown"  # the id of the cell that says which run a page shows
GREY_LEVELS = 2  # by which a picture may differ that another processor drew
IGNORED = "nbval-ignore-output"  # the tag of cells that show progress, widgets, or the machine


def defaults(page: Path) -> dict:
    """The parameters of a page as it stands."""
    return {name: ast.literal_eval(each["default"]) for name, each in papermill.inspect_notebook(str(page)).items()}


def run_line(parameters: dict) -> str:
    """Markdown: the run that a page shows, with the command that trains it again."""
    profile = profiles.get(parameters["profile"])
    return (
        f"*This page shows recorded trainings of {profile.total_steps:,} steps of {profile.batch} patches of "
        f"{profile.patch}×{profile.patch} pixels, so that* Run All *takes a minute. "
        f"`{readme.command_line(parameters)}` trains them again.*"
    )


def executed_folder() -> Path:
    return paths.output() / "pages"


def run_pages(names=()) -> list[Path]:
    """Execute these pages of notebooks/, or all, into build/pages; their figures go to build/pages/figures."""
    folder, pages = executed_folder().resolve(), sorted(paths.NOTEBOOKS.glob("0*.ipynb"))
    known = {page.name: page for page in pages}
    for name in names:
        if Path(name).name not in known:
            raise StudyError(f"There is no page {name}; choose from {', '.join(known)}.")
    pages = [known[Path(name).name] for name in names] or pages
    os.environ |= {"SR_FIGURES": str(folder / "figures"), "SR_DATA": str(folder / "no-data")}  # the same everywhere
    reproduce.make_absolute()
    for page in pages:
        began = time.perf_counter()
        reproduce.execute(page, folder / page.name, {})
        print(f"{page.stem}: {time.perf_counter() - began:.0f} s", flush=True)
    return [folder / page.name for page in pages]


def refuse_failed(page: nbformat.NotebookNode, path: Path) -> None:
    """Raise `StudyError` for a page that stopped at an error, or that was not executed to its end."""
    for cell in page.cells:
        failed = any(output.output_type == "error" for output in cell.get("outputs", []))
        if failed or "papermill-error" in str(cell.metadata.get("tags")):
            raise StudyError(f"{path} failed in cell {cell.id!r}; correct it, and run make pages again.")
        if cell.cell_type == "code" and not cell.execution_count:
            raise StudyError(f"{path} was not executed to its end (cell {cell.id!r}); run make pages again.")


def refuse_older(page: nbformat.NotebookNode, path: Path, source: nbformat.NotebookNode) -> None:
    """Raise `StudyError` for an executed page whose code, module or record has changed since."""
    ran = {cell.id: cell.source for cell in page.cells if cell.cell_type == "code"}
    for cell in source.cells:
        if cell.cell_type == "code" and ran.get(cell.id) != cell.source:
            raise StudyError(f"{path} is older than its source: cell {cell.id!r} has changed; run make pages again.")
    for file in sorted([*(paths.ROOT / "sr_utils").rglob("*.py"), *paths.record().glob("*.csv")]):
        if file.stat().st_mtime > path.stat().st_mtime:
            raise StudyError(f"{path} is older than {file.relative_to(paths.ROOT)}; run make pages again.")


def with_outputs(page: nbformat.NotebookNode, source: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The page of notebooks/ with the outputs of its executed copy, without progress, times, paths and widget state.

    Pictures keep their alt text.
    """
    outputs = {cell.id: cell.outputs for cell in page.cells if cell.cell_type == "code"}
    count = 0
    for cell in source.cells:
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


KEPT = {"tags", "jupyter"}  # of a cell's metadata


def strip(page: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep kernel name, language, tags and whether a cell is folded, no other metadata."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    page.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    for cell in page.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key in KEPT and value}
        )
    return page


def publish() -> list[Path]:
    """Put the outputs of build/pages into notebooks/, and its figures into figures/: all of them, or nothing."""
    made = {}
    for path in sorted(paths.NOTEBOOKS.glob("0*.ipynb")):
        executed = executed_folder() / path.name
        if not executed.exists():
            raise StudyError(f"There is no {executed}; run make pages first.")
        page, source = (nbformat.read(each, as_version=4) for each in (executed, path))
        refuse_failed(page, executed)
        refuse_older(page, executed, source)
        for cell in source.cells:
            if cell.id == RUN_CELL:
                cell.source = run_line(defaults(path))
        made[path] = with_outputs(page, source)
    for path, page in made.items():
        nbformat.write(page, path)
    for folder in (executed_folder() / "figures").iterdir():
        shutil.rmtree(paths.figures() / folder.name, ignore_errors=True)
        shutil.copytree(folder, paths.figures() / folder.name)
    return list(made)


def differences(page: nbformat.NotebookNode, committed: nbformat.NotebookNode) -> list[str]:
    """In which cells an executed page shows something else than the committed one: "cell 'scores' (text/html)"."""
    shown, found = {cell.id: cell for cell in committed.cells if cell.cell_type == "code"}, []
    for cell in page.cells:
        if cell.cell_type != "code" or IGNORED in cell.metadata.get("tags", []):
            continue
        mine, theirs = (_shown(each.outputs) for each in (cell, shown[cell.id]))
        for kind in sorted({*mine, *theirs}):
            if not (_alike if kind[1] == "image/png" else str.__eq__)(mine.get(kind, ""), theirs.get(kind, "")):
                found.append(f"cell {cell.id!r} ({kind[1]})")
    return found


def _shown(outputs) -> dict:
    """{(number, kind): content} of a cell's outputs, but for progress."""
    outputs = [output for output in outputs if output.get("name") != "stderr"]
    parts = [output.get("data") or {"text/plain": output.get("text", "")} for output in outputs]
    return {(i, kind): content for i, part in enumerate(parts) for kind, content in part.items() if "view" not in kind}


def _alike(mine: str, theirs: str) -> bool:
    if not mine or not theirs:
        return False
    one, other = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(each))).convert("RGB"), int) for each in (mine, theirs)
    )
    return one.shape == other.shape and np.abs(one - other).max() <= GREY_LEVELS


def verify(names=()) -> int:
    """Execute pages and print what they show otherwise than the committed ones; returns how many do."""
    wrong = 0
    for path in run_pages(names):
        page, committed = (nbformat.read(each, as_version=4) for each in (path, paths.NOTEBOOKS / path.name))
        found = differences(page, committed)
        wrong += bool(found)
        print(f"{path.stem}: {'as committed' if not found else 'differs in ' + ', '.join(found)}")
    return wrong


def main(task: str, *names: str) -> int:
    """`task` is "pages", "publish" or "verify"; `names` are pages, all by default."""
    return command(task)(TASKS[task])(*names)


def _publish() -> int:
    for path in publish():
        print(f"wrote {path}")
    file = paths.ROOT / "README.md"
    shown = readme.published(max(paths.NOTEBOOKS.glob("06*.ipynb")))
    file.write_text(readme.fill(file.read_text(encoding="utf-8"), shown), encoding="utf-8")
    print(f"refreshed the tables of {file}")
    return 0


TASKS = {
    "pages": lambda *names: run_pages(names) and 0,
    "publish": _publish,
    "verify": lambda *names: int(verify(names) > 0),
}

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
