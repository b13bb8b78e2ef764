"""The folders of the study, each with the environment variable that sets it, and files that are written whole."""

import functools
import os
import tempfile
import time
from pathlib import Path

import pooch

ROOT = Path(__file__).resolve().parents[1]  # the checkout, or where an installed package lies
NOTEBOOKS = ROOT / "notebooks"


def expanded(path) -> Path:
    """A path with the user's home for `~`; another name that begins so, as `~photo.jpg`, stays."""
    path = Path(path)
    return path.expanduser() if path.parts[:1] == ("~",) else path


def _folder(variable: str, name: str) -> Path:
    """The folder that the variable names, else the one of that name in `_home()`."""
    return expanded(os.environ.get(variable) or _home() / name)


def _home() -> Path:
    """Where results go: the first of checkout, working folder and user's cache that may be written, else a temporary
    folder, such as for a page in somebody else's checkout."""
    for folder in [*[ROOT] * NOTEBOOKS.is_dir(), Path.cwd(), Path(pooch.os_cache("super-resolution-study"))]:
        if os.access(next(each for each in (folder, *folder.parents) if each.exists()), os.W_OK):
            return folder
    return _temporary()


@functools.cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="super-resolution-study-"))


def data() -> Path:
    """Image sets and archives: `SR_DATA`, else the user's cache."""
    return expanded(os.environ.get("SR_DATA") or pooch.os_cache("super-resolution-study"))


def runs() -> Path:
    """Kept training runs: `SR_RUNS`, else `runs/`."""
    return _folder("SR_RUNS", "runs")


def figures() -> Path:
    """Figures and results, one folder per profile: `SR_FIGURES`, else `figures/`."""
    return _folder("SR_FIGURES", "figures")


def record() -> Path:
    """The record, tables and weights: `SR_RECORD`, else `record/`."""
    return expanded(os.environ.get("SR_RECORD") or (ROOT if NOTEBOOKS.is_dir() else _home()) / "record")


def output() -> Path:
    """Executed notebooks and other output that can be made again: `SR_BUILD`, else `build/`."""
    return _folder("SR_BUILD", "build")


def move_aside(folder: Path) -> None:
    """Rename a run's folder, so that it is kept but not used."""
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.old-{time.time_ns()}"))


def replace(path: Path, write) -> None:
    """Call write(temporary path), flush it to the disk and rename it: readers see the whole old or the new file."""
    scratch = scratch_of(path, str(os.getpid()))
    try:
        write(scratch)
        with open(scratch, "r+b") as file:  # Windows flushes no file that is only read
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def scratch_of(path: Path, process: str) -> Path:
    """A process's temporary file for `path`: the same suffix, and a short name, since file systems limit names."""
    return path.with_name(f".{process}-{path.name[-50:]}")
