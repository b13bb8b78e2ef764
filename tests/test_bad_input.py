"""Bad input and other people's machines: one clear sentence that says what to do, and no traceback."""

import pathlib
import re
import socket
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from sr_utils import StudyError, paths, plots, profiles
from sr_utils.data import archives, load
from sr_utils.training import runs
from tests.archives import pack
from tools import reproduce


def make(capfd, *arguments):
    status = subprocess.run(["make", "-C", str(paths.ROOT), *arguments], check=False, timeout=60).returncode
    return status, "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--profile", "huge"], "no profile 'huge'; choose one of smoke, quick, standard"),
        (["--data", "imagenet"], "no image set or folder 'imagenet'; choose one of sample"),
        ([], "no device 'tpu'; set DEVICE to auto, cpu or gpu"),
    ],
)
def test_a_command_with_a_mistake_ends_in_a_sentence(arguments, sentence, monkeypatch, capsys):
    monkeypatch.setenv("DEVICE", "tpu")
    assert reproduce.main(arguments) not in (0, None)
    output = "".join(capsys.readouterr())
    assert re.search(sentence, output) and "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vdsr", 0, "smoke", "sample"), "no arm 'vdsr'"),
        (("srcnn", 0, "tiny", "sample"), "no profile 'tiny'"),
        (("srcnn", 1.5, "smoke", "sample"), "non-negative integers"),
        (("srcnn", 0, "smoke", "nowhere"), "no image set or folder 'nowhere'"),
        (("srcnn", 0, "smoke", "sample", "psnr"), "no loss 'psnr'"),
        (("srcnn", 0, "smoke", "sample", "perceptual"), "needs ImageNet's weights; set VGG_WEIGHTS"),
    ],
)
def test_a_training_with_a_mistake_ends_in_a_sentence(arguments, message):
    with pytest.raises(StudyError, match=message):
        runs.train(*arguments)


@pytest.mark.parametrize("seeds", ["one,two", "1,1", "", "-1", [1, 1], [], 2**32])
def test_bad_seeds(seeds):
    with pytest.raises(StudyError, match="different non-negative integers"):
        profiles.check_seeds(seeds)


def test_nobody_trains_on_a_benchmark(tmp_path, monkeypatch, picture):
    (tmp_path / "benchmark/Set5/HR").mkdir(parents=True)
    Image.fromarray(picture(40, 40)).save(tmp_path / "benchmark/Set5/HR/a.png")
    monkeypatch.setenv("SR_DATA", str(tmp_path))
    with pytest.raises(StudyError, match="Set5 is a benchmark, for scoring only; train on sample"):
        runs.train("srcnn", 0, "smoke", "Set5")


def test_an_empty_folder(tmp_path):
    with pytest.raises(StudyError, match=r"holds 0 usable image\(s\); two are needed"):
        load(str(tmp_path))


def test_a_server_that_does_not_answer(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.zip"
        monkeypatch.setattr(archives, "TIMEOUT", 0.5)
        monkeypatch.setattr(archives, "ARCHIVES", {url: None})
        with pytest.raises(StudyError, match="cannot be downloaded .*Timeout.*; check the network"):
            archives.fetch(url, tmp_path / "root")


def test_a_full_disk_leaves_no_half_of_an_archive(server, tmp_path, monkeypatch):
    """`test_checkpoints` fills a real one."""

    def full(*_):
        raise OSError(28, "No space left on device")

    folder, address = server
    pack(folder / "full.zip", {"a": b"x"})
    monkeypatch.setattr(archives, "ARCHIVES", {address + "full.zip": None})
    monkeypatch.setattr(archives.shutil, "unpack_archive", full)
    with pytest.raises(StudyError, match="cannot be unpacked .No space left on device.; free space"):
        archives.fetch(address + "full.zip", tmp_path / "root")
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["full.zip"]  # it waits for more space


def test_figures_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SR_FIGURES", str(tmp_path / "file"))
    with pytest.raises(StudyError, match="cannot be written .*; free space, or set SR_FIGURES"):
        plots.save(plt.figure(), "name", "smoke", alt="nothing")


def test_an_unsupported_python(tmp_path, capfd):
    python = tmp_path / "python"
    python.write_bytes(b"#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    status, output = make(capfd, "env", f"PYTHON={python}", f"BIN={tmp_path}/bin")
    assert status and "is not Python 3.11, 3.12 or 3.13; name one that is: make env PYTHON=" in output


def test_a_port_in_use(capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = f"PORT={taken.getsockname()[1]}", f"BIN={pathlib.Path(sys.executable).parent}", "ENV="
        status, output = make(capfd, "lab", *settings, "-o", ".venv/bin/.installed")
    assert status and re.search("port [0-9]+ is in use; name another: make lab PORT=[0-9]+", output)
