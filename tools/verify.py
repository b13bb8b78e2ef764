"""`make verify`: run the published pages again, and compare all that they print and draw with what they show.

nbval compares them cell by cell. The parameters are those of the command under each page's title; kept runs are used,
others are trained. Text, tables and pictures must be equal to the byte. Progress bars (stderr), the ids of live
widgets, and cells with the tag `nbval-ignore-output` are not compared. Copies of the pages, figures and the record are
written to build/verify, so that published files do not change.
"""

import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from papermill.parameterize import parameterize_notebook

from sr_utils import StudyError, paths, profiles
from sr_utils.claims.record import read
from sr_utils.data.sets import BENCHMARKS, load
from tools import one_sentence, reproduce
from tools.publish import run_shown


class Compared:
    """A pytest plugin that makes nbval compare pictures as well as text, but not progress bars."""

    def pytest_collectstart(self, collector):
        if hasattr(collector, "skip_compare"):
            collector.skip_compare = {*collector.skip_compare, "stderr"} - {"image/png"}


def runs_of(pages: list[Path]) -> dict[Path, dict]:
    """The parameters of the run that each page shows. Raises `StudyError` for a page that is absent or shows none."""
    runs = {}
    for page in pages:
        if not page.is_file():
            raise StudyError(f"There is no page {page}; name files of notebooks/, or none for all.")
        runs[page] = run_shown(nbformat.read(page, as_version=4))
        if runs[page] is None:
            raise StudyError(f"{page} does not say which run it shows; run make publish first.")
    return runs


def copy_with_run(page: Path, parameters: dict, folder: Path) -> Path:
    """The page with its outputs and, as in `make reproduce`, a cell that sets the parameters of its run."""
    folder.mkdir(parents=True, exist_ok=True)
    book = nbformat.read(page, as_version=4)
    book.metadata.setdefault("papermill", {})
    for cell in book.cells:
        cell.metadata.setdefault("tags", [])  # papermill asks for both
    nbformat.write(parameterize_notebook(book, parameters), folder / page.name)
    return folder / page.name


def prepare(records: dict[str, dict]) -> None:
    """Point figures, record and data to build/verify. A page shows what these folders hold, so they hold what its run
    had: its own record, those that came with the repository, and only the benchmarks that it was scored on.
    """
    reproduce.make_absolute()
    scratch, figures, data = paths.output().resolve() / "verify", paths.figures(), paths.data().resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    for path in figures.glob("*/results.json"):
        if path.parent.name in profiles.PROFILES and path.parent.name not in records:
            continue  # a run of this machine's own
        target = scratch / "figures" / path.relative_to(figures)
        target.parent.mkdir(parents=True)
        shutil.copy(path, target)
    used = {name for record in records.values() for name in record["scores"]["set"]}
    for name in used | {run["data"] for record in records.values() for run in record["runs"]}:
        load(name)  # or have it downloaded now
    (scratch / "data/benchmark").mkdir(parents=True)
    for entry in data.glob("*"):
        if entry.name != "benchmark":
            (scratch / "data" / entry.name).symlink_to(entry)
    for name in used & set(BENCHMARKS):
        (scratch / "data/benchmark" / BENCHMARKS[name]).symlink_to(data / "benchmark" / BENCHMARKS[name])
    os.environ |= {"SR_FIGURES": str(scratch / "figures"), "SR_DATA": str(scratch / "data")}


@one_sentence("verify")
def main(*pages: str) -> int:
    """Verify these pages, or all that are committed; 0 if they show the same."""
    runs = runs_of([Path(page) for page in pages] or sorted(paths.NOTEBOOKS.glob("0*.ipynb")))
    prepare({run["profile"]: read(run["profile"]) for run in runs.values()})
    copies = [str(copy_with_run(page, run, paths.output().resolve() / "verify/pages")) for page, run in runs.items()]
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=1e6"]  # a cell may train for days
    return pytest.main([*options, "-v", "--no-header", "-p", "no:cacheprovider", *copies], [Compared()])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
