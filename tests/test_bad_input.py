"""Every kind of bad input in one list. Each gives one clear sentence that says what to do, a non-zero status, and no
traceback; existing files stay."""

import pathlib
import re
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import zlib

import pytest
from PIL import Image

from sr_utils import StudyError, losses, paths, plots
from sr_utils.data import archives, sets
from sr_utils.training import runs
from tests.archives import pack
from tools import reproduce
from tools.data import main as make_data


class Place:
    """What a case can use: a folder, pictures, a server on loopback, and settings that are restored afterwards."""

    def __init__(self, folder, patch, picture, served):
        self.folder, self.patch, self.picture = folder / "mine", patch, picture
        self.served, self.address = served
        self.folder.mkdir()

    def file(self, name, content=b""):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def fetch(self, url, pin=None):
        self.patch.setattr(archives, "ARCHIVES", {url: pin})
        return lambda: archives.fetch(url, self.folder)


def reproduction(*arguments):
    return lambda place: lambda: reproduce.main(list(arguments))


def unknown_device(place):
    place.patch.setenv("DEVICE", "tpu")
    return lambda: reproduce.main([])


def bomb(place):
    """A PNG of a hundred bytes that claims 60,000 × 60,000 pixels."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return lambda: sets.read_image(place.file("bomb.png", content))


def link_in_archive(place):
    path = place.served / "link.tar"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("benchmark/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    return place.fetch(place.address + "link.tar")


def slow_server(place):
    """A server that accepts a connection and does not answer."""
    place.patch.setattr(archives, "TIMEOUT", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))
    place.listening, place.kept = listening, []
    threading.Thread(target=lambda: place.kept.append(listening.accept()), daemon=True).start()
    return place.fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/a.zip")


def unwritable_figures(place):
    place.patch.setenv("SR_FIGURES", str(place.file("file")))
    import matplotlib.pyplot as plt

    return lambda: plots.save(plt.figure(), "name", "smoke", alt="nothing")


def full_disk(place):
    """The error of a full disk. (`test_checkpoints` fills a real one.)"""

    def full(*_):
        raise OSError(28, "No space left on device")

    place.patch.setattr(archives.shutil, "unpack_archive", full)
    pack(place.served / "full.zip", {"a": b"x"})
    return place.fetch(place.address + "full.zip")


def other_python(place):
    python = place.file("python", b"#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    command = ["make", "-C", str(paths.ROOT), "env", f"PYTHON={python}", f"BIN={place.folder}/bin"]
    return lambda: _command(command)


def port_in_use(place):
    place.listening = socket.create_server(("127.0.0.1", 0))
    command = ["make", "-C", str(paths.ROOT), "lab", f"PORT={place.listening.getsockname()[1]}"]
    command += ["-o", ".venv/bin/.installed", f"BIN={pathlib.Path(sys.executable).parent}", "ENV="]
    return lambda: _command(command)


def _command(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    print(result.stdout + result.stderr)
    return result.returncode


CASES = {
    "unknown profile": (reproduction("--profile", "huge"), "no profile 'huge'; choose one of smoke, quick, standard"),
    "unknown data": (reproduction("--data", "imagenet"), "no image set or folder 'imagenet'; choose one of sample"),
    "unknown device": (unknown_device, "no device 'tpu'; set DEVICE to auto, cpu or gpu"),
    "seeds that are words": (reproduction("--seeds", "one,two"), "seeds must be different non-negative integers"),
    "training on a benchmark": (
        lambda p: lambda: _on_benchmark(p), "Set5 is a benchmark, for scoring only; train on sample"),
    "missing folder": (lambda p: lambda: make_data(str(p.folder / "none")), "no image set or folder .*; choose one of"),
    "empty folder": (lambda p: lambda: make_data(str(p.folder)), r"holds 0 usable image\(s\); two are needed"),
    "decompression bomb": (bomb, "bomb.png cannot be read as an image .Image size .*; replace or remove"),
    "archive with a link outside": (link_in_archive, "cannot be unpacked .*; free space, or remove it and try again"),
    "silent server": (slow_server, "cannot be downloaded .*Timeout.*; check the network"),
    "no ImageNet weights": (lambda p: lambda: losses.LOSSES["perceptual"](None), "needs ImageNet's weights; set VGG_W"),
    "unwritable figures": (unwritable_figures, "cannot be written .*; free space, or set SR_FIGURES"),
    "full disk": (full_disk, "cannot be unpacked .No space left on device.; free space"),
    "unsupported Python": (other_python, "is not Python 3.11, 3.12 or 3.13; name one that is: make env PYTHON="),
    "port in use": (port_in_use, "port [0-9]+ is in use; name another: make lab PORT=[0-9]+"),
}  # fmt: skip


def _on_benchmark(place):
    for i in range(2):
        (place.folder / "benchmark/Set5/HR").mkdir(parents=True, exist_ok=True)
        Image.fromarray(place.picture(40, 40, i)).save(place.folder / f"benchmark/Set5/HR/{i}.png")
    place.patch.setenv("SR_DATA", str(place.folder))
    return runs.train("srcnn", 0, "smoke", "Set5")


@pytest.mark.parametrize("case", CASES)
def test_one_clear_sentence(case, tmp_path, monkeypatch, picture, server, capsys):
    build, expected = CASES[case]
    place = Place(tmp_path, monkeypatch, picture, server)  # holds a case's sockets open
    action = build(place)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    try:
        status, output = action(), "".join(capsys.readouterr())
    except StudyError as error:
        status, output = 1, str(error)
    assert status not in (0, None), output
    assert re.search(expected, output) and "Traceback" not in output, output
    for path, content in before.items():
        assert path.read_bytes() == content, path
    assert not [path for path in tmp_path.rglob(".unpacking*")]
