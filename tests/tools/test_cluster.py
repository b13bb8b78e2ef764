"""A real scheduler and real workers on loopback, each with its own store of runs; some workers are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import types

import pytest

from sr_utils import StudyError, paths
from sr_utils.training import checkpoints, configuration, runs
from tests import kills
from tests.conftest import python
from tools import cluster, reproduce, run

#: The bits depend on the number of threads, so every process of these tests has one.
ONE_THREAD = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")


@pytest.fixture
def start(tmp_path):
    """Call it with arguments of `dask` and settings; it finds sr_utils but not tools, and ends with the test."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sr_utils").symlink_to(paths.ROOT / "sr_utils")
    with contextlib.ExitStack() as stack:

        def process(*arguments, **settings):
            command = [sys.executable, "-m", "dask", *map(str, arguments)]
            environment = os.environ | ONE_THREAD | {"PYTHONPATH": str(tmp_path / "site")}
            environment |= {k: str(v) for k, v in settings.items()}
            log = stack.enter_context(open(tmp_path / "dask.log", "a"))
            child = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
            stack.enter_context(child)
            stack.callback(child.kill)
            return child

        yield process


@pytest.fixture
def scheduler(start, tmp_path):
    """The address of a scheduler that waits for workers."""
    file = tmp_path / "scheduler.json"
    child = start("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file)
    (tmp_path / "scheduler.pid").write_text(str(child.pid))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            return json.loads(file.read_text())["address"]
        time.sleep(0.05)
    raise TimeoutError("no scheduler")


@pytest.fixture
def worker(start, scheduler, tmp_path):
    """Call it with a name and settings: a worker without a nanny, whose runs lie in a folder of that name."""

    def join(name, **settings):
        plain = ("--no-nanny", "--no-dashboard", "--nthreads", 1, "--name", name, "--local-directory", tmp_path)
        return start("worker", scheduler, *plain, SR_RUNS=tmp_path / name, **settings)

    return join


@pytest.fixture(autouse=True)
def three_arms(monkeypatch):
    monkeypatch.setattr(runs, "STUDY", (("post_upsampling", "mse"), ("srcnn", "mse"), ("srcnn", "mae")))
    monkeypatch.delenv("SCHEDULER", raising=False)


def test_a_worker_is_killed_in_a_training_and_the_other_ends_it_in_the_same_bytes(worker, scheduler, tmp_path):
    (tmp_path / "deadly").mkdir()
    (tmp_path / "deadly/sr_utils").symlink_to(tmp_path / "site/sr_utils")
    deadly = kills.DEADLY.format(flush=2)  # in the second epoch's weights
    (tmp_path / "deadly/sitecustomize.py").write_text(deadly)  # Python imports this at its start
    doomed, other = worker("doomed", PYTHONPATH=tmp_path / "deadly"), worker("other")
    cluster.train_all(scheduler, "smoke", "sample", [0])
    assert doomed.wait(10) == -signal.SIGKILL and other.poll() is None
    assert list((tmp_path / "doomed").glob("*/checkpoint.weights.h5"))  # it was in the middle
    came = {folder.name: folder for folder in paths.runs().iterdir() if folder.is_dir()}
    assert len(came) == 3
    code = f"from sr_utils.training import train\nfor a, loss in {runs.STUDY}: train(a, 0, 'smoke', 'sample', loss)"
    assert python("-c", code, SR_RUNS=tmp_path / "here", **ONE_THREAD).returncode == 0
    for name, folder in came.items():
        assert sorted(path.name for path in folder.iterdir()) == sorted(checkpoints.FILES)
        for file in ("final.weights.h5", "history.csv"):
            assert (folder / file).read_bytes() == (tmp_path / "here" / name / file).read_bytes(), (name, file)
        assert not list((tmp_path / "doomed" / name).glob("run.json"))
    cluster.train_all("tcp://127.0.0.1:1", "smoke", "sample", [0])  # nothing is missing, so nobody is asked


def test_local_processes_train_what_is_missing(kept, capfd):
    before = (kept.folder / "run.json").read_bytes()
    cluster.train_all("local:2", "smoke", "sample", [0])
    output = capfd.readouterr().err
    assert "what the cluster does: http://127.0.0.1:" in output and "33%" in output and "3/3" in output
    assert len(list(paths.runs().glob("*/run.json"))) == 3 and (kept.folder / "run.json").read_bytes() == before


@pytest.fixture
def on_worker(monkeypatch):
    """Call it with a number of threads: from then on, this process acts as such a worker."""

    def pretend(threads=1, name="there"):
        state = types.SimpleNamespace(nthreads=threads)
        worker = types.SimpleNamespace(address="tcp://there:1", state=state, name=name)
        monkeypatch.setattr(cluster.distributed, "get_worker", lambda: worker)

    return pretend


def test_a_worker_that_differs_is_named(on_worker):
    run = ("srcnn", 0, "smoke", "sample", "mse")
    expected = cluster.identity(configuration.plan(*run).config)
    for name, threads in {"keras": 1, "sr_utils": 1, "images": 1, "--nthreads": 2}.items():
        on_worker(threads)
        differs = {} if threads == 2 else {name: "another"}
        with pytest.raises(StudyError, match=rf"^Worker tcp://there:1: {name} is \S+, not "):
            cluster._train(run, expected | differs)


def test_each_worker_here_has_a_gpu_of_its_own(on_worker, monkeypatch):
    monkeypatch.setattr(cluster.Path, "glob", lambda *_: [cluster.Path("/dev/nvidia1"), cluster.Path("/dev/nvidia0")])
    for number, gpu in ((0, "0"), (1, "1"), (2, "0")):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        on_worker(name=number)
        with pytest.raises(StudyError, match="keras is"):
            cluster._train(("srcnn", 0, "smoke", "sample", "mse"), {"keras": "2"})
        assert os.environ["CUDA_VISIBLE_DEVICES"] == gpu


@pytest.mark.parametrize(
    "address", ["nobody listens", "no worker", "local", "local:0", "host:8786", "http://host:8786"]
)
def test_make_reproduce_says_in_a_sentence_that_no_cluster_is_there(monkeypatch, capsys, scheduler, address):
    address = {"no worker": scheduler, "nobody listens": "tcp://127.0.0.1:1"}.get(address, address)
    monkeypatch.setenv("SCHEDULER", address)
    monkeypatch.setattr(cluster, "WAIT", 1)
    assert run("reproduce", reproduce.main, "--profile", "smoke") == 1
    output = capsys.readouterr().err
    assert "Traceback" not in output and not paths.output().exists()
    sentence = output.splitlines()[-1].removeprefix("make reproduce stopped: ")
    assert address in sentence and sentence.startswith(("The cluster at tcp", "SCHEDULER must be"))


@pytest.mark.parametrize(("seconds", "trained"), [(-60, 0), (60, 1)])
def test_fresh_moves_aside_what_a_worker_kept_before_the_command(kept, on_worker, seconds, trained):
    run = ("post_upsampling", 0, "smoke", "sample", "mse")
    expected = cluster.identity(kept.config)
    on_worker()
    os.utime(kept.folder)  # now
    cluster._train(run, expected, fresh=time.time() + seconds)
    assert len(list(paths.runs().glob("*.old-*"))) == trained
