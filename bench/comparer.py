"""How fast the comparer follows the hand: eight pictures of 2040×1356 pixels in JupyterLab."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from bench import lab

ARRAYS = """
import numpy as np
from PIL import Image
from sr_utils import data, widgets
rng = np.random.default_rng(0)
hr = np.asarray(Image.fromarray(rng.integers(0, 256, (150, 226, 3), np.uint8)).resize((2040, 1356), Image.BICUBIC))
lr = data.downscale(hr)
sr = {name: np.roll(data.upsample(lr, "bilinear"), i, 0) for i, name in enumerate("abcdef")}
"""
SHOW = """
import time
start = time.time()
comparer = widgets.compare({"lr": lr, **sr, "hr": hr}, 96)
sent = sum(len(getattr(comparer, key)) for key in comparer.scenes["image"]["pictures"].values())
print(f"start {start} sent {sent}")
comparer
"""
#: Notes when the first complete picture was there, and then, per event, the milliseconds until it was drawn.
WATCH = """() => {
  window.measured = {first: null, delays: [], frames: [], asked: null};
  for (const name of ["keydown", "pointermove"]) {
    addEventListener(name, (event) => (window.measured.asked ??= event.timeStamp), true);
  }
  const drawn = () => {
    const now = performance.now();
    window.measured.frames.push(now);
    if (window.measured.asked !== null) window.measured.delays.push(now - window.measured.asked);
    window.measured.asked = null;
  };
  const look = () => {
    const figures = document.querySelectorAll(".sr-comparer figure");
    if (!figures.length || document.querySelector(".sr-comparer .waiting")) return requestAnimationFrame(look);
    window.measured.first = Date.now() / 1000;
    const watch = new MutationObserver(drawn); // the sliders and the frame are set in the call that draws the crops
    watch.observe(document.querySelector(".sr-comparer .frame"), {attributes: true, attributeFilter: ["style"]});
    watch.observe(document.querySelector(".sr-comparer .stage"), {attributes: true, attributeFilter: ["style"]});
  };
  requestAnimationFrame(look);
}"""


def comparer(presses: int = 60, moves: int = 240, far: int = 1000) -> dict:
    """Milliseconds from key press or mouse move to new pictures, pictures per second, first sight, bytes, memory."""
    from playwright.sync_api import sync_playwright

    folder = Path(tempfile.mkdtemp())
    lab.notebook(folder / "comparer.ipynb", ARRAYS, SHOW)
    with lab.jupyterlab(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.add_init_script(f"({WATCH})()")
        lab.open_and_run(page, address, "comparer.ipynb")
        view = lab.ComparerPage(page)
        view.settle()
        started, sent = map(float, page.get_by_text("start ").last.inner_text().split()[1::2])
        first = page.evaluate("() => window.measured.first") - started
        delays, rates = {}, {}
        for label in ("x / px", "y / px", "crop side / px", "wipe / %"):
            delays[f"slider {label}"] = _delays(page, lambda label=label: _alternate(view, label, presses))
        for name, element in (("a crop", view.canvas("HR")), ("the overview", view.overview), ("the wipe", view.stage)):
            delays[f"drag of {name}"] = _delays(page, lambda e=element: _swing(page, e, moves))
            frames = np.asarray(page.evaluate("() => window.measured.frames"))
            rates[name] = (len(frames) - 1) / (frames[-1] - frames[0]) * 1000
        memory = [_heap(page)]
        for dx in (60, -60):
            view.drag(view.canvas("HR"), dx, 40, steps=far // 2)
        memory.append(_heap(page))
        browser.close()
    rows = {name: {"median / ms": np.median(d), "p95 / ms": np.quantile(d, 0.95)} for name, d in delays.items()}
    print(pd.DataFrame(rows).T.round(1).to_string())
    print("pictures per second:", {name: round(rate, 1) for name, rate in rates.items()})
    print(f"first sight after {first:.2f} s; {sent / 2**20:.1f} MiB of PNG sent")
    print(f"JavaScript's heap before and after {far} moves / MiB:", [round(m, 1) for m in memory])
    return {"latency": rows, "pictures per second": rates, "first sight / s": first, "sent / MiB": sent / 2**20,
            "memory": {"before": memory[0], f"after {far} moves": memory[1]}}  # fmt: skip


def _alternate(view, label, presses):
    """To and fro, so that no slider meets its end."""
    for i in range(presses):
        view.control(label).press("ArrowLeft" if i % 2 else "ArrowRight")


def _swing(page, element, moves):
    """Drag to and fro, eight screen pixels a move, so that every move shows another picture."""
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, moves + 1):
        page.mouse.move(x + 8 * abs((i + 8) % 16 - 8), y)
    page.mouse.up()


def _delays(page, act):
    page.evaluate("() => { Object.assign(window.measured, {delays: [], frames: [], asked: null}); }")
    act()
    page.wait_for_timeout(300)
    return page.evaluate("() => window.measured.delays")


def _heap(page):
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    return client.send("Runtime.getHeapUsage")["usedSize"] / 2**20
