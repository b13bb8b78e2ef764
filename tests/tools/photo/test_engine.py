"""The network of `make upscale` beside Keras': the same weights, numbers and receptive field; and who imports what."""

import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from PIL import Image

from sr_utils import device, models, paths
from sr_utils.evaluation.upscaling import reach
from sr_utils.models import pretrained
from tests.conftest import python
from tools import export
from tools.photo import engine
from tools.weights import SHIPPED


@pytest.mark.parametrize("arm", SHIPPED)
def test_openvino_gives_keras_numbers(arm, picture):
    lr = picture(40, 52)[None].astype(np.float32)
    run, margin = engine.network(arm)
    model = models.load(arm)
    off = np.abs(run(lr) - np.asarray(export.in_float32(model)(lr)))
    assert margin == reach(model)
    assert off.max() < 3 and off.mean() < 0.3  # grey levels, where OpenVINO multiplies in bfloat16


@pytest.mark.parametrize("arm", SHIPPED)
def test_the_file_is_what_make_weights_writes(arm):
    written, made = onnx.load(pretrained.path(arm, ".onnx")), export.to_onnx(models.load(arm), onnx.TensorProto.FLOAT)
    assert [node.op_type for node in written.graph.node] == [node.op_type for node in made.graph.node]
    for constants in zip(written.graph.initializer, made.graph.initializer, strict=True):
        np.testing.assert_array_equal(*map(onnx.numpy_helper.to_array, constants))


def test_on_a_gpu_it_is_keras(monkeypatch, picture):
    monkeypatch.setenv("DEVICE", "gpu")
    monkeypatch.setattr(device, "setup", dict)  # this machine may have none
    lr = picture(9, 11)[None].astype(np.float32)
    run, _ = engine.network("srcnn")
    np.testing.assert_array_equal(run(lr), device.traced(models.load("srcnn"))(lr))


def test_a_picture_needs_no_keras_and_tells_nobody(tmp_path):
    """Keras and TensorFlow take three seconds to start. OpenVINO's telemetry keeps a file in the user's home."""
    script = f"""
import sys, numpy as np
from PIL import Image
Image.fromarray(np.zeros((8, 9, 3), np.uint8)).save(r"{tmp_path}/a.png")
from tools.photo import upscale
assert upscale.main([r"{tmp_path}/a.png"]) == 0
print(sorted({{"keras", "tensorflow", "jax", "scipy", "pandas", "matplotlib"}} & set(sys.modules)))
"""
    done = python("-c", script, HOME=tmp_path)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a_x4.png"}


def test_the_installed_command_prints_to_closed_and_ascii_streams(tmp_path):
    """`sr_upscale`, as a wheel names this folder, has no `tools` beside it."""
    (tmp_path / "sr_upscale").symlink_to(paths.ROOT / "tools/photo")
    Image.new("RGB", (9, 8)).save(tmp_path / "a.png")
    command = [sys.executable, "-m", "sr_upscale", tmp_path / "a.png", "--force"]
    environment = os.environ | {"PYTHONPATH": f"{paths.ROOT}:{tmp_path}", "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert told.returncode == 0 and r"9\xd78 -> 36\xd732" in told.stdout, told.stderr
    closed = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *command], env=environment, cwd=tmp_path)
    assert closed.returncode == 0
