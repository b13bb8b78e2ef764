"""`make verify`: run pages again as they stand, and compare all that they print and draw with what they show.

nbval does it, cell by cell, on the page's own parameters; kept runs are found again, others are trained. Text, tables
and pictures must be the same to the byte. Left out are progress bars (stderr), the ids of live widgets, and cells with
the tag `nbval-ignore-output`. Figures and the record go to build/verify, so nothing that is published is touched.
"""

import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from sr_utils import StudyError, paths
from sr_utils.claims import record as results
from sr_utils.data.sets import BENCHMARKS, load
from tools import reproduce


class Compared:
    """What nbval compares: pictures as well as text, but not progress."""

    def pytest_collectstart(self, collector):
        if hasattr(collector, "skip_compare"):
            collector.skip_compare = {*collector.skip_compare, "stderr"} - {"image/png"}


def profile(page: Path) -> str:
    """The profile that a page shows: what its last cell of parameters says."""
    cells = nbformat.read(page, as_version=4).cells
    said = [cell.source for cell in cells if "parameters" in str(cell.metadata.get("tags"))]
    return re.findall(r'^profile\b.*?= "(\w+)"', "\n".join(said), re.M)[-1]


def prepare(records: dict[str, dict]) -> None:
    """Point figures, record and data to build/verify: a page shows what these folders hold, so they hold what its own
    run had: the records of all profiles, and no benchmark but those that it was scored on.
    """
    reproduce.make_absolute()
    scratch, figures, data = paths.build().resolve() / "verify", paths.figures(), paths.data().resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    for path in figures.glob("*/results.json"):
        copy = scratch / "figures" / path.relative_to(figures)
        copy.parent.mkdir(parents=True)
        shutil.copy(path, copy)
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


def main(*pages: str) -> int:
    """Verify these pages, or all that are committed; 0 if they show the same."""
    pages = [Path(page) for page in pages] or sorted(paths.NOTEBOOKS.glob("0*.ipynb"))
    try:
        for page in pages:
            if not page.is_file():
                raise StudyError(f"There is no page {page}; name files of notebooks/, or none for all.")
        prepare({name: results.read(name) for name in map(profile, pages)})
    except StudyError as error:
        print(f"make verify stopped: {error}", file=sys.stderr)
        return 1
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=1e6"]  # a cell may train for days
    return pytest.main([*options, "-v", "--no-header", "-p", "no:cacheprovider", *map(str, pages)], [Compared()])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
