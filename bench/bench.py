"""`make bench`: what is measured rather than tested. Prints one table each, and puts it into build/bench.json.

Timings are of this machine in this minute; what lasts are the ratios, taken in one run.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from bench import calibration, growth, kills, lab, peers, racing, shares, speed, tried
from sr_utils import StudyError

PAUSE = 150  # ms between two key presses: a reader's, not a burst that waits for the network's acknowledgements

ARRAYS = """
import numpy as np
from PIL import Image
from sr_utils import data, widgets
from sr_utils.images import upsample
rng = np.random.default_rng(0)
hr = np.asarray(Image.fromarray(rng.integers(0, 256, (150, 226, 3), np.uint8)).resize((2040, 1356), Image.BICUBIC))
lr = data.downscale(hr)
sr = upsample(lr, "bilinear")
widgets.compare({"lr": lr, "srcnn": sr, "residual": sr[::-1].copy(), "combined": hr // 2, "hr": hr}, 96).show()
"""
ECHO = """
import ipywidgets
slider, words = ipywidgets.IntSlider(50, 0, 100, description="empty"), ipywidgets.HTML("<b>echo</b>")
slider.observe(lambda change: setattr(words, "value", f"<b>echo</b> {change.new}"), "value")
ipywidgets.VBox([slider, words])
"""


def comparer(presses: int = 60, moves: int = 1000) -> dict:
    """Milliseconds from key to the last new picture, on a 2040×1356 image with six pictures and the wipe; memory."""
    from playwright.sync_api import sync_playwright

    rows, folder = {}, Path(tempfile.mkdtemp())
    lab.notebook(folder / "comparer.ipynb", ARRAYS)
    lab.notebook(folder / "echo.ipynb", ECHO)
    with lab.serve(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        lab.open_and_run(page, address, "echo.ipynb")
        words = page.locator(".widget-html b", has_text="echo").locator("xpath=ancestor::div[1]").element_handle()
        handle = page.locator(".noUi-handle").element_handle()
        rows["empty round trip"] = lab.latencies(page, handle, words, "ArrowRight", 30, PAUSE)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        lab.open_and_run(page, address, "comparer.ipynb")
        view = lab.Comparer(page)
        for label in ("x / px", "y / px", "wipe"):
            view.press(label, "ArrowLeft", 3)  # warm
            rows[label] = view.press(label, "ArrowLeft", 40 if label == "wipe" else presses, PAUSE)
        sides = [view.press("crop side", key, 4, PAUSE) for key in ("ArrowLeft", "ArrowRight") * 3]
        rows["crop side"] = np.concatenate(sides)
        kernels = [
            p for p in psutil.Process().children(recursive=True) if "ipykernel_launcher" in " ".join(p.cmdline())
        ]
        kernel = max(kernels, key=lambda p: p.memory_info().rss)  # the comparer's; the other only echoes
        before = kernel.memory_info().rss
        view.press("x / px", "ArrowLeft", moves // 2)
        view.press("x / px", "ArrowRight", moves // 2)
        memory = {"before": before / 2**20, f"after {moves} moves": kernel.memory_info().rss / 2**20}
        browser.close()
    table = pd.DataFrame(
        {name: {"median / ms": np.median(t), "p95 / ms": np.quantile(t, 0.95)} for name, t in rows.items()}
    ).T
    table["ratio to the empty round trip"] = table["median / ms"] / table.loc["empty round trip", "median / ms"]
    print(table.round(1).to_string())
    print("memory of the kernel / MiB:", {name: round(value, 1) for name, value in memory.items()})
    return {"latency": table.to_dict("index"), "memory": memory}


def survival(kills_at_flush: int = 14, kills_in_time: int = 8) -> dict:
    """Trainings at `smoke`, killed at a flush to the disk (each of the seven, twice) or at random, then resumed."""
    rng, whole = np.random.default_rng(0), kills.finished(Path(tempfile.mkdtemp()))
    killed = equal = 0
    plans = [{"flush": 1 + i % kills.FLUSHES} for i in range(kills_at_flush)]
    plans += [{"seconds": rng.uniform(0, kills.SECONDS)} for _ in range(kills_in_time)]
    for plan in plans:
        runs = Path(tempfile.mkdtemp())
        killed += kills.killed(runs, **plan)
        equal += kills.finished(runs) == whole
    print(f"{len(plans)} trainings, {killed} killed before their end; {equal} of {len(plans)} ended in the same bytes")
    return {"trainings": len(plans), "killed": killed, "equal": equal}


def steps() -> dict:
    """A training step (batch 16) of every arm: milliseconds, ratio to eager PyTorch, share of the processor's peak."""
    from bench import steps  # it needs PyTorch

    return steps.steps()


def inference() -> dict:
    """SR of one image by every arm: megapixels per second, ratio to eager PyTorch."""
    from bench import steps

    return steps.inference()


BENCHES = {
    "calibration": calibration.calibration,
    "comparer": comparer,
    "survival": survival,
    "steps": steps,
    "inference": inference,
    "tried": tried.tried,
    "growth": growth.growth,
    "shares": shares.shares,
    "peers": peers.peers,
}


def main(*names: str) -> int:
    """Run the named benches, or all; one that cannot run says why. "publish" puts the record into the README."""
    for name in names or BENCHES:
        if name == "publish":
            try:
                speed.to_readme()
            except StudyError as error:
                print(f"make bench stopped: {error}", file=sys.stderr)
                return 1
            continue
        if name not in BENCHES:
            known = ", ".join([*BENCHES, "publish"])
            print(f"make bench stopped: there is no bench {name!r}; choose from {known}.", file=sys.stderr)
            return 1
        print(f"\n{name}: {BENCHES[name].__doc__}")
        if name == "comparer" and lab.CHROMIUM is None:
            print(f"  left out: {lab.INSTALL}")
            continue
        if name in ("steps", "inference") and not importlib.util.find_spec("torch"):
            print("  left out: PyTorch is not installed; .venv/bin/python -m pip install .[bench]")
            continue
        try:
            speed.save(name, BENCHES[name](), racing.host())
        except StudyError as error:
            print(f"  left out: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
