"""`make reproduce` without the study's pages: its checks, and its messages when something fails."""

import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from sr_utils import StudyError, paths
from tests.reproduced import OF_FOLDER
from tools import reproduce, run


@pytest.fixture
def page(tmp_path):
    """Call it with code: the path of a page whose second cell, `second`, has it."""

    def write(code):
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        parameters = "profile: str = 'quick'\ndata: str = 'sample'\nseeds: list = [0]\nrecord: bool = True"
        first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        cells = [first, nbformat.v4.new_code_cell(code, id="second")]
        path = tmp_path / "01_page.ipynb"
        nbformat.write(nbformat.v4.new_notebook(metadata={"kernelspec": kernel}, cells=cells), path)
        return path

    return write


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_how_to_go_on(page, tmp_path, stop):
    """In the middle of a cell; `test_checkpoints` goes on with trainings that were cut off."""
    page(f"import pathlib, time\npathlib.Path({str(tmp_path / 'busy')!r}).touch()\ntime.sleep(100)")
    run, pipe = [sys.executable, "-c", OF_FOLDER, str(tmp_path), "--profile", "smoke"], subprocess.PIPE
    with subprocess.Popen(run, cwd=paths.ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        deadline = time.monotonic() + 120
        while not (tmp_path / "busy").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(stop)
        stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in stderr
    assert stderr.strip().splitlines()[-1].startswith("make reproduce was interrupted")
    assert children and not psutil.wait_procs(children, timeout=30)[1]  # the kernel went with it


def test_a_failing_cell_and_a_dying_kernel_are_told_in_a_sentence(page, tmp_path):
    path, message = page("from sr_utils import profiles\nprofiles.get('huge')"), "There is no profile 'huge'"
    with pytest.raises(StudyError, match=rf"page\.ipynb, cell 'second': {message}.*copy is .*out\.ipynb") as caught:
        reproduce.execute(path, tmp_path / "out.ipynb", {})
    assert "Traceback" not in str(caught.value)
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    (error,) = [o for c in executed.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]
    assert error.traceback == ["StudyError: " + error.evalue]  # JupyterLab shows the sentence alone
    path = page("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(StudyError, match=r"page\.ipynb: the kernel was killed .* goes on from the last checkpoint"):
        reproduce.execute(path, tmp_path / "out.ipynb", {})


@pytest.mark.parametrize(("arguments", "device", "named"), [
    (["--profile", "tiny"], "cpu", "'tiny'"),
    (["--data", "/no/such/folder"], "cpu", "/no/such/folder"),
    (["--seeds", "1,1"], "cpu", "seeds"),
    ([], "tpu", "'tpu'"),
])  # fmt: skip
def test_make_reproduce_refuses_before_it_starts(arguments, device, named, monkeypatch, capsys):
    monkeypatch.setenv("DEVICE", device)
    assert run("reproduce", reproduce.main, *arguments) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("make reproduce stopped: ") and named in sentence
    assert not paths.output().exists()
