"""`make reproduce` without the study's pages: its checks, and its messages when something fails."""

import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from PIL import Image

from sr_utils import StudyError, paths
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
    stderr = capsys.readouterr().err
    assert "photos changed while the pages ran" in stderr and "run the same command again" in stderr and len(pages) == 1


#: `make reproduce` of the pages in a folder.
COMMAND = """
import pathlib, sys
from sr_utils import paths
paths.NOTEBOOKS = pathlib.Path(sys.argv[1])
from tools import reproduce
sys.exit(reproduce.main(["--profile", "smoke"]))
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_how_to_go_on(tmp_path, stop):
    """In the middle of a cell; `test_checkpoints` goes on with trainings that were cut off."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    parameters = "profile: str = 'quick'\ndata: str = 'sample'\nseeds: list = [0]"
    busy = f"import pathlib, time\npathlib.Path({str(tmp_path / 'busy')!r}).touch()\ntime.sleep(100)"
    page.cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    page.cells.append(nbformat.v4.new_code_cell(busy))
    nbformat.write(page, tmp_path / "01_busy.ipynb")
    command, pipe = [sys.executable, "-c", COMMAND, str(tmp_path)], subprocess.PIPE
    with subprocess.Popen(command, cwd=paths.ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        deadline = time.monotonic() + 120
        while not (tmp_path / "busy").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(stop)
        stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in stderr
    assert stderr.strip().splitlines()[-1] == (
        "make reproduce was interrupted; the same command goes on from the last checkpoint."
    )
    assert children and not psutil.wait_procs(children, timeout=30)[1]  # the kernel went with it


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
        (["--profile", "tiny"], "There is no profile 'tiny'; choose one of smoke, quick, standard, long, paper."),
        (["--data", "/no/such/folder"], "There is no image set or folder '/no/such/folder'"),
        (["--seeds", "1,1"], "seeds must be different non-negative integers"),
    ],
)
def test_make_reproduce_refuses_before_it_starts(arguments, message, capsys):
    assert reproduce.main(arguments) == 1
    assert f"make reproduce stopped: {message}" in capsys.readouterr().err
    assert not paths.output().exists()


def test_an_unknown_device_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("DEVICE", "tpu")
    assert reproduce.main([]) == 1
    assert "There is no device 'tpu'; set DEVICE to auto, cpu or gpu." in capsys.readouterr().err
