"""The six notebooks: as committed, and executed at `smoke`."""

import base64
import io
import json
import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import papermill
import pytest
from PIL import Image

from sr_utils import StudyError, paths
from sr_utils.claims import record as results
from sr_utils.claims import table as claims
from sr_utils.training import runs as training
from tools import publish, reproduce, verify

NAMES = [
    "01_baseline",
    "02_upsampling",
    "03_architecture",
    "04_loss",
    "05_signal_processing",
    "06_conclusions",
]
COMMITTED = {name: nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4) for name in NAMES}


def test_reproduce_draws_every_figure_and_writes_the_record(executed, monkeypatch):
    folder, printed = executed
    figures = sorted(path.stem for path in (folder / "figures/smoke").glob("*.png"))
    assert len(figures) >= 14 and {name[:2] for name in figures} == {"01", "02", "03", "04", "05", "06"}
    monkeypatch.setenv("SR_FIGURES", str(folder / "figures"))
    record = results.read("smoke")
    assert [(run["arm"], run["loss"]) for run in record["runs"]] == training.study()
    scores = record["scores"]
    assert list(record["claims"]["id"]) == [c.id for c in claims.CLAIMS]
    assert set(scores["image"]) == {"chelsea", "rocket", "ihc", "hubble_deep_field"}
    assert len(scores) == 4 * (len(training.study()) + 2)
    assert not scores.duplicated(["arm", "seed", "set", "image"]).any()
    assert all(arm in printed for arm in set(scores.arm)) and "figures and results.json in" in printed


def test_without_imagenet_nothing_is_claimed_about_trained_features(executed):
    """Notebook 04 then trains the control alone, says whose features it used, and withholds the verdicts."""
    text = (executed[0] / "build/smoke/04_loss.ipynb").read_text()
    assert "random He-normal weights, not ImageNet" in text and "ImageNet weights (sha256" not in text
    assert text.count("not testable here (srcnn perceptual was not run)") >= 6


def verified(pages, folder, runs, build):
    """`make verify` of pages executed at `smoke`, whose record is in `folder`."""
    where = {"SR_FIGURES": folder / "figures", "SR_RUNS": runs, "SR_BUILD": build}
    environment = os.environ | {name: str(path) for name, path in where.items()}
    environment.pop("SR_DATA", None)
    command = [sys.executable, str(paths.ROOT / "tests/verify.py"), *map(str, pages)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_second_run_prints_and_draws_the_same(executed, tmp_path):
    """Every page verified with no kept run: text, tables and pictures, and the record but for its host."""
    folder, _ = executed
    pages = [folder / f"build/smoke/{name}.ipynb" for name in NAMES]
    result = verified(pages, folder, tmp_path / "runs", tmp_path / "build")
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    assert len(list((tmp_path / "runs").glob("*/run.json"))) == len(training.study())
    first, second = (
        json.loads((each / "figures/smoke/results.json").read_text()) for each in (folder, tmp_path / "build/verify")
    )
    assert first.pop("host").keys() == second.pop("host").keys() and first == second


def test_a_changed_number_or_picture_is_found(executed, tmp_path):
    """One digit of a table, one of a sentence, one pixel of a figure: these three cells differ, and no other."""
    folder, _ = executed
    page = nbformat.read(folder / "build/smoke/01_baseline.ipynb", as_version=4)
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    shown = {cell.id: cell.outputs[0].data for cell in code if cell.outputs and "data" in cell.outputs[0]}
    shown["scores"]["text/html"] = re.sub(
        r"\d(?=</td>)", lambda digit: str(9 - int(digit[0])), shown["scores"]["text/html"], count=1
    )
    shown["shape"]["text/markdown"] = shown["shape"]["text/markdown"].replace("69,251", "69,252")
    picture = np.array(Image.open(io.BytesIO(base64.b64decode(shown["framework"]["image/png"]))))
    picture[0, 0, 0] ^= 1
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    shown["framework"]["image/png"] = base64.b64encode(buffer.getvalue()).decode()
    nbformat.write(page, tmp_path / "altered.ipynb")
    result = verified([tmp_path / "altered.ipynb"], folder, folder / "runs", tmp_path / "build")
    failed = {int(number) for number in re.findall(r"^FAILED \S+::Cell (\d+)", result.stdout, re.M)}
    assert result.returncode == 1, result.stdout[-5000:]
    assert {code[number].id for number in failed} == {"framework", "scores", "shape"}


def test_a_page_that_is_not_there_is_told(tmp_path, capsys):
    assert verify.main(str(tmp_path / "07.ipynb")) == 1
    assert "make verify stopped: There is no page" in capsys.readouterr().err


def test_only_progress_widgets_and_the_machines_features_are_exempt():
    """Every other cell's output is compared by `make verify`."""
    exempt = {cell.id for book in COMMITTED.values() for cell in book.cells if cell.metadata.get("tags")}
    assert exempt == {"parameters", "reference-run", "train", "runs", "compare", "features", "photograph"}


def test_published_copies_are_stripped(executed, tmp_path, monkeypatch):
    monkeypatch.setenv("SR_BUILD", str(executed[0] / "build"))
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    for path in publish.notebooks("smoke"):
        check_form(nbformat.read(path, as_version=4), path.stem)
        assert path.stat().st_size < 2_000_000


def check_form(notebook, name):
    """The rules for a notebook in git; each failure names its cell."""
    assert set(notebook.metadata) == {"kernelspec", "language_info"}, name
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        where = f"{name}: {cell.id}"
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,63}", cell.id) and not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), where
        assert set(cell.metadata) <= {"tags"}, where
    for count, cell in enumerate(code, 1):
        where = f"{name}: {cell.id}"
        assert cell.execution_count == count, where
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", where
            assert not any(path in str(output) for path in ("/home/", "/tmp/", str(paths.ROOT))), where


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebooks_are_executed_and_clean(name):
    check_form(COMMITTED[name], name)
    assert (paths.NOTEBOOKS / f"{name}.ipynb").stat().st_size < 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_typed_commented_and_offline(name):
    found = papermill.inspect_notebook(str(paths.NOTEBOOKS / f"{name}.ipynb"))
    assert {key: value["default"] for key, value in found.items()} == {
        "profile": '"quick"',
        "data": '"sample"',
        "seeds": "[0]",
    }
    assert all(value["help"] and value["inferred_type_name"] for value in found.values())


def test_committed_scores_are_the_records(monkeypatch):
    """Each number of 06's table of arms stands in results.json."""
    cells = {cell.id: cell for cell in COMMITTED["06_conclusions"].cells}
    profile = re.search(r'profile = "(\w+)"', cells["reference-run"].source)[1]
    monkeypatch.setenv("SR_FIGURES", str(paths.ROOT / "figures"))
    table = results.read(profile)["scores"].pivot_table(index="arm", columns="set", values="psnr", sort=False)
    (output,) = cells["scores"].outputs
    shown = {
        row[0]: row[1:]
        for row in re.findall(r"<th>([^<]+)</th>\s*<td>([^<]+)</td>\s*<td>([^<]+)</td>", output.data["text/html"])
    }
    assert set(shown) == set(table.index)
    for arm, values in shown.items():
        assert [float(v) for v in values] == pytest.approx(table.loc[arm].tolist(), abs=0.0051), arm


def test_committed_claims_are_judged_again_from_the_record(monkeypatch):
    """Every effect, interval and verdict of the reference run follows from the observations that stand beside it."""
    monkeypatch.setenv("SR_FIGURES", str(paths.ROOT / "figures"))
    record = results.read("quick")
    tables = [record[name] for name in ("scores", "enhanced", "learning", "final_losses", "likeness", "response")]
    again = claims.judge(*tables)
    kept = record["claims"].set_index("id")
    assert again.verdict.tolist() == kept.verdict.tolist() and again.corrected.tolist() == kept.corrected.tolist()
    assert again[["effect", "low", "high"]].to_numpy(float) == pytest.approx(
        kept[["effect", "low", "high"]].to_numpy(float), abs=1e-4, rel=1e-4, nan_ok=True
    )
    assert len({run["seed"] for run in record["runs"]}) >= 3


def blank():
    return nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )


def test_a_failing_cell_is_told_in_a_sentence(tmp_path):
    notebook = blank()
    source = "profile: str = 'quick'\ndata: str = 'sample'\nseeds: list = [0]"
    notebook.cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("from sr_utils import profiles\nprofiles.get('huge')", id="setting"),
    ]
    nbformat.write(notebook, tmp_path / "bad.ipynb")
    with pytest.raises(
        StudyError, match=r"bad\.ipynb, cell 'setting': There is no profile 'huge'.*copy is .*out\.ipynb"
    ) as caught:
        reproduce.execute(tmp_path / "bad.ipynb", tmp_path / "out.ipynb", {})
    assert "Traceback" not in str(caught.value)
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    (error,) = [o for c in executed.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]
    assert error.traceback == ["StudyError: " + error.evalue]  # JupyterLab shows the sentence alone


def test_a_dying_kernel_is_told_in_a_sentence(tmp_path):
    notebook = blank()
    source = "profile: str = 'quick'\ndata: str = 'sample'\nseeds: list = [0]"
    notebook.cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    ]
    nbformat.write(notebook, tmp_path / "dies.ipynb")
    with pytest.raises(StudyError, match=r"dies\.ipynb: the kernel was killed .* goes on from the last checkpoint"):
        reproduce.execute(tmp_path / "dies.ipynb", tmp_path / "out.ipynb", {})


def test_a_notebook_without_the_parameters_is_refused(tmp_path):
    nbformat.write(blank(), tmp_path / "bare.ipynb")
    with pytest.raises(StudyError, match="lacks the parameters data, profile, seeds"):
        reproduce.execute(tmp_path / "bare.ipynb", tmp_path / "out.ipynb", {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "tiny"], "There is no profile 'tiny'; choose one of smoke, quick, standard, paper."),
        (["--data", "/no/such/folder"], "There is no image set or folder '/no/such/folder'"),
        (["--seeds", "1,1"], "seeds must be different non-negative integers"),
    ],
)
def test_make_reproduce_refuses_before_it_starts(arguments, message, capsys):
    assert reproduce.main(arguments) == 1
    assert f"make reproduce stopped: {message}" in capsys.readouterr().err
    assert not paths.build().exists()


def test_an_unknown_device_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("DEVICE", "tpu")
    assert reproduce.main([]) == 1
    assert "There is no device 'tpu'; set DEVICE to auto, cpu or gpu." in capsys.readouterr().err
