"""Fixtures. Each test gets its own folders, and neither the network nor ImageNet weights, unless it asks for them."""

import contextlib
import functools
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from sr_utils.paths import ROOT
from tests.reproduced import CROPPED, own_store

os.environ["VGG_WEIGHTS"] = "none"  # results must not depend on what this machine can download

#: A worker takes whole files in this order, so that none of these is left for one worker at the end.
FIRST = (
    "notebooks/test_own_folder.py",
    "notebooks/test_executed.py",
    "tools/test_cluster.py",
    "training/test_checkpoints.py",
    "browser/test_jupyterlab.py",
    "tools/photo/test_upscale.py",
)


def pytest_xdist_auto_num_workers():
    """One more than there are cores, since workers wait for kernels, browsers and disks; at most four, for memory."""
    return min(4, os.cpu_count() + 1)


def pytest_collection_modifyitems(items):
    files = {str(Path(__file__).parent / name): place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: files.get(str(item.path), len(FIRST)))


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for variable in ("RUNS", "FIGURES", "BUILD"):
        monkeypatch.setenv(f"SR_{variable}", str(tmp_path / variable.lower()))


@pytest.fixture(autouse=True)
def own_signals():
    """Commands that a test calls set handlers; a browser that hangs up must not interrupt the tests after it."""
    numbers = [number for number in signal.Signals if number.name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE")]
    handlers = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def sr_data():
    """The folder with Set5 and Set14, or a skip."""
    from sr_utils.data import sets

    if not {"Set5", "Set14"} <= set(sets.on_disk()):
        pytest.skip("Set5 and Set14 are not on disk; run make data DATA=Set5, or set SR_DATA")
    return sets


def picture(height, width, seed=0):
    """A smooth random RGB image with edges: uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (max(2, height // 9), max(2, width // 9), 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.BICUBIC))


@pytest.fixture(name="picture")
def picture_fixture():
    return picture


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(folder):
    """The address of a web server on loopback that serves this folder."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as httpd:
        threading.Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()  # half a second otherwise
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


@pytest.fixture
def server(tmp_path):
    """(folder, address) of a web server."""
    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served") as address:
        yield tmp_path / "served", f"{address}/"


def python(*arguments, cwd=ROOT, **settings):
    """Run Python with these arguments, and with these settings in its environment."""
    command = [sys.executable, *map(str, arguments)]
    environment = os.environ | {name: str(value) for name, value in settings.items()}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def on_small_disks(script, sizes):
    """Run a script of the shell for which these folders are disks of these sizes, or skip the test."""
    mounts = [f"mkdir -p {folder} && mount -t tmpfs -o size={size} tmpfs {folder}" for folder, size in sizes.items()]
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", " && ".join([*mounts, script])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small disk needs Linux's unshare")
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    return done


SMOKE = ("post_upsampling", 0, "smoke", "sample")  # the arguments of `train` that many tests need a kept run of


@pytest.fixture(scope="session")
def smoke_store(tmp_path_factory):
    """A store with the run of `SMOKE`, trained once for each worker."""
    from sr_utils.training import train

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SR_RUNS", str(tmp_path_factory.mktemp("smoke")))
        return train(*SMOKE).folder.parent


@pytest.fixture
def kept(smoke_store, own_folders):
    """The kept run of `SMOKE`, in this test's own store."""
    from sr_utils import paths
    from sr_utils.training import train

    shutil.copytree(smoke_store, paths.runs())
    return train(*SMOKE)


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """(folder, standard output) of `make reproduce PROFILE=smoke` on corners of pictures; all workers share one."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "reproduced"
    with FileLock(f"{folder}.lock"):
        if not (folder / "output.txt").exists():
            startup = folder / "ipython/profile_default/startup"
            startup.mkdir(parents=True)
            (startup / "00-cropped.py").write_text(CROPPED)
            result = python("-m", "tools", "reproduce", "--profile", "smoke", **own_store(folder))
            assert result.returncode == 0, result.stderr[-3000:]
            (folder / "output.txt").write_text(result.stdout)
    return folder, (folder / "output.txt").read_text()
