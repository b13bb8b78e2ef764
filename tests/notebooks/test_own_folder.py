"""All pages, and the answers to their exercises, on a folder of an unusual name, many formats and unusable files."""

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import paths
from tests.conftest import python
from tests.notebooks.committed import PAGES, answers
from tests.reproduced import OF_FOLDER

NAME = "Bilder [süß] & 'more' 100%"


def with_answers(name):
    """The page with the answers to its exercises as its last cells."""
    page = nbformat.from_dict(PAGES[name])
    page.cells += [nbformat.v4.new_code_cell(code, id=f"exercise-{i}") for i, code in enumerate(answers(name), 1)]
    return page


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The parent of the folder NAME, and of all that `make reproduce` made of it, which got its relative path."""
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
    settings = {f"SR_{n.upper()}": parent / n for n in ("runs", "figures", "build", "data")}
    command = ["-c", OF_FOLDER, "pages", "--profile", "smoke", f"--data={NAME}"]
    done = python(*command, cwd=parent, PYTHONPATH=paths.ROOT, **settings)
    assert done.returncode == 0, done.stderr[-3000:]
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

    pages = "".join(path.read_text() for path in (own / "build/smoke").glob("*.ipynb"))
    for reason in ("broken.jpg cannot be read as an image", "notes.txt cannot be read", "small.png is smaller than 48"):
        assert reason in pages
