"""`make bench`, growth: what a larger image, more training images and more workers cost, and how that grows."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator
from PIL import Image

from sr_utils import paths, profiles
from sr_utils.plots import style
from sr_utils.training import runs

MEGAPIXELS = (0.5, 1, 2, 4, 8)  # of SR
IMAGES = (50, 100, 200, 400)
RUNS, WORKERS = (2, 4, 8), (1, 2)
#: A task of about ten seconds, long enough that the scheduler's overhead does not matter.
TASK = profiles.Profile("growth", 4, 100, 16, 48, 1e-3, "cosine", profiles.SMALL_VGG)

#: Code for a new process, which at its end prints its seconds and its peak memory in MiB (on Linux).
UPSCALE = """
import sys
from pathlib import Path
import time
from tools.photo.engine import network
from tools.photo.upscale import upscale
run = network(sys.argv[1])
for source in sys.argv[2:]:
    began = time.perf_counter()
    upscale(run, Path(source), Path(source).with_suffix(".tif"))
    seconds = time.perf_counter() - began
"""
READ = """
import sys, time
from pathlib import Path
from sr_utils import data
began = time.perf_counter()
images = data.load(sys.argv[1])
for pair in images.train:
    pair.hr
seconds = time.perf_counter() - began
"""
MEASURE = """
import re
status = Path("/proc/self/status").read_text()  # getrusage's maximum would be the parent's, where that was larger
print(seconds, int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1024)
"""


def _measured(script: str, *arguments) -> tuple[float, float]:
    command = [sys.executable, "-c", script + MEASURE, *map(str, arguments)]
    environment = os.environ | {"TQDM_DISABLE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    seconds, memory = map(float, printed.split())
    return seconds, memory


def _picture(folder: Path, name: str, height: int, width: int) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    Image.fromarray(pixels).resize((width, height), Image.BICUBIC).save(folder / name)
    return folder / name


def enlarging(folder: Path) -> list[dict]:
    """`make upscale` on pictures of growing size, 3 : 2: seconds, and the process's peak memory in MiB."""
    rows = []
    warm = _picture(folder, "warm.png", 256, 384)  # memory is allocated once
    for arm in ("srcnn", "combined"):
        for size in MEGAPIXELS:
            height = round((size * 1e6 / 16 / 1.5) ** 0.5)
            picture = _picture(folder, f"{size}.png", height, round(1.5 * height))
            seconds, memory = _measured(UPSCALE, arm, warm, picture)
            rows.append({"what": arm, "size": size, "seconds": seconds, "MiB": memory})
    return rows


def reading(folder: Path) -> list[dict]:
    """Training images of 481×321, decoded and cached: seconds, and the process's peak memory in MiB."""
    rows = []
    for count in IMAGES:
        place = folder / f"{count} images"
        place.mkdir()
        first = _picture(place, "0.png", 321, 481)
        for i in range(1, count + count // 9 + 1):  # a tenth of a folder is for validation
            (place / f"{i}.png").symlink_to(first)
        seconds, memory = _measured(READ, place)
        rows.append({"what": "training images", "size": count, "seconds": seconds, "MiB": memory})
    return rows


def scheduling(folder: Path) -> list[dict]:
    """Trainings as tasks of `SCHEDULER=local:N`, whose processes share all cores; seconds, with start-up."""
    from tools import cluster

    rows = []
    for workers in WORKERS:
        for count in RUNS:
            place = str(folder / f"{count} runs, {workers} workers")
            study = mock.patch.object(runs, "STUDY", (("combined", "mse"),))
            with study, mock.patch.dict(os.environ, SR_RUNS=place), contextlib.redirect_stderr(io.StringIO()):
                began = time.perf_counter()
                cluster.train_all(f"local:{workers}", TASK, "sample", list(range(count)))
            seconds = time.perf_counter() - began
            rows.append({"what": f"{workers} worker(s)", "size": count, "seconds": seconds})
    return rows


def slope(sizes, values) -> float:
    """The slope of log value over log size: 1 if twice the size costs twice as much, 0 if it costs the same."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def growth() -> dict:
    """Cost against image size, number of training images, and runs × workers: the slopes of log–log lines."""
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for measure in (enlarging, reading, scheduling):
            parts.append(pd.DataFrame(measure(Path(folder))))
            print(parts[-1].round(2).to_string(index=False), flush=True)
    table = pd.concat(parts, ignore_index=True)
    slopes = []
    for what, rows in table.groupby("what", sort=False):
        for column in ("seconds", "MiB"):
            if rows[column].notna().all():
                slopes.append({"what": what, "of": column, "slope": slope(rows["size"], rows[column])})
    print(pd.DataFrame(slopes).round(2).to_string(index=False))
    one, two = (table[table.what == f"{n} worker(s)"].seconds.to_numpy() for n in WORKERS)
    print("two workers' time / one worker's:", dict(zip(RUNS, (two / one).round(2).tolist(), strict=True)))
    draw_growth(table, slopes)
    return {"rows": json.loads(table.to_json(orient="records")), "slopes": slopes}


def draw_growth(table: pd.DataFrame, slopes: list[dict]) -> None:
    """build/bench_growth.png: one log–log panel per question, each line with its slope."""
    slope_of = {(line["what"], line["of"]): line["slope"] for line in slopes}
    panels = (
        (["srcnn", "combined"], "seconds", "SR / megapixels", "time / s"),
        (["srcnn", "combined"], "MiB", "SR / megapixels", "memory / MiB"),
        (["training images"], "MiB", "training images of 481×321", "memory / MiB"),
        ([f"{n} worker(s)" for n in WORKERS], "seconds", "trainings", "time / s"),
    )
    fig, axes = plt.subplots(1, len(panels), figsize=(3.2 * len(panels), 3))
    for ax, (whats, column, across, up) in zip(axes, panels, strict=True):
        for i, what in enumerate(whats):
            rows = table[table.what == what]
            look = style.look(what, marker=False) if what in style.LOOKS else {"color": ("#332288", "#CC6677")[i]}
            label = f"{style.name(what)}: slope {slope_of[what, column]:.2f}"
            ax.loglog(rows["size"], rows[column], marker="o", label=label, **look)
            ax.set_xticks(rows["size"], [f"{size:g}" for size in rows["size"]])
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
        ax.set(xlabel=across, ylabel=up)
        low, high = ax.get_ylim()
        ax.set_ylim(low / 1.5, high * 2.5)  # so that a flat line looks flat
        ax.legend(loc="upper left", fontsize=7.5)
    fig.tight_layout()
    paths.output().mkdir(parents=True, exist_ok=True)
    fig.savefig(paths.output() / "bench_growth.png", dpi=style.DPI)
    plt.close(fig)
