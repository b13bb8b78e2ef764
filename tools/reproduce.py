"""`make reproduce`: execute all notebooks in order with papermill, then print the table of results."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import psutil
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from sr_utils import StudyError, paths, profiles, record
from sr_utils.claims import replication
from sr_utils.data.sets import NAMES, check_name
from sr_utils.models import vgg
from sr_utils.plots.tables import each_seed
from tools import command


def check(profile: str, data: str, seeds: str, device: str | None) -> dict:
    """Papermill's parameters; raises `StudyError` for an invalid one, before anything starts."""
    profiles.get(profile)
    check_name(data)
    profiles.check_device(device)
    folder = data if data in NAMES else str(Path(data).expanduser().resolve())  # kernels run in another folder
    return {"profile": profile, "data": folder, "seeds": profiles.check_seeds(seeds), "record": False}


def make_absolute() -> None:
    """Make paths in the environment absolute, because kernels run in another folder."""
    for variable in ("SR_DATA", "SR_RUNS", "SR_FIGURES", "SR_BUILD", "VGG_WEIGHTS"):
        value = os.environ.get(variable)
        if value and value not in ("none", "imagenet"):
            os.environ[variable] = str(Path(value).expanduser().resolve())


def set_aside(profile: str, data: str, seeds: list) -> None:
    """Move the kept runs of these parameters aside, so that they are trained again; nothing is deleted."""
    from sr_utils.training import configuration, study  # it loads Keras

    for arm, loss in study():
        config = configuration.plan(arm, seeds[0], profile, data, loss).config
        for seed in seeds:
            paths.move_aside(paths.runs() / configuration.key(config | {"seed": seed}))


def execute(notebook: Path, target: Path, parameters: dict) -> None:
    """Run one notebook into `target`; raises `StudyError` with the failing cell's message and the copy's path."""
    cells = nbformat.read(notebook, as_version=4).cells
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            str(notebook),
            str(target),
            parameters,
            kernel_name="python3",
            cwd=str(notebook.parent),
            stderr_file=sys.stderr,
            extra_arguments=["--IPKernelApp.log_level=50"],  # no log of a failing cell: its message is raised below
        )
    except PapermillExecutionError as error:
        message = f"{error.ename}: {error.evalue}".removeprefix("StudyError: ")
        id = next((cell.id for cell in cells if cell.source == error.source), "parameters")
        raise StudyError(f"{notebook.name}, cell {id!r}: {message} The executed copy is {target}.") from None
    except DeadKernelError:
        why = "the kernel was killed or interrupted; the same command goes on from the last checkpoint"
        raise StudyError(f"{notebook.name}: {why}.") from None
    except RuntimeError as error:
        raise StudyError(f"{notebook.name}: no kernel could start ({error}); run make clean, then again.") from None


def _stop(number, frame) -> None:
    """On Ctrl-C or SIGTERM: end at once, with the kernel. Files are written whole or not at all, so nothing is lost."""
    print("\nmake reproduce was interrupted; the same command goes on from the last checkpoint.", file=sys.stderr)
    sys.stderr.flush()
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(130)  # the event loop that waits for the kernel could swallow an exception


@command("reproduce")
def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="make reproduce", description=__doc__)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--data", default="sample")
    parser.add_argument("--seeds", default="0")
    arguments = parser.parse_args(argv)
    began = time.perf_counter()
    parameters = check(**vars(arguments), device=os.environ.get("DEVICE"))
    profile, data, seeds = (parameters[name] for name in ("profile", "data", "seeds"))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    make_absolute()
    os.environ["VGG_WEIGHTS"] = vgg.weights() or "none"  # decided once, not by each kernel
    fresh = time.time() if os.environ.pop("FRESH", "") == "1" else None
    if fresh:
        set_aside(profile, data, seeds)
    if os.environ.get("SCHEDULER"):
        from tools import cluster  # Dask is an extra

        cluster.train_all(os.environ["SCHEDULER"], profile, data, seeds, fresh=fresh)
    notebooks, executed = sorted(paths.NOTEBOOKS.glob("0*.ipynb")), paths.output() / profile
    for i, notebook in enumerate(notebooks, 1):
        print(f"[{i}/{len(notebooks)}] {notebook.stem}", flush=True)
        execute(notebook, executed / notebook.name, parameters)
    figures = paths.figures() / profile
    scores = pd.read_csv(figures / "scores.csv", keep_default_na=False)
    means = each_seed(scores).pivot_table(index="arm", columns="set", values=["psnr", "ssim"], sort=False)
    print(f"\nMeans over images and seeds (PSNR in dB)\n{means.round(4).to_string(float_format='{:.4g}'.format)}")
    print(f"\n{beside_record(profile, data, scores)}")
    print(f"\n{len(list(figures.glob('*.png')))} figures and three tables in {figures}")
    print(f"{len(notebooks)} executed notebooks in {executed}")
    print(f"{(time.perf_counter() - began) / 60:.1f} minutes")
    return 0


def beside_record(profile: str, data: str, scores: pd.DataFrame) -> str:
    """A sentence: where this run's effects lie beside those of the recorded seeds of the nearest command.

    A recorded run of the same seed is nearly this one, so it says nothing of how seeds vary, and is left out.
    """
    runs, mine = record.read("runs").query("profile == @profile"), sorted(set(scores.seed) - {-1})
    runs = runs[(runs.data != data) | ~runs.seed.isin(mine)]
    for name, held in sorted(runs.groupby("data"), key=lambda each: each[0] != data):
        if held.seed.nunique() > 1:
            judged = pd.read_csv(paths.figures() / profile / "claims.csv", index_col="id")
            table = replication.beside(judged, record.tables(profile, name, held.seed))
            if len(table):
                trainings = scores[scores.seed >= 0].groupby(["arm", "seed"]).ngroups
                yours = f"Yours on {data}, seed {', '.join(map(str, mine))}"
                theirs = f"the {'other ' * (name == data)}recorded seeds of {profile} on {name}"
                return f"{yours}, beside {theirs}: {replication.sentence(table, trainings)}"
    return f"The record has no two other seeds of {profile}, so that this run stands alone."


if __name__ == "__main__":
    sys.exit(main())
