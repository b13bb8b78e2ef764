"""The trained weights that come with the study."""

import json
from pathlib import Path

import pooch

from sr_utils import StudyError
from sr_utils.models.building import build

FOLDER = Path(__file__).with_name("weights")
RECORD = FOLDER / "weights.json"


def record() -> dict:
    """How each file was made: {arm: {"sha256", "profile", "data", "loss", "seed", "scores", …}}."""
    return json.loads(RECORD.read_text())


def path(arm: str) -> Path:
    """The file of that arm's weights, float16 in Keras' `.weights.h5` layout, after a check of its SHA-256.

    Raises `StudyError` for an arm without weights, and for a file that is missing or altered.
    """
    entries = record()
    if arm not in entries:
        raise StudyError(f"No weights come with the arm {arm!r}; choose {' or '.join(entries)}, or train it.")
    file = FOLDER / f"{arm}.weights.h5"
    if not file.exists() or pooch.file_hash(str(file)) != entries[arm]["sha256"]:
        raise StudyError(f"{file} is not the file that came with the study; restore it: git checkout -- {file}")
    return file


def load(arm: str):
    """The trained `keras.Model` of "combined" or "srcnn" that comes with the study; raises as `path` does."""
    file = path(arm)
    model = build(arm)
    model.load_weights(file)
    return model
