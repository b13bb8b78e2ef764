"""A newcomer adds a network, a loss and a claim: nothing else changes, and nothing is trained first."""

import os
import shutil
import subprocess
import sys

from sr_utils import paths

BUILDER = '''

def tiny():
    """Three small convolutions behind bilinear enlargement."""
    lr, x = layers.lr_input()
    x = layers.conv(layers.bilinear(x), 4, 3, "conv_a", activation="relu")
    x = layers.conv(x, 4, 3, "conv_b", activation="relu")
    return layers.sr_output(lr, layers.conv(x, 3, 3, "conv_out"), "tiny")
'''
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
    environment = os.environ | {"PYTHONPATH": str(copy), "SR_RUNS": str(copy / "runs"), "SR_FIGURES": str(copy / "f")}
    tested = ["pytest", "-q", "-p", "no:cacheprovider", "tests/claims", "tests/models/test_networks.py"]
    page = ["papermill", "01_baseline.ipynb", str(copy / "01.ipynb"), "-p", "profile", "smoke", "-p", "data", "sample"]
    page += ["-y", "seeds: [0]\nrecord: false"]
    for command, folder in ((tested, copy), (page, copy / "notebooks")):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
