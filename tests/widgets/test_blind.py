import io
import os
import subprocess
import sys

import nbformat
import numpy as np
from PIL import Image

from sr_utils import paths, widgets
from sr_utils.data import downscale
from tests.browser import lab


def test_each_question_shows_one_window_by_two_arms(picture):
    images = {}
    for seed in range(2):
        hr = picture(120, 140, seed)
        images[str(seed)] = {"lr": downscale(hr), "srcnn": hr // 2, "srcnn mae": 255 - hr, "hr": hr}
    asked = widgets.blind(images, "srcnn", "srcnn mae", places=3)
    assert asked.titles == ["SRCNN", "SRCNN, MAE"] and [len(pair) for pair in asked.pairs] == [2, 2, 2]
    for (first, second), hr in zip(asked.pairs, (images["0"]["hr"], images["0"]["hr"], images["1"]["hr"]), strict=True):
        first, second = (np.asarray(Image.open(io.BytesIO(png))) for png in (first, second))
        places = np.lib.stride_tricks.sliding_window_view(hr // 2, first.shape)
        assert (places == first).all(axis=(-1, -2, -3)).any()
        assert np.abs(first.astype(int) - (255 - second.astype(int)) // 2).max() == 0  # the same place
    assert "SRCNN or SRCNN, MAE" in repr(asked)


def test_nbconvert_executes_several_in_one_notebook_from_another_folder(tmp_path):
    """As in VS Code, no server tells the kernel its notebook's name."""
    code = 'from sr_utils import data, widgets\npair = data.load("sample").valid[0]\n'
    code += 'images = {"lr": pair.lr, "hr": pair.hr}\nwidgets.compare(images)'
    blind = 'widgets.blind({"a": {**images, "one": pair.hr, "two": pair.hr}}, "one", "two")'
    lab.notebook(tmp_path / "page.ipynb", code, "widgets.compare(images, crop=96)", blind)
    environment = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "done", "page.ipynb"]
    subprocess.run(command, cwd=tmp_path, env=environment | {"PYTHONPATH": str(paths.ROOT)}, check=True)
    first, second, third = (cell.outputs[0] for cell in nbformat.read(tmp_path / "done.ipynb", as_version=4).cells)
    assert first.metadata["image/png"].alt == "The same crop of these pictures of image: LR, bicubic, HR."
    assert first.data["image/png"] != second.data["image/png"]
    assert "live in JupyterLab" in third.data["text/plain"]
