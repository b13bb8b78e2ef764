"""Page 06's button, which compares the networks that come with the study on a reader's own photograph."""

import datetime

import nbformat
import numpy as np
import pytest

from sr_utils import evaluation, models, paths, plots, widgets
from sr_utils.models import pretrained
from tests.files import saved


@pytest.fixture
def cell():
    """The names that the cell leaves behind, and what it displayed."""
    page = nbformat.read(paths.NOTEBOOKS / "06_conclusions.ipynb", 4)
    (source,) = (cell.source for cell in page.cells if cell.id == "photograph")
    names = {"evaluation": evaluation, "plots": plots, "widgets": widgets, "pretrained": pretrained}
    names["display"] = lambda bundle, raw: names.update(displayed=bundle)
    exec(source, names)
    return names


def given(cell, name, content):
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    cell["button"].value = (file | {"last_modified": datetime.datetime.now(datetime.UTC)},)
    return cell["message"].value


def test_a_photograph_is_compared_with_the_shipped_networks(cell, picture):
    assert "make lab" in cell["displayed"]["text/markdown"]  # what a page without a kernel shows
    lr = picture(40, 60)
    assert given(cell, "mine.png", saved(lr)) == "mine.png, 60×40 pixels"
    comparer = cell["upload"].children[-1]
    assert comparer.labels == ["lr", "bicubic", "SRCNN, 1,500 steps", "combined, 80,000 steps"]
    made = comparer.scene.picture("combined, 80,000 steps")
    np.testing.assert_array_equal(made, evaluation.upscale(models.load("combined"), lr))


def test_of_a_large_one_the_middle_is_shown_and_a_bad_one_is_told(cell, picture):
    image = picture(500, 410)
    assert "shown: its middle 400×400" in given(cell, "large.png", saved(image))
    np.testing.assert_array_equal(cell["upload"].children[-1].scene.picture("lr"), image[50:450, 5:405])
    assert given(cell, "note.png", b"no picture").startswith("note.png cannot be read as an image (cannot identify")
    assert len(cell["upload"].children) == 2  # no comparer of another picture under this message
