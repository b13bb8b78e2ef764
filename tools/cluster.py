"""Trainings on a Dask cluster: `make reproduce SCHEDULER=tcp://host:8786`, or `local:2` for processes on this machine.

A task is a run and its configuration; its result is the run's files. Images and VGG weights do not travel: every worker
has its own, and refuses a run whose configuration, which holds the images' digest, is another one there.
"""

import contextlib
import hashlib
import logging
import os
import re
import sys
from pathlib import Path
from unittest import mock

from tqdm import tqdm

import sr_utils
from sr_utils import StudyError
from sr_utils.paths import replace

try:
    import cloudpickle
    import dask.system
    import distributed
except ModuleNotFoundError:
    raise StudyError("SCHEDULER needs Dask, which is not installed; run pip install .[cluster].") from None

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # so that workers need sr_utils only, not this file
WAIT = 60  # seconds for a scheduler to answer, or for a worker to join


def train_all(scheduler: str, profile: str, data: str, seeds: list[int], fresh: float | None = None) -> None:
    """Have every (arm, loss, seed) of the study trained by the workers of `scheduler`, and keep the runs here.

    With `fresh`, a time in seconds since 1970, workers move what they kept before it aside.
    Each run is written to `paths.runs()` as it arrives; those that are kept already are not asked for. Dask gives the
    task of a worker that dies to another one, which ends in the same bytes where processors and thread counts agree.

    Raises
    ------
    StudyError : no such scheduler, no worker, one with other versions, images or weights, or a run over which one
        worker after another dies. What has arrived by then is kept.
    """
    from sr_utils.training import checkpoints, runs

    if not re.fullmatch(r"local:[1-9]\d*|(tcp|tls)://.+:\d+", scheduler):
        raise StudyError(f"SCHEDULER must be local:2 or like tcp://host:8786, not {scheduler!r}.")
    wanted = [(arm, seed, profile, data, loss) for arm, loss in runs.study() for seed in seeds]
    plans = ((run, runs.plan(*run)) for run in wanted)  # each plan holds a model, so one at a time
    missing = [(run, plan.config, plan.folder) for run, plan in plans if not checkpoints.complete(plan.folder)]
    if not missing:
        return
    with _connected(scheduler) as client:
        expected = passport()
        remote = lambda run, config: _train(run, config, expected, fresh)  # noqa: E731 (Dask pickles no other kind by value)
        tasks = {client.submit(remote, run, config, pure=False): folder for run, config, folder in missing}
        progress = {"total": len(wanted), "initial": len(wanted) - len(missing), "unit": "run", "ncols": 100}
        with tqdm(desc=f"{len(client.nthreads())} worker(s)", **progress) as bar:
            for task in _as_completed(client, tasks):
                _keep(tasks[task], task)
                bar.update()


@contextlib.contextmanager
def _connected(scheduler: str):
    """A client of the scheduler at this address, or of one that is started here; it has at least one worker."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a StudyError says what went wrong
    with contextlib.ExitStack() as stack:
        if scheduler.startswith("local:"):
            scheduler = stack.enter_context(_local(int(scheduler.removeprefix("local:"))))
        try:
            client = stack.enter_context(distributed.Client(scheduler, timeout=WAIT))
        except (OSError, TimeoutError):
            raise StudyError(
                f"No Dask scheduler answers at {scheduler}; start one there (dask scheduler), or use SCHEDULER=local:2."
            ) from None
        try:
            _wait_for_workers(client)
            yield client
        except (distributed.CancelledError, OSError):
            raise StudyError(
                f"The scheduler at {scheduler} went away; start it again. What has come back is kept."
            ) from None


@contextlib.contextmanager
def _local(processes: int):
    """The address of a scheduler on this machine, whose worker processes share the cores."""
    threads = str(max(1, dask.system.CPU_COUNT // processes))
    environment = {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads, "OMP_NUM_THREADS": threads}
    settings = {"distributed.nanny.pre-spawn-environ": environment | {"TQDM_DISABLE": "1"}}  # one bar, which is ours
    options = {"dashboard_address": ":0", "silence_logs": logging.CRITICAL, "memory_limit": 0}
    with dask.config.set(settings), mock.patch.dict(os.environ):  # Dask changes the environment of this process too
        with distributed.LocalCluster(processes, threads_per_worker=1, **options) as cluster:
            yield cluster.scheduler_address


def _wait_for_workers(client) -> None:
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except TimeoutError:
        if client.status != "running":
            raise distributed.CancelledError from None  # the scheduler is gone too
        address = client.scheduler.address
        raise StudyError(
            f"No worker of {address} answers for {WAIT} s; start one with dask worker {address} --nthreads 1, in an "
            "environment with this checkout."
        ) from None


def _as_completed(client, tasks):
    """The tasks in the order in which they end; raises `StudyError` when no worker is left for `WAIT` seconds."""
    waiting = set(tasks)
    while waiting:
        _wait_for_workers(client)
        with contextlib.suppress(TimeoutError):
            done, waiting = distributed.wait(waiting, timeout=WAIT, return_when="FIRST_COMPLETED")
            yield from done


def passport() -> dict:
    """What must be the same on both sides: the code of `sr_utils` (as a digest), the backend, and versions."""
    from sr_utils import device

    code = hashlib.sha256()
    for path in sorted(Path(sr_utils.__file__).parent.rglob("*.py")):
        code.update(path.name.encode() + path.read_bytes())
    versions = {name: version for name, version in device.versions().items() if name not in ("python", "machine")}
    return {"sr_utils": code.hexdigest()[:10], **versions}


def _train(run: tuple, config: dict, expected: dict, fresh: float | None = None) -> dict[str, bytes]:
    """On a worker: train this run and return its files. The worker's own `runs/` carries it over a restart."""
    from sr_utils import paths
    from sr_utils.training import checkpoints, runs

    worker = distributed.get_worker()
    try:
        if worker.state.nthreads > 1:  # seeds and random numbers belong to a process
            raise StudyError("it trains several runs in one process; start it with --nthreads 1.")
        _compare(passport(), expected, "install the same checkout and requirements.lock there")
        planned = runs.plan(*run)
        _compare(planned.config, config, "give it the same images, VGG_WEIGHTS and DEVICE")
        if fresh and planned.folder.exists() and planned.folder.stat().st_mtime < fresh:
            paths.move_aside(planned.folder)  # one that a worker began for this command goes on
        folder = runs.train(*run).folder
    except StudyError as error:
        raise StudyError(f"Worker {worker.address}: {error}") from None
    return {name: (folder / name).read_bytes() for name in checkpoints.FILES}


def _compare(found: dict, expected: dict, advice: str) -> None:
    differ = [f"{key} is {found.get(key)}, not {value}" for key, value in expected.items() if found.get(key) != value]
    if differ:
        raise StudyError(f"{', '.join(differ)}; {advice}.")


def _keep(folder: Path, task) -> None:
    """Write the files that a task brought, as if the run had been trained here."""
    from sr_utils.training import checkpoints

    try:
        files = task.result()
    except distributed.KilledWorker as error:
        raise StudyError(
            f"{folder.name}: {error.allowed_failures + 1} workers died over it, the last at "
            f"{error.last_worker.address}; look at that machine's memory and log. What has come back is kept."
        ) from None
    except (ImportError, RuntimeError) as error:
        raise StudyError(
            f"The scheduler or a worker cannot run the study ({error.__cause__ or error}); install this checkout there."
        ) from None
    with checkpoints.alone(folder):
        if not checkpoints.complete(folder):  # a worker that shares this disk has kept it already
            folder.mkdir(exist_ok=True)
            for name, content in files.items():
                replace(folder / name, lambda path, content=content: path.write_bytes(content))
            checkpoints.tidy(folder)
