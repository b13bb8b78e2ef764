"""The weights that come with the study: an altered file and a missing one are refused."""

import shutil

import pytest

from sr_utils import StudyError, models
from sr_utils.models import pretrained


def test_an_altered_file_is_refused(tmp_path, monkeypatch):
    shutil.copytree(pretrained.FOLDER, tmp_path / "weights")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "weights")
    file = tmp_path / "weights/srcnn.weights.h5"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(StudyError, match="is not the file that came with the study; restore it: git checkout"):
        models.load("srcnn")
