"""The trained weights that come with the study, in Keras' layout and as an ONNX file."""

import json
from pathlib import Path

import pooch

from sr_utils import StudyError

FOLDER = Path(__file__).with_name("weights")
RECORD = FOLDER / "weights.json"


def record() -> dict:
    """How each arm's files were made: {arm: {"sha256", "reach", "profile", "data", "loss", "seed", "scores", …}}."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def path(arm: str, suffix: str = ".weights.h5") -> Path:
    """The file of that arm's weights in float16, ".weights.h5" (Keras) or ".onnx", after a check of its SHA-256."""
    entries = record()
    if arm not in entries:
        raise StudyError(f"No weights come with the arm {arm!r}; choose {' or '.join(entries)}, or train it.")
    file = FOLDER / f"{arm}{suffix}"
    if not file.exists() or pooch.file_hash(str(file)) != entries[arm]["sha256"][suffix]:
        raise StudyError(f"{file} is not the file that came with the study; restore it: git checkout -- {file}")
    return file


def load(arm: str):
    """The trained `keras.Model` of "combined" or "srcnn" that comes with the study; raises as `path` does."""
    from sr_utils.models.costs import build  # so late, for it brings Keras with it

    file = path(arm)
    model = build(arm)
    model.load_weights(file)
    return model
