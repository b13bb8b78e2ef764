"""The pages executed at `smoke` by `make reproduce`, published, and verified."""

import base64
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from sr_utils import paths
from sr_utils.claims import CLAIMS, record
from sr_utils.training import study
from tests.notebooks.committed import PAGES, check_form
from tests.reproduced import own_store
from tools import publish, verify


@pytest.fixture(scope="module")
def published(executed, tmp_path_factory):
    """The pages as `make publish` would commit them after `make reproduce PROFILE=smoke`."""
    folder = tmp_path_factory.mktemp("published")
    for path in paths.NOTEBOOKS.glob("0*.ipynb"):
        shutil.copy(path, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "NOTEBOOKS", folder)
        patch.setenv("SR_BUILD", str(executed[0] / "build"))
        publish.pages("smoke")
    return folder


def test_reproduce_draws_every_figure_and_writes_the_record(executed, monkeypatch):
    folder, printed = executed
    figures = sorted(path.stem for path in (folder / "figures/smoke").glob("*.png"))
    assert len(figures) >= 20 and {name[:2] for name in figures} == {name[:2] for name in PAGES}
    monkeypatch.setenv("SR_FIGURES", str(folder / "figures"))
    kept = record.read("smoke")
    assert [(run["arm"], run["loss"]) for run in kept["runs"]] == study()
    scores = kept["scores"]
    assert list(kept["claims"].index) == [claim.id for claim in CLAIMS]
    assert set(scores["image"]) == {"chelsea", "rocket", "ihc", "hubble_deep_field"}
    assert len(scores) == 4 * (len(study()) + 2)
    assert not scores.duplicated(["arm", "seed", "set", "image"]).any()
    assert all(arm in printed for arm in set(scores.arm)) and "figures and results.json in" in printed


def test_without_imagenet_nothing_is_claimed_about_trained_features(executed):
    """Page 04 then trains the control alone, says whose features it used, and withholds the claims."""
    text = (executed[0] / "build/smoke/04_loss.ipynb").read_text()
    assert "random He-normal weights, not ImageNet" in text and "ImageNet weights (sha256" not in text
    assert text.count("not testable here (srcnn perceptual was not run)") >= 6
    assert "the perceptual loss was not trained" in text.lower()


def test_published_pages_show_the_run_and_hold_the_defaults(published):
    """Outputs of the run, the code of the source, and the command that `make verify` reads."""
    for path in published.glob("0*.ipynb"):
        page = nbformat.read(path, as_version=4)
        check_form(page, path.stem)
        assert path.stat().st_size < 2_000_000
        assert publish.run_shown(page) == {"profile": "smoke", "data": "sample", "seeds": [0]}
        source = {cell.id: cell.source for cell in PAGES[path.stem].cells if cell.id != publish.RUN_CELL}
        assert {cell.id: cell.source for cell in page.cells if cell.id != publish.RUN_CELL} == source
        silent = {"install", "parameters", "imports", "arms", "train", "runs", "observations", "record", "likeness"}
        silent |= {"common"}  # trains again at one rate
        assert {c.id for c in page.cells if c.cell_type == "code" and not c.outputs} <= silent, path.stem


def test_a_failed_page_is_refused_by_name(executed, published, tmp_path, monkeypatch):
    folder = tmp_path / "build/smoke"
    shutil.copytree(executed[0] / "build/smoke", folder)
    monkeypatch.setenv("SR_BUILD", str(tmp_path / "build"))
    page = nbformat.read(folder / "03_architecture.ipynb", as_version=4)
    cell = next(cell for cell in page.cells if cell.id == "scores")
    cell.outputs = [nbformat.v4.new_output("error", ename="StudyError", evalue="no", traceback=[])]
    nbformat.write(page, folder / "03_architecture.ipynb")
    monkeypatch.setattr(paths, "NOTEBOOKS", published)
    with pytest.raises(publish.StudyError, match=r"03_architecture\.ipynb failed in cell 'scores'"):
        publish.pages("smoke")
    cell.outputs, cell.execution_count = [], None
    nbformat.write(page, folder / "03_architecture.ipynb")
    with pytest.raises(publish.StudyError, match=r"03_architecture\.ipynb was not executed to its end .*'scores'"):
        publish.pages("smoke")


def test_a_changed_number_or_picture_is_found(executed, published, tmp_path):
    """If a digit of a table, one of a sentence and a byte of a figure change, exactly these three cells fail."""
    folder, _ = executed
    page = nbformat.read(published / "01_baseline.ipynb", as_version=4)
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    shown = {cell.id: cell.outputs[0].data for cell in code if cell.outputs and "data" in cell.outputs[0]}
    shown["scores"]["text/html"] = re.sub(
        r"\d(?=</td>)", lambda digit: str(9 - int(digit[0])), shown["scores"]["text/html"], count=1
    )
    shown["shape"]["text/markdown"] = shown["shape"]["text/markdown"].replace("69,251", "69,252")
    picture = bytearray(base64.b64decode(shown["framework"]["image/png"]))
    picture[len(picture) // 2] ^= 1
    shown["framework"]["image/png"] = base64.b64encode(bytes(picture)).decode()
    nbformat.write(page, tmp_path / "altered.ipynb")
    environment = own_store(folder) | {"SR_BUILD": str(tmp_path / "build")}
    command = [sys.executable, "-m", "tools.verify", str(tmp_path / "altered.ipynb")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    failed = {int(number) for number in re.findall(r"^FAILED \S+::Cell (\d+)", result.stdout, re.M)}
    assert result.returncode == 1, result.stdout[-5000:]
    injected = [cell.id for cell in code]
    injected.insert(injected.index("parameters") + 1, "the run's parameters")
    assert {injected[number] for number in failed} == {"framework", "scores", "shape"}


def test_a_page_that_is_not_there_or_shows_no_run_is_told(tmp_path, capsys):
    assert verify.main(str(tmp_path / "07.ipynb")) == 1
    assert "make verify stopped: There is no page" in capsys.readouterr().err
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "08.ipynb")
    assert verify.main(str(tmp_path / "08.ipynb")) == 1
    assert "08.ipynb does not say which run it shows" in capsys.readouterr().err
