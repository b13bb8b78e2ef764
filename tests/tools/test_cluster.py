"""A real scheduler and real workers on loopback, each with its own store of runs; some workers are killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import types

import pytest
from PIL import Image

import sr_utils
import tools
from sr_utils import StudyError, paths
from sr_utils.training import checkpoints, configuration, runs
from tests import kills
from tools import cluster, reproduce

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
            child = stack.enter_context(
                subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
            )
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

    def join(name, threads=1, **settings):
        settings = {"SR_RUNS": tmp_path / name, **settings}
        plain = ("--no-nanny", "--no-dashboard", "--nthreads", threads, "--name", name)
        return start("worker", scheduler, *plain, "--local-directory", tmp_path, **settings)

    return join


@pytest.fixture(autouse=True)
def three_arms(monkeypatch):
    monkeypatch.setattr(runs, "STUDY", (("post_upsampling", "mse"), ("srcnn", "mse"), ("srcnn", "mae")))
    monkeypatch.delenv("SCHEDULER", raising=False)


def test_a_worker_is_killed_in_a_training_and_the_other_ends_it_in_the_same_bytes(worker, scheduler, tmp_path, capsys):
    (tmp_path / "deadly").mkdir()
    (tmp_path / "deadly/sr_utils").symlink_to(tmp_path / "site/sr_utils")
    deadly = kills.DEADLY.format(flush=2)  # in the second epoch's weights
    (tmp_path / "deadly/sitecustomize.py").write_text(deadly)  # Python imports this at its start
    doomed, other = worker("doomed", PYTHONPATH=tmp_path / "deadly"), worker("other")
    cluster.train_all(scheduler, "smoke", "sample", [0])
    assert doomed.wait(10) == -signal.SIGKILL and other.poll() is None
    assert list((tmp_path / "doomed").glob("*/checkpoint.weights.h5"))  # it was in the middle
    assert "3/3" in capsys.readouterr().err
    came = {folder.name: folder for folder in paths.runs().iterdir() if folder.is_dir()}
    assert len(came) == 3
    code = f"from sr_utils.training import train\nfor arm, loss in {runs.STUDY}: "
    code += "train(arm, 0, 'smoke', 'sample', loss)"
    here = os.environ | ONE_THREAD | {"SR_RUNS": str(tmp_path / "here")}
    subprocess.run([sys.executable, "-c", code], env=here, capture_output=True, check=True)
    for name, folder in came.items():
        assert sorted(path.name for path in folder.iterdir()) == sorted(checkpoints.FILES)
        for file in ("final.weights.h5", "history.csv"):
            assert (folder / file).read_bytes() == (tmp_path / "here" / name / file).read_bytes(), (name, file)
        assert not list((tmp_path / "doomed" / name).glob("run.json"))
    cluster.train_all("tcp://127.0.0.1:1", "smoke", "sample", [0])  # nothing is missing, so nobody is asked


def test_local_processes_train_what_is_missing(kept, capfd):
    before = (kept.folder / "run.json").read_bytes()
    capfd.readouterr()
    cluster.train_all("local:2", "smoke", "sample", [0])
    output = capfd.readouterr().err
    assert "2 worker(s):  33%" in output and "3/3" in output and "step/s" not in output  # one bar, over all
    assert "  0%" not in output  # what is kept is not asked for
    assert len(list(paths.runs().glob("*/run.json"))) == 3 and (kept.folder / "run.json").read_bytes() == before


@pytest.fixture
def on_worker(monkeypatch):
    """Call it with a number of threads: from then on, this process acts as such a worker."""

    def pretend(threads=1):
        worker = types.SimpleNamespace(address="tcp://there:1", state=types.SimpleNamespace(nthreads=threads))
        monkeypatch.setattr(cluster.distributed, "get_worker", lambda: worker)

    return pretend


@pytest.mark.parametrize(
    ("threads", "differs"), [(1, {"keras": "2"}), (1, {"sr_utils": "other code"}), (1, {"images": "others"}), (2, {})]
)
def test_a_worker_that_differs_is_named(on_worker, threads, differs):
    on_worker(threads)
    run = ("srcnn", 0, "smoke", "sample", "mse")
    expected = cluster.identity(configuration.plan(*run).config)
    name = next(iter(differs), "--nthreads")
    with pytest.raises(StudyError, match=rf"^Worker tcp://there:1: {name} is \S+, not .*; give it this checkout"):
        cluster._train(run, expected | differs)


def test_the_code_is_part_of_the_identity(tmp_path, monkeypatch):
    monkeypatch.setattr(sr_utils, "__file__", str(tmp_path / "sr_utils/__init__.py"))
    (tmp_path / "sr_utils/models").mkdir(parents=True)
    (tmp_path / "sr_utils/models/layers.py").write_text("a = 1\n")
    before = cluster.identity({})
    assert {"sr_utils", "keras", "numpy"} < set(before)
    (tmp_path / "sr_utils/models/layers.py").write_text("a = 2\n")
    after = cluster.identity({})
    assert [key for key in before if before[key] != after[key]] == ["sr_utils"]


def test_a_worker_without_the_study_is_told(worker, scheduler, tmp_path, monkeypatch):
    """Dask removes a worker that cannot read its task."""
    (tmp_path / "none").mkdir()
    (tmp_path / "none/sr_utils.py").write_text("raise ModuleNotFoundError('no sr_utils here')")
    worker("bare", PYTHONPATH=tmp_path / "none")
    monkeypatch.setattr(cluster, "WAIT", 5)
    with pytest.raises(
        StudyError, match=r"does not answer \(Only 0/1 workers arrived after 5\); .* with this checkout"
    ):
        cluster.train_all(scheduler, "smoke", "sample", [0])


def test_a_scheduler_without_the_study_is_told():
    with pytest.raises(StudyError, match=r"cannot train .* \(No module named 'sr_utils'\); install this checkout"):
        with cluster._explained("tcp://host:1"):
            raise RuntimeError("deserialization") from ModuleNotFoundError("No module named 'sr_utils'")


def test_a_worker_with_other_images_is_named(worker, scheduler, tmp_path, monkeypatch, picture):
    for root, side in (("mine", 40), ("theirs", 44)):
        for split in ("train", "test"):
            folder = tmp_path / root / "BSDS500/images" / split
            folder.mkdir(parents=True)
            Image.fromarray(picture(side, side)).save(folder / "a.png")
    monkeypatch.setenv("SR_DATA", str(tmp_path / "mine"))
    monkeypatch.setattr(runs, "STUDY", runs.STUDY[:1])
    worker("theirs", SR_DATA=tmp_path / "theirs")
    with pytest.raises(StudyError, match=r"^Worker tcp://\S+: images is \w+, not \w+; give it this checkout"):
        cluster.train_all(scheduler, "smoke", "bsds500", [0])
    assert not list(tmp_path.rglob("run.json"))


def test_a_run_over_which_workers_die_is_given_up(monkeypatch, tmp_path):
    deaths = str(tmp_path / "deaths")

    def deadly(run, expected, fresh):
        import os

        os.close(os.open(f"{deaths}-{os.getpid()}", os.O_CREAT))
        os.kill(os.getpid(), 9)

    clients = []

    def close(client, closed=cluster.distributed.Client.close):
        if client.status == "closed":
            return  # Python forgets it only now
        clients.append(client)
        with contextlib.suppress(AssertionError):
            closed(client)
        client.status = "closing"
        raise AssertionError("can only join a started process")  # Dask's, now and then

    monkeypatch.setattr(runs, "STUDY", runs.STUDY[:1])
    monkeypatch.setattr(cluster, "_train", deadly)
    monkeypatch.setattr(cluster.distributed.Client, "close", close)
    with cluster.dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        with pytest.raises(
            StudyError, match=r"cannot train .*smoke_sample_post_upsampling_\S+ on 2 different workers, .* worker logs"
        ):
            cluster.train_all("local:1", "smoke", "sample", [0])
    assert len(list(tmp_path.glob("deaths-*"))) == 2
    assert [client.status for client in clients] == ["closed"]  # Dask does not try again, for two minutes


def test_a_scheduler_that_goes_away_is_told(monkeypatch, worker, scheduler, tmp_path):
    """The worker's task kills the scheduler."""
    ended = "import os, signal, time; os.kill({pid}, signal.SIGKILL); time.sleep(60)"
    code = ended.format(pid=(tmp_path / "scheduler.pid").read_text())
    worker("plain")
    monkeypatch.setattr(cluster, "_train", lambda run, expected, fresh: exec(code))
    with pytest.raises(
        StudyError, match=f"^The cluster at {scheduler} does not answer \\(the connection was lost\\); start dask"
    ):
        cluster.train_all(scheduler, "smoke", "sample", [0])


def sentence(monkeypatch, capsys, scheduler):
    """The last line that `make reproduce SCHEDULER=…` prints, which must end with status 1."""
    monkeypatch.setenv("SCHEDULER", scheduler)
    monkeypatch.setattr(cluster, "WAIT", 1)
    assert reproduce.main(["--profile", "smoke"]) == 1
    output = capsys.readouterr().err
    assert "Traceback" not in output and not paths.output().exists()
    return output.splitlines()[-1].removeprefix("make reproduce stopped: ")


def test_no_worker(monkeypatch, capsys, scheduler):
    message = sentence(monkeypatch, capsys, scheduler)
    assert message.startswith(f"The cluster at {scheduler} does not answer (Only 0/1 workers arrived after 1); start")


def test_no_scheduler(monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    assert sentence(monkeypatch, capsys, address).startswith(
        f"The cluster at {address} does not answer (Timed out trying"
    )


@pytest.mark.parametrize("scheduler", ["local", "local:0", "local:-1", "host:8786", "http://host:8786"])
def test_no_address(monkeypatch, capsys, scheduler):
    message = sentence(monkeypatch, capsys, scheduler)
    assert message == f"SCHEDULER must be local:2 or like tcp://host:8786, not {scheduler!r}."


def test_no_dask(monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        patch.delitem(sys.modules, "tools.cluster")
        patch.delattr(tools, "cluster")
        patch.setenv("SCHEDULER", "local:2")
        status = reproduce.main(["--profile", "smoke"])
    message = "SCHEDULER needs Dask, which is not installed; run pip install .[cluster]."
    assert status == 1 and capsys.readouterr().err == f"make reproduce stopped: {message}\n"


@pytest.mark.parametrize(("seconds", "trained"), [(-60, 0), (60, 1)])
def test_fresh_moves_aside_what_a_worker_kept_before_the_command(kept, on_worker, seconds, trained):
    run = ("post_upsampling", 0, "smoke", "sample", "mse")
    expected = cluster.identity(kept.config)
    on_worker()
    os.utime(kept.folder)  # now
    cluster._train(run, expected, fresh=time.time() + seconds)
    assert len(list(paths.runs().glob("*.old-*"))) == trained
