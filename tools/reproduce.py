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

from sr_utils import StudyError, paths, profiles
from sr_utils.data.sets import NAMES, check_name
from sr_utils.models import vgg
from sr_utils.plots.tables import each_seed


def check(profile: str, data: str, seeds: str, device: str | None) -> dict:
    """Papermill's parameters; raises `StudyError` for an invalid one, before anything starts."""
    profiles.get(profile)
    profiles.check_device(device)
    folder = data if data in NAMES else str(check_name(data).resolve())  # as workers of a cluster find it
    return {"profile": profile, "data": folder, "seeds": profiles.check_seeds(seeds), "record": False}


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


def main(*arguments: str) -> None:
    parser = argparse.ArgumentParser(prog="make reproduce", description=__doc__)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--data", default="sample")
    parser.add_argument("--seeds", default="0")
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    parameters = check(**vars(given), device=os.environ.get("DEVICE"))
    profile, data, seeds = (parameters[name] for name in ("profile", "data", "seeds"))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
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
    print(f"\n{said_beside_record(executed / '06_conclusions.ipynb')}")
    print(f"\n{len(list(figures.glob('*.png')))} figures and three tables in {figures}")
    print(f"{len(notebooks)} executed notebooks in {executed}")
    print(f"{(time.perf_counter() - began) / 60:.1f} minutes")


def said_beside_record(page: Path) -> str:
    """The sentence of the executed page 06 that sets this run beside the recorded ones."""
    (cell,) = (cell for cell in nbformat.read(page, as_version=4).cells if cell.id == "replication")
    return cell.outputs[-1].data["text/markdown"]
