"""A newcomer adds a network, a loss and a claim: nothing else changes, and nothing is trained first."""

import re
import shutil

import pandas as pd
from PIL import Image

from sr_utils import models, paths
from tests.conftest import python

BUILDER = """

def tiny():
    lr, x = layers.lr_input()
    x = layers.conv(layers.bilinear(x), 4, 3, "conv_a", activation="relu")
    x = layers.conv(x, 4, 3, "conv_b", activation="relu")
    return layers.sr_output(lr, layers.conv(x, 3, 3, "conv_out"), "tiny")
"""
ARMS = """        Arm(n.tiny, "tiny", "#010101", "1", "-", 1e-3),
        Arm(n.srcnn, "SRCNN, log-cosh", "#020202", "2", "-", 1e-3, "log_cosh"),
"""
LOSS = '        "log_cosh": lambda profile: keras.losses.LogCosh(),\n'
CLAIM = "13,1,tiny beats bicubic,tiny,bicubic,more,psnr,,,,,Three small layers are enough,,,,\n"


def insert(path, before, text):
    source = path.read_text()
    assert source.count(before) == 1, f"{path.name} has {before!r} not once"
    path.write_text(source.replace(before, text + before))


def test_an_arm_a_loss_and_a_claim_are_added_by_a_function_and_three_lines(tmp_path):
    copy, left_out = tmp_path / "copy", ("weights", "images", "*.png", "__pycache__", "node_modules")
    for folder in ("sr_utils", "tests", "tools", "bench", "notebooks", "record"):
        ignored = left_out[2:] if folder == "sr_utils" else left_out
        shutil.copytree(paths.ROOT / folder, copy / folder, ignore=shutil.ignore_patterns(*ignored))
    shutil.copy(paths.ROOT / "pyproject.toml", copy)
    networks = copy / "sr_utils/models/networks.py"
    networks.write_text(networks.read_text() + BUILDER)
    insert(copy / "sr_utils/models/arms.py", "        Arm(n.srcnn_edge_input,", ARMS)
    insert(copy / "sr_utils/losses.py", '        "perceptual": _perceptual,', LOSS)
    claims = copy / "sr_utils/claims/claims.csv"
    claims.write_text(claims.read_text() + CLAIM)
    settings = {"PYTHONPATH": copy, "SR_RUNS": copy / "runs", "SR_FIGURES": copy / "figures"}
    tested = ["pytest", "-q", "-p", "no:cacheprovider", "tests/claims", "tests/models/test_networks.py"]
    page = ["papermill", "01_baseline.ipynb", copy / "01.ipynb", "-p", "profile", "smoke", "-p", "data", "sample"]
    page += ["-p", "seeds", "0", "-p", "record", "False"]
    for command, folder in ((tested, copy), (page, copy / "notebooks")):
        done = python("-m", *command, cwd=folder, **settings)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def test_a_network_of_ones_own_is_trained_scored_and_compared(tmp_path, picture, monkeypatch, capsys):
    """The code of CONTRIBUTING's "Your own network beside ours" as it stands, at `smoke`."""
    text = (paths.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"## Your own network beside ours\n.*?```python\n(.*?)```", text, re.S)
    assert len(code.splitlines()) < 25
    (tmp_path / "photos").mkdir()
    for i in range(3):
        Image.fromarray(picture(64, 64, i)).save(tmp_path / f"photos/{i}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(models.MODELS, "mine", None)  # so that it is gone afterwards
    exec(code.replace('"quick"', '"smoke"'), {})
    assert set(pd.read_csv("scores.csv").arm) == {"srcnn", "mine"}
    assert "difference" in capsys.readouterr().out
