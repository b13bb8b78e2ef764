"""`make publish`: the line under the title, pages that are refused, badges."""

import os
import subprocess

import nbformat
import pytest

from sr_utils import StudyError, paths
from tools import publish, readme

RUN = {"profile": "standard", "data": "bsds500", "seeds": [0, 1, 2]}


def page(*cells, **papermill):
    book = nbformat.v4.new_notebook(cells=list(cells))
    book.metadata["papermill"] = {"parameters": {**RUN, **papermill}}
    return book


def cell(id, source="1", count=1, **more):
    return nbformat.v4.new_code_cell(source, id=id, execution_count=count, **more)


def line():
    return nbformat.v4.new_markdown_cell("old", id=publish.RUN_CELL)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """(write(name, source page, executed page), notebooks folder), for one or more pages of profile standard."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setenv("SR_BUILD", str(tmp_path / "build"))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "build/standard").mkdir(parents=True)

    def write(name, source, executed):
        nbformat.write(source, tmp_path / "notebooks" / name)
        if executed is not None:
            nbformat.write(executed, tmp_path / "build/standard" / name)

    return write, tmp_path


def test_the_line_says_the_run_and_reads_back():
    text = publish.run_line(RUN)
    assert "`make reproduce PROFILE=standard DATA=bsds500 SEEDS=0,1,2`" in text
    assert "1,500 steps of 16 patches of 48×48" in text
    shown = line()
    shown.source = text
    assert publish.run_shown(page(shown)) == RUN
    assert publish.run_shown(page(line())) is None


def test_outputs_come_from_the_run_and_prose_from_the_source(folders):
    """A page whose prose changed since its execution needs no new run; the injected cell is left out."""
    write, _ = folders
    source = page(nbformat.v4.new_markdown_cell("new prose", id="title"), line(), cell("sum", "1 + 1", None))
    output = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=7)
    noise = nbformat.v4.new_output("stream", name="stderr", text="step 3")
    executed = page(
        nbformat.v4.new_markdown_cell("old prose", id="title"),
        line(),
        cell("0a1b", "seeds = [0, 1, 2]", 6),
        cell("sum", "1 + 1", 7, outputs=[noise, output]),
    )
    write("01_a.ipynb", source, executed)
    (path,) = publish.pages("standard")
    made = nbformat.read(path, as_version=4)
    assert [c.id for c in made.cells] == ["title", publish.RUN_CELL, "sum"] and made.cells[0].source == "new prose"
    assert publish.run_shown(made) == RUN
    assert made.cells[2].execution_count == made.cells[2].outputs[0].execution_count == 1
    assert len(made.cells[2].outputs) == 1 and set(made.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize(
    ("source", "executed", "message"),
    [
        (page(cell("a")), None, r"There is no .*02_b\.ipynb; run make reproduce PROFILE=standard"),
        (page(cell("a", "2")), page(cell("a", "1")), r"02_b\.ipynb is older than its source: cell 'a' has changed"),
        (page(cell("a")), page(cell("a", count=None)), r"02_b\.ipynb was not executed to its end \(cell 'a'\)"),
        (page(cell("a")), page(cell("a"), seeds=[9]), r"01_a\.ipynb and 02_b\.ipynb show different runs"),
    ],
)
def test_pages_are_refused_by_name_and_none_is_written(folders, source, executed, message):
    write, folder = folders
    write("01_a.ipynb", page(line(), cell("a", count=None)), page(line(), cell("a")))
    write("02_b.ipynb", source, executed)
    with pytest.raises(StudyError, match=message):
        publish.pages("standard")
    assert publish.run_shown(nbformat.read(folder / "notebooks/01_a.ipynb", as_version=4)) is None


def test_a_page_older_than_a_module_is_refused_by_name(folders):
    write, folder = folders
    write("01_a.ipynb", page(line(), cell("a")), page(line(), cell("a")))
    os.utime(folder / "build/standard/01_a.ipynb", (1, 1))
    with pytest.raises(StudyError, match=r"01_a\.ipynb is older than sr_utils/\S+\.py; run make reproduce again"):
        publish.pages("standard")


def test_pages_of_a_private_folder_are_refused(folders):
    write, _ = folders
    run = page(line(), cell("a"), data="/home/me/photos")
    write("01_a.ipynb", page(line(), cell("a")), run)
    with pytest.raises(StudyError, match="the images of /home/me/photos, which nobody else has"):
        publish.pages("standard")


@pytest.mark.parametrize(
    ("origin", "home"),
    [
        ("https://github.com/somebody/a-study.git", "somebody/a-study"),
        ("git@github.com:somebody/a-study", "somebody/a-study"),
        ("https://example.org/somebody/a-study.git", None),
    ],
)
def test_badges_lead_to_the_checkouts_own_repository(tmp_path, monkeypatch, origin, home):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", origin], check=True)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert readme.repository() == home
    assert (f"github/{home}/blob/main/notebooks/01_baseline.ipynb" in readme.badges({})) == bool(home)
