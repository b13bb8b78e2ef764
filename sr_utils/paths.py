"""The folders of the study, each with the environment variable that sets it, and files that are written whole."""

import errno
import os
import re
import sys
import time
from pathlib import Path

import pooch
import psutil

ROOT = Path(__file__).resolve().parents[1]  # the checkout, or where an installed package lies
NOTEBOOKS = ROOT / "notebooks"


def expanded(path) -> Path:
    """A path with the user's home for `~`; another name that begins so, as `~photo.jpg`, stays."""
    path = Path(path)
    return path.expanduser() if path.parts[:1] == ("~",) else path


def _folder(variable: str, default: Path) -> Path:
    return expanded(os.environ.get(variable) or default)


def _here(name: str) -> Path:
    """A folder of the checkout or, where there is none since the package was installed, of the working folder."""
    return (ROOT if NOTEBOOKS.is_dir() else Path.cwd()) / name


def data() -> Path:
    """Image sets and archives: `SR_DATA`, else the user's cache."""
    return _folder("SR_DATA", pooch.os_cache("super-resolution-study"))


def runs() -> Path:
    """Kept training runs: `SR_RUNS`, else `runs/` in the checkout."""
    return _folder("SR_RUNS", _here("runs"))


def figures() -> Path:
    """Figures and results, one folder per profile: `SR_FIGURES`, else `figures/` in the checkout."""
    return _folder("SR_FIGURES", _here("figures"))


def record() -> Path:
    """The record, tables and weights: `SR_RECORD`, else `record/` in the checkout."""
    return _folder("SR_RECORD", _here("record"))


def output() -> Path:
    """Executed notebooks and other output that can be made again: `SR_BUILD`, else `build/` in the checkout."""
    return _folder("SR_BUILD", _here("build"))


def move_aside(folder: Path) -> None:
    """Rename a run's folder, so that it is kept but not used."""
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.old-{time.time_ns()}"))


def replace(path: Path, write) -> None:
    """Call write(temporary path), flush it to the disk and rename it: readers see the whole old or the whole new file.

    Raises `OSError` if the disk is full or the folder cannot be written, and removes the temporary file. Other
    exceptions of `write` pass through.
    """
    scratch = _scratch(path, str(os.getpid()))
    try:
        write(scratch)
        with open(scratch, "r+b") as file:  # Windows flushes no file that is only read
            os.fsync(file.fileno())
        scratch.replace(path)
    except Exception as error:
        match = re.search(r"errno = (\d+)", str(error))  # HDF5 gives the system's error only in its message
        if not match and not isinstance(error, OSError):
            raise
        number = int(match[1]) if match else error.errno or errno.EIO
        raise OSError(number, os.strerror(number)) from error
    finally:
        scratch.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove the temporary files of `path` whose processes were killed, and this process's own."""
    before, after = _scratch(path, "\0").name.split("\0")
    try:
        files = list(path.parent.iterdir())
    except (FileNotFoundError, PermissionError):
        return  # no folder, or one that can be written but not listed
    for file in files:
        if file.name.startswith(before) and file.name.endswith(after):
            number = file.name[len(before) : -len(after)]
            if number.isdecimal() and (int(number) == os.getpid() or not psutil.pid_exists(int(number))):
                file.unlink(missing_ok=True)


def _scratch(path: Path, process: str) -> Path:
    """A process's temporary file for `path`: the same suffix, and at most 200 bytes, since file systems limit names."""
    end = os.fsencode(path.name)[-200:].decode(sys.getfilesystemencoding(), errors="ignore")
    return path.with_name(f".{process}-{end}")
