"""`make reproduce` without its pages: what it checks around them."""

import pytest
from PIL import Image

from tools import reproduce


@pytest.mark.parametrize("change", ["add", "replace", "remove"])
def test_a_folder_that_changes_between_two_pages_is_told(change, tmp_path, picture, monkeypatch, capsys):
    files = [tmp_path / "photos" / f"{name}.png" for name in "ab"]
    files[0].parent.mkdir()
    for file in files:
        Image.fromarray(picture(48, 48)).save(file)
    pages = []

    def execute(notebook, target, parameters):
        pages.append(notebook)
        if change == "remove":
            files[1].unlink()
        else:
            Image.fromarray(picture(48, 48, 1)).save(files[1] if change == "replace" else tmp_path / "photos/c.png")

    monkeypatch.setattr(reproduce, "execute", execute)
    assert reproduce.main(["--data", str(tmp_path / "photos")]) == 1
    told = capsys.readouterr().err
    assert "photos changed while the pages ran" in told and "run the same command again" in told and len(pages) == 1
