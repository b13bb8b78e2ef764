"""The folders of the study, each with the environment variable that moves it."""

import os
import time
from pathlib import Path

import pooch

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default).expanduser()


def data() -> Path:
    """Image sets and archives: `SR_DATA`, else the user's cache."""
    return _folder("SR_DATA", pooch.os_cache("super-resolution-study"))


def runs() -> Path:
    """Kept training runs: `SR_RUNS`, else `runs/` in the checkout."""
    return _folder("SR_RUNS", ROOT / "runs")


def figures() -> Path:
    """Figures and results, one folder per profile: `SR_FIGURES`, else `figures/` in the checkout."""
    return _folder("SR_FIGURES", ROOT / "figures")


def build() -> Path:
    """Executed notebooks and other throw-away output: `SR_BUILD`, else `build/` in the checkout."""
    return _folder("SR_BUILD", ROOT / "build")


def move_aside(folder: Path) -> None:
    """Keep a run's folder under another name, where it is no longer found."""
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.old-{time.time_ns()}"))
