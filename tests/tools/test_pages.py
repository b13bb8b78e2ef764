"""`make pages`, `make publish` and `make verify` on small pages: what is taken over, refused, and found to differ."""

import base64
import os

import nbformat
import numpy as np
import pytest

from sr_utils import StudyError, paths
from tests.files import saved
from tools import pages, run

PARAMETERS = 'profile: str = "quick"\ndata: str = "sample"\nseeds: list = [0, 1]\nrecord: bool = True'


def cell(id, source="1", count=1, **more):
    return nbformat.v4.new_code_cell(source, id=id, execution_count=count, **more)


def page(*cells):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    parameters = cell("parameters", PARAMETERS, metadata={"tags": ["parameters"]})
    line = nbformat.v4.new_markdown_cell("old", id=pages.RUN_CELL)
    return nbformat.v4.new_notebook(metadata={"kernelspec": kernel}, cells=[line, parameters, *cells])


FAULT = nbformat.v4.new_output("error", ename="E", evalue="no", traceback=[])


def png(array) -> str:
    return base64.b64encode(saved(array)).decode()


def shown(kind, content):
    return nbformat.v4.new_output("display_data", {kind: content}, metadata={"image/png": {"alt": "a picture"}})


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """write(name, source page, executed page): a page of notebooks/ and its copy in build/pages."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks").mkdir()
    (paths.output() / "pages/figures/quick").mkdir(parents=True)
    (paths.output() / "pages/figures/quick/new.png").touch()

    def write(name, source, executed):
        nbformat.write(source, paths.NOTEBOOKS / name)
        if executed is not None:
            nbformat.write(executed, paths.output() / "pages" / name)

    return write


def test_outputs_come_from_the_execution_and_prose_from_the_source(folders):
    """A page whose prose changed since its execution needs no new one; old figures of the folder go."""
    (paths.figures() / "quick").mkdir(parents=True)
    (paths.figures() / "quick/old.png").touch()
    noise = nbformat.v4.new_output("stream", name="stderr", text="step 3")
    bar = shown("text/plain", "srcnn · seed 0: 0epoch [00:00, ?epoch/s]")
    source = page(nbformat.v4.new_markdown_cell("new prose", id="title"), cell("sum", "1 + 1", None))
    folders("01_a.ipynb", source, page(cell("sum", "1 + 1", 7, outputs=[noise, bar, shown("text/plain", "2")])))
    (path,) = pages.publish_pages()
    made = nbformat.read(path, as_version=4)
    assert [c.id for c in made.cells] == [pages.RUN_CELL, "parameters", "title", "sum"]
    assert made.cells[2].source == "new prose" and made.cells[3].execution_count == 2
    assert len(made.cells[3].outputs) == 1 and set(made.metadata) == {"kernelspec", "language_info"}
    assert "`make reproduce PROFILE=quick DATA=sample SEEDS=0,1`" in made.cells[0].source
    assert "400 steps of 16 patches of 48×48" in made.cells[0].source
    assert [file.name for file in (paths.figures() / "quick").iterdir()] == ["new.png"]


@pytest.mark.parametrize(("source", "executed", "message"), [
    (page(cell("a")), None, r"There is no .*02_b"),
    (page(cell("a", "2")), page(cell("a", "1")), r"02_b\.ipynb is older than its source: cell 'a'"),
    (page(cell("a")), page(cell("a", count=None)), r"02_b\.ipynb failed in cell 'a'"),
    (page(cell("a")), page(cell("a", outputs=[FAULT])), r"02_b\.ipynb failed in cell 'a'"),
])  # fmt: skip
def test_pages_are_refused_by_name_and_none_is_written(folders, source, executed, message):
    folders("01_a.ipynb", page(cell("a", count=None)), page(cell("a")))
    folders("02_b.ipynb", source, executed)
    with pytest.raises(StudyError, match=message):
        pages.publish_pages()
    assert nbformat.read(paths.NOTEBOOKS / "01_a.ipynb", as_version=4).cells[0].source == "old"


def test_a_page_older_than_a_module_is_refused_by_name(folders):
    folders("01_a.ipynb", page(cell("a")), page(cell("a")))
    os.utime(paths.output() / "pages/01_a.ipynb", (1, 1))
    with pytest.raises(StudyError, match=r"01_a\.ipynb is older than \S+\.(py|csv); run make pages again"):
        pages.publish_pages()


PICTURE = np.full((8, 8, 3), 100, np.uint8)


@pytest.mark.parametrize(("kind", "mine", "theirs", "differs"), [
    ("text/html", "<td>28.43</td>", "<td>28.43</td>", False),
    ("text/html", "<td>28.43</td>", "<td>28.44</td>", True),
    ("text/markdown", "69,251 parameters", "69,252 parameters", True),
    ("image/png", png(PICTURE), png(PICTURE + np.uint8(2)), False),
    ("image/png", png(PICTURE), png(PICTURE + np.uint8(3)), True),
    ("image/png", png(PICTURE), png(PICTURE[:4]), True),
    ("image/png", png(PICTURE), "", True),
])  # fmt: skip
def test_what_a_page_shows_otherwise_is_found(kind, mine, theirs, differs):
    """Text to the letter, pictures within two grey levels, cells of progress not at all."""
    same, pair = cell("b", outputs=[shown("text/plain", "same")]), []
    for content, time in ((mine, "1 s"), (theirs, "2 s")):
        progress = cell("train", outputs=[shown("text/plain", time)], metadata={"tags": [pages.IGNORED]})
        pair.append(page(progress, cell("a", outputs=[shown(kind, content)]), same))
    assert pages.differences(*pair) == ([f"cell 'a' ({kind})"] if differs else [])


def test_a_page_that_is_executed_is_compared(folders, capsys, monkeypatch):
    monkeypatch.setenv("SR_DATA", "")  # which the command sets, so that it is as before afterwards
    folders("01_a.ipynb", page(cell("a", "print(1 + 1)")), None)
    assert pages.verify() == 1
    assert "01_a: differs in cell 'a' (text/plain)" in capsys.readouterr().out
    monkeypatch.setenv("SR_FIGURES", str(paths.output() / "committed"))
    assert pages.publish_pages()
    assert run("verify", pages.verify, "01_a.ipynb") == 0 and "01_a: as committed" in capsys.readouterr().out
    assert run("verify", pages.verify, "07.ipynb") == 1 and "There is no page 07.ipynb" in capsys.readouterr().err
