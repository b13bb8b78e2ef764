"""All pages, and the answers to their exercises, on a user's folder with an unusual name, different sizes and formats,
and files that cannot be used."""

import os
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import paths
from tests.notebooks.committed import PAGES, answers
from tools import reproduce

NAME = "Bilder [süß] & 'more' 100%"
#: `make reproduce` of the pages in the folder `pages`.
COMMAND = """
import pathlib, sys
from sr_utils import paths
paths.NOTEBOOKS = pathlib.Path("pages").resolve()
from tools import reproduce
sys.exit(reproduce.main(sys.argv[1:]))
"""


def with_answers(name):
    """The page with the answers to its exercises as its last cells."""
    page = nbformat.from_dict(PAGES[name])
    page.cells += [nbformat.v4.new_code_cell(code, id=f"exercise-{i}") for i, code in enumerate(answers(name), 1)]
    return page


def reproduce_own(parent, store, *python):
    """`make reproduce PROFILE=smoke DATA=<a relative path>` in this folder, with its runs and output below `store`."""
    environment = os.environ | {f"SR_{n.upper()}": str(store / n) for n in ("runs", "figures", "build", "data")}
    environment["PYTHONPATH"] = str(paths.ROOT)
    command = [sys.executable, *python, "--profile", "smoke", f"--data={NAME}"]
    done = subprocess.run(command, env=environment, cwd=parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The parent of the folder NAME, and of all that `make reproduce` made of it."""
    parent = tmp_path_factory.mktemp("own")
    folder = parent / NAME
    folder.mkdir()
    sizes = {"é 1.png": (150, 200), "2.png": (120, 97), "3.jpg": (99, 140), "48.png": (49, 60), "grey.png": (130, 130)}
    for seed, (name, (height, width)) in enumerate(sizes.items()):
        coarse = np.random.default_rng(seed).integers(0, 256, (height // 9, width // 9, 3)).astype(np.uint8)
        image = Image.fromarray(coarse).resize((width, height), Image.BICUBIC)
        image.convert("LA" if "grey" in name else "RGB").save(folder / name)
    image.save(folder / "3.png")  # the same stem as 3.jpg
    image.resize((40, 200)).save(folder / "small.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "notes.txt").write_text("no picture")
    (parent / "pages").mkdir()
    for name in PAGES:
        nbformat.write(with_answers(name), parent / f"pages/{name}.ipynb")
    reproduce_own(parent, parent, "-c", COMMAND)
    return parent


def test_every_page_runs_on_a_folder_of_ones_own(own):
    scores = pd.read_csv(own / "figures/smoke/scores.csv", dtype={"image": str})
    (name,) = set(scores["set"])
    assert NAME in name and set(scores["image"]) <= {"2", "3.jpg", "3.png", "48", "grey", "é 1"}
    assert {path.stem for path in (own / "build/smoke").glob("*.ipynb")} == set(PAGES)


@pytest.mark.parametrize("name", [name for name in PAGES if answers(name)])
def test_answers_run(own, name):
    page = nbformat.read(own / f"build/smoke/{name}.ipynb", as_version=4)
    cells = [cell for cell in page.cells if cell.id.startswith("exercise-")]
    assert len(cells) == len(answers(name))
    for cell in cells:
        assert cell.outputs and cell.outputs[-1].output_type == "execute_result", cell.source


def test_what_cannot_be_used_is_named_with_its_reason(own):
    pages = "".join(path.read_text() for path in (own / "build/smoke").glob("*.ipynb"))
    for reason in ("broken.jpg cannot be read as an image", "notes.txt cannot be read", "small.png is smaller than 48"):
        assert reason in pages


def test_relative_and_absolute_name_one_folder(own, monkeypatch):
    monkeypatch.chdir(own)
    relative, absolute = (reproduce.check("smoke", data, "0", None) for data in (NAME, str(own / NAME)))
    assert relative == absolute and relative["data"] == str(own / NAME)
