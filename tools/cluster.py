"""Every training as a task of a Dask cluster: `make reproduce SCHEDULER=tcp://host:8786`, or `local:2` for processes.

A task carries names, a seed and the run's configuration; what comes back is the run's three files. Images and VGG
weights do not travel: every worker has its own, and a run whose configuration, with the images' digest in it, is not
the expected one is refused. The scheduler imports this module too, so that what needs Keras is imported when it runs.
"""

import contextlib
import hashlib
import json
import logging
import os
import re
from pathlib import Path
from unittest import mock

from tqdm import tqdm

from sr_utils import StudyError
from sr_utils.paths import replace

try:
    import dask.system
    import distributed
except ModuleNotFoundError:
    raise StudyError("SCHEDULER needs Dask, which is not installed; run pip install .[cluster].") from None

WAIT = 60  # seconds for a scheduler to answer, or for a worker to join
DEATHS = 3  # of a task's workers, then a local cluster gives it up; another scheduler has a setting of its own


def train_all(scheduler: str, profile: str, data: str, seeds: list[int]) -> None:
    """Have every (arm, loss, seed) of the study trained by the workers of `scheduler`, and keep the runs here.

    Each run is written to `paths.runs()` as it arrives; those that are kept already are not asked for. A task whose
    worker dies goes to another one, and ends in the same bytes where processors and thread counts are the same.

    Raises
    ------
    StudyError : no such scheduler, no worker, one with other versions, images or weights, one that dies again and
        again. What has arrived by then is kept.
    """
    from sr_utils.training import checkpoints as keeping
    from sr_utils.training import runs as training

    if not re.fullmatch(r"local:[1-9]\d*|(tcp|tls)://.+:\d+", scheduler):
        raise StudyError(f"SCHEDULER must be local:2 or like tcp://host:8786, not {scheduler!r}.")
    runs = [(arm, seed, profile, data, loss) for arm, loss in training.study() for seed in seeds]
    plans = (training.plan(*run) for run in runs)  # each holds a model, so one at a time
    missing = [(plan.folder, plan.config) for plan in plans if not keeping.complete(plan.folder)]
    if not missing:
        return
    with _connected(scheduler) as client:
        try:
            versions = _check_workers(client)
            tasks = {client.submit(_train, run[1], versions, pure=False): run for run in missing}
            words = f"{len(client.nthreads())} worker(s)"
            with tqdm(total=len(runs), initial=len(runs) - len(missing), desc=words, unit="run", ncols=100) as bar:
                for task in _as_done(client, tasks):
                    _keep(*tasks[task], task)
                    bar.update()
        except (distributed.CancelledError, OSError):
            raise StudyError(
                f"The scheduler at {scheduler} went away; start it again, and what has come back stays."
            ) from None


@contextlib.contextmanager
def _connected(scheduler: str):
    """A client of the scheduler that is running, or of one that is started here."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is told in a sentence
    with contextlib.ExitStack() as stack:
        processes = int(scheduler.removeprefix("local:")) if scheduler.startswith("local:") else 0
        if processes:
            scheduler = stack.enter_context(_local(processes))
        try:
            client = stack.enter_context(distributed.Client(scheduler, timeout=WAIT))
        except (OSError, TimeoutError):
            raise StudyError(
                f"No Dask scheduler answers at {scheduler}; start one there (dask scheduler), or use SCHEDULER=local:2."
            ) from None
        if processes:
            stack.callback(_settle, client, processes)
        yield client


def _settle(client, processes: int) -> None:
    """Wait until the workers that died have been started again: Dask fails when it ends a cluster before that."""
    with contextlib.suppress(TimeoutError, OSError, distributed.CancelledError):
        client.wait_for_workers(processes, timeout=WAIT)


@contextlib.contextmanager
def _local(processes: int):
    """A scheduler and worker processes on this machine, that share its cores and leave the progress bar to us."""
    threads = str(max(1, dask.system.CPU_COUNT // processes))
    environment = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), threads)
    settings = {
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        "distributed.nanny.pre-spawn-environ": environment | {"TQDM_DISABLE": "1"},
    }
    with dask.config.set(settings):
        options = {"dashboard_address": None, "silence_logs": logging.CRITICAL, "memory_limit": 0}
        with mock.patch.dict(os.environ):  # Dask writes what workers get into this process's own, and leaves it there
            with distributed.LocalCluster(processes, threads_per_worker=1, **options) as cluster:
                yield cluster


def passport() -> dict:
    """What must be the same on both sides: a digest of this package's files, the backend, and versions."""
    from sr_utils import device as backend

    source = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.[pc][ys]*")):  # *.py and *.csv
        source.update(path.name.encode() + path.read_bytes())
    versions = {k: v for k, v in backend.versions().items() if k not in ("python", "machine")}
    return {"sr_utils": source.hexdigest()[:10], "distributed": distributed.__version__, **versions}


def _check_workers(client) -> dict:
    """The passport of this process, after every worker has shown the same one."""
    mine = passport()
    _wait_for_workers(client)
    for worker, threads in client.nthreads().items():
        if threads > 1:  # seeds and random numbers are a process's
            raise StudyError(f"Worker {worker} trains {threads} runs in one process; start it with --nthreads 1.")
    shown = {worker: client.submit(passport, workers=[worker], pure=False) for worker in client.nthreads()}
    for worker, task in shown.items():
        try:
            theirs = task.result(10 * WAIT)
        except Exception as error:  # whatever its Python says: no sr_utils, no backend, no GPU
            raise StudyError(
                f"Worker {worker} cannot run the study ({type(error).__name__}: {error}); install this checkout there."
            ) from None
        _compare(f"Worker {worker}", theirs, mine, "install the same checkout and requirements.lock there")
    return mine


def _wait_for_workers(client) -> None:
    try:
        client.wait_for_workers(1, timeout=WAIT)
    except TimeoutError:
        if client.status != "running":
            raise distributed.CancelledError from None  # there is no scheduler either
        address = client.scheduler.address
        raise StudyError(
            f"No worker has joined {address} in {WAIT} s; start one with dask worker {address} --nthreads 1."
        ) from None


def _compare(who: str, theirs: dict, mine: dict, advice: str) -> None:
    differ = [f"{key} {theirs.get(key)} instead of {value}" for key, value in mine.items() if theirs.get(key) != value]
    if differ:
        raise StudyError(f"{who} has {', '.join(differ)}; {advice}.")


def _train(config: dict, expected: dict) -> dict[str, bytes]:
    """On a worker: the files of the run that this configuration makes. Its own `runs/` carries it over a restart."""
    from sr_utils import profiles
    from sr_utils.training import checkpoints as keeping
    from sr_utils.training import runs as training

    who = f"Worker {distributed.get_worker().address}"
    _compare(who, passport(), expected, "install the same checkout and requirements.lock there")  # it may be a late one
    profile = profiles.Profile(**config["profile"] | {"vgg_layers": tuple(config["profile"]["vgg_layers"])})
    what = config["arm"], config["seed"], profile, config["data"], config["loss"]
    try:
        found = training.plan(*what).config
        _compare(who, found, config, "give it the same images, VGG_WEIGHTS and DEVICE, or leave it out")
        folder = training.train(*what).folder
        return {name: (folder / name).read_bytes() for name in keeping.FILES}
    except StudyError as error:
        raise error if str(error).startswith(who) else StudyError(f"{who}: {error}") from None


def _as_done(client, tasks):
    """The tasks in the order in which they end; raises `StudyError` when no worker is left for `WAIT` seconds."""
    waiting = set(tasks)
    while waiting:
        _wait_for_workers(client)
        with contextlib.suppress(TimeoutError):  # then look after the workers again
            done, waiting = distributed.wait(waiting, timeout=WAIT, return_when="FIRST_COMPLETED")
            yield from done


def _keep(folder: Path, config: dict, task) -> None:
    """Write what a task brought as if it had been trained here; another run than the one asked for is refused."""
    from sr_utils.training import checkpoints as keeping

    try:
        files = task.result()
    except distributed.KilledWorker as error:
        raise StudyError(
            f"{folder.name}: {error.allowed_failures + 1} workers died over it, the last at "
            f"{error.last_worker.address}; look at that machine's memory and log. What has come back stays."
        ) from None
    record = json.loads(files["run.json"])
    _compare(f"{folder.name} came back as another run: it", record["config"], config, "nothing of it was kept")
    if hashlib.sha256(files["final.weights.h5"]).hexdigest() != record["sha256"]:
        raise StudyError(f"{folder.name} came back damaged, and was not kept; the same command asks for it again.")
    with keeping.alone(folder):
        if not keeping.complete(folder):  # a worker that shares this disk has kept it already
            folder.mkdir(exist_ok=True)
            for name in keeping.FILES:
                replace(folder / name, lambda path, name=name: path.write_bytes(files[name]))
            keeping.tidy(folder)
