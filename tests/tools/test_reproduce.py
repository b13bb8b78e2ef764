"""`make reproduce` without its pages: what it checks around them."""

import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from PIL import Image

from sr_utils import paths
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
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in told
    assert told.strip().splitlines()[-1] == (
        "make reproduce was interrupted; the same command goes on from the last checkpoint."
    )
    assert children and not psutil.wait_procs(children, timeout=30)[1]  # the kernel went with it
