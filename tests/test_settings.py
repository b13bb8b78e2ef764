"""Other people's settings: keras.json, environment, terminals and disks."""

import json
import os
import subprocess
import sys

import pytest

from sr_utils import paths
from tools.photo import upscale

CHOSEN = "from sr_utils.device import keras as k, setup; chosen = setup()['backend'], k.config.image_data_format(); "
CHOSEN += "print(*chosen, k.config.floatx(), k.config.epsilon())"
OTHERS = {"floatx": "float16", "epsilon": 0.1, "backend": "torch", "image_data_format": "channels_first"}


def run(script, folder, **environment):
    settings = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "KERAS_HOME", "TF_CPP_MIN_LOG_LEVEL")}
    settings |= {"HOME": str(folder), "DEVICE": "cpu"} | environment
    code = f"from sr_utils import StudyError\ntry:\n    {script}\nexcept StudyError as e: print(e)"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=False, cwd=paths.ROOT)


@pytest.mark.parametrize("text", [json.dumps(OTHERS), json.dumps(OTHERS)[:30]], ids=["others", "cut in half"])
def test_keras_json_of_other_projects_is_not_ours(text, tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text(text)
    done = run(CHOSEN, tmp_path)
    assert done.stdout.split() == ["tensorflow", "channels_last", "float32", "1e-07"], done.stderr


def test_a_backend_that_the_study_does_not_know_is_named(tmp_path):
    done = run("import sr_utils.device", tmp_path, KERAS_BACKEND="torch")
    assert done.stdout == "KERAS_BACKEND is 'torch', but the study runs on tensorflow or jax; set one of them.\n"


@pytest.mark.parametrize(("closed", "number"), [("stdout", 1), ("stderr", 2)])
def test_a_closed_stream_stops_no_command(closed, number):
    """No file that is opened later may get its number, since libraries write their messages there."""
    script = f"import sys, tools, os; print('said', file=sys.{closed}); os.write({number}, b'said')"
    command = f'"$0" -c "{script}; assert sys.{closed}.fileno() == {number}" {number}>&-'
    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, check=False, cwd=paths.ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_write_that_fails_says_why_and_leaves_the_old_file(tmp_path):
    def full(scratch):
        scratch.write_text("ha")
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="No space left on device"):
        paths.replace(tmp_path / "a", full)
    assert (tmp_path / "a").read_text() == "old" and list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_long_name_is_replaced_and_swept_too(tmp_path):
    goal = tmp_path / ("ä" * 120 + ".weights.h5")
    paths.replace(goal, lambda scratch: scratch.write_text(scratch.name))
    assert goal.read_text().endswith(".weights.h5")
    left, own, other = (paths.scratch_of(goal, str(process)) for process in (999999999, os.getpid(), os.getppid()))
    for file in (left, own, other):
        file.write_text("half")
    upscale.sweep(goal)
    assert sorted(tmp_path.iterdir()) == sorted([goal, other])  # the process of the other is alive


def test_in_a_checkout_of_somebody_else_results_go_where_one_may_write(monkeypatch, tmp_path):
    """Whose folders, the working folder's and the home's, are read-only too, as hubs may have it."""
    for name in ("SR_FIGURES", "SR_RECORD"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(paths.pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    closed = [str(paths.ROOT)]
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith(tuple(closed)))
    assert paths.figures() == tmp_path / "work/figures" and paths.record() == paths.ROOT / "record"
    closed.append(str(tmp_path / "work"))
    assert paths.figures() == tmp_path / "cache/super-resolution-study/figures"
    closed.append(str(tmp_path))
    assert paths.figures() == paths.figures() and not str(paths.figures()).startswith(str(tmp_path))
