"""Trainings on a Dask cluster: `make reproduce SCHEDULER=tcp://host:8786`, or `local:2` for processes on this machine.

A task's result is the run's files. Images and VGG weights are not sent: a worker whose own ones differ refuses a run.
"""

import logging
import os
import re
import sys
import time
from pathlib import Path
from unittest import mock

import joblib
from tqdm import tqdm

from sr_utils import StudyError, paths

try:
    import cloudpickle
    import dask.system
    import distributed
except ModuleNotFoundError:
    raise StudyError("SCHEDULER needs Dask, which is not installed; run pip install .[cluster].") from None

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers have sr_utils, but not this file
_LOST = distributed.CancelledError, distributed.KilledWorker
WAIT = 60  # seconds for a scheduler to answer, or for a worker to join


def train_all(scheduler: str, profile: str, data: str, seeds: list[int], fresh: float | None = None) -> None:
    """Let the workers of `scheduler` train every (arm, loss, seed) of the study that is not kept in `paths.runs()`.

    Workers move aside what they kept before `fresh`, in seconds since 1970. Raises `StudyError` where none can work.
    """
    from sr_utils.training import checkpoints, runs

    if not re.fullmatch(r"local:[1-9]\d*|(tcp|tls)://.+:\d+", scheduler):
        raise StudyError(f"SCHEDULER must be local:2 or like tcp://host:8786, not {scheduler!r}.")
    wanted = [(arm, seed, profile, data, loss) for arm, loss in runs.study() for seed in seeds]
    plans = ((run, runs.plan(*run)) for run in wanted)  # a generator, since each plan holds a model
    plans = ((run, plan) for run, plan in plans if not checkpoints.complete(plan.folder))
    missing = {plan.folder: (run, identity(plan.config)) for run, plan in plans}
    if not missing:
        return
    remote = lambda run, expected: _train(run, expected, fresh)  # noqa: E731 (Dask pickles only a lambda by value)
    progress = {"total": len(wanted), "initial": len(wanted) - len(missing), "unit": "run", "ncols": 100}
    try:
        with mock.patch.dict(os.environ), _client(scheduler) as client, tqdm(**progress) as bar:
            bar.write(f"what the cluster does: {client.dashboard_link}", file=sys.stderr)
            client.wait_for_workers(1, timeout=WAIT)
            now = time.time_ns()  # so that a later command is another task
            tasks = {client.submit(remote, *task, key=f"{path.name}/{now}"): path for path, task in missing.items()}
            for task in distributed.as_completed(tasks):
                _keep(tasks[task], task.result())
                bar.update()
    except (OSError, RuntimeError, ImportError, AssertionError, *_LOST) as error:
        asserted = isinstance(error, AssertionError)  # Dask's, where it ends while a worker is started again
        reason = str((error.__context__ if asserted else error.__cause__) or error).partition("\n")[0]
        raise StudyError(
            f"The cluster at {scheduler} cannot train the study ({reason}); see that dask scheduler "
            "and dask worker run there, in this checkout, with enough memory, or use SCHEDULER=local:2."
        ) from None


def _client(scheduler: str) -> distributed.Client:
    """A client of this scheduler or, for `local:N`, of N worker processes that are started here and share the cores."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a StudyError says what went wrong
    if not scheduler.startswith("local:"):
        return distributed.Client(scheduler, timeout=WAIT)
    processes = int(scheduler.removeprefix("local:"))
    threads = str(max(1, dask.system.CPU_COUNT // processes))
    variables = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), threads)
    variables |= {"TQDM_DISABLE": "1"}  # only our own bar; Dask sets all of them in this process too
    options = {"n_workers": processes, "threads_per_worker": 1, "memory_limit": 0, "dashboard_address": "127.0.0.1:0"}
    with dask.config.set({"distributed.nanny.pre-spawn-environ": variables, "scheduler-address": None}):
        return distributed.Client(timeout=WAIT, silence_logs=logging.CRITICAL, **options)


def identity(config: dict, threads: int = 1) -> dict:
    """What must be the same on every worker. One thread takes tasks, since random numbers belong to a process."""
    from sr_utils import device

    files = sorted(Path(paths.__file__).parent.rglob("*.py"))
    versions = {name: version for name, version in device.versions().items() if name not in ("python", "machine")}
    code = joblib.hash([(path.name, path.read_bytes()) for path in files])
    return {"--nthreads": threads, "sr_utils": code, **versions, **config}


def _train(run: tuple, expected: dict, fresh: float | None = None) -> dict[str, bytes]:
    """On a worker: train this run and return its files. A worker that restarts resumes from its own `runs/`."""
    worker = distributed.get_worker()
    gpus = list(Path("/dev").glob("nvidia[0-9]*"))  # CUDA counts those that are visible from 0
    if gpus and isinstance(worker.name, int):  # of local:N, in turn; before a library looks for them
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", str(worker.name % len(gpus)))
    from sr_utils.training import checkpoints, runs

    try:
        plan = runs.plan(*run)
        own = identity(plan.config, worker.state.nthreads)
        for name, value in expected.items():
            if own.get(name) != value:
                raise StudyError(f"{name} is {own.get(name)}, not {value}; give it this checkout, images and settings.")
        if fresh and plan.folder.exists() and plan.folder.stat().st_mtime < fresh:
            paths.move_aside(plan.folder)  # but not a run that a worker began for this command
        folder = runs.train(*run).folder
    except StudyError as error:
        raise StudyError(f"Worker {worker.address}: {error}") from None
    return {name: (folder / name).read_bytes() for name in checkpoints.FILES}


def _keep(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files that a task returned, as if the run had been trained here."""
    from sr_utils.training import checkpoints

    with checkpoints.lock(folder):
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            paths.replace(folder / name, lambda path, content=content: path.write_bytes(content))
        checkpoints.tidy(folder)
