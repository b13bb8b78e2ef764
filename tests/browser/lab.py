"""A real JupyterLab in a real browser, and the comparer in it, for the browser tests."""

import base64
import contextlib
import io
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image


@contextlib.contextmanager
def jupyterlab(folder: Path, **environment):
    """JupyterLab on the notebooks of a folder; yields its address, and its token is "test"."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=test", f"--ServerApp.root_dir={folder}"]
    settings = folder / ".settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    own = {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings")}
    own["JUPYTER_DATA_DIR"] = str(folder / ".data")
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(command, env={**os.environ, **own, **environment}, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{address}/api", timeout=5)
                break
            time.sleep(0.5)
        else:
            raise TimeoutError((folder / "server.log").read_text()[-2000:])
        yield address
    finally:
        server.terminate()
        server.wait(30)


def notebook(path: Path, *cells: str) -> None:
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(book, path)


def start(page, address: str, name: str) -> None:
    """Open a notebook and run all its cells."""
    page.goto(f"{address}/lab/workspaces/{Path(name).stem}/tree/{name}?token=test", timeout=60_000)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.locator(".jp-StatusBar-TextItem", has_text="| Idle").wait_for(timeout=60_000)  # a run before asks for a kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def open_and_run(page, address: str, name: str, sign: str = ".sr-comparer figure", timeout: int = 240) -> None:
    """`start` it, and wait until the last comparer, or whatever `sign` selects, is there."""
    start(page, address, name)
    follow(page, sign, timeout)


def follow(page, sign: str = ".sr-comparer figure", timeout: int = 240) -> None:
    for _ in range(timeout):
        page.locator(".jp-WindowedPanel-outer").last.evaluate("(panel) => panel.scrollTo(0, panel.scrollHeight)")
        if page.locator(sign).count():
            break
        page.wait_for_timeout(1000)
    page.locator(sign).last.scroll_into_view_if_needed(timeout=10_000)
    page.wait_for_timeout(1000)  # layout settles


class ComparerPage:
    """The comparer as a reader meets it: found by its words, read by its pixels. `root` is its element."""

    def __init__(self, page, root=None):
        self.page, self.root = page, root or page.locator(".sr-comparer").last
        self.grid, self.overview = self.root.locator(".crops"), self.root.get_by_label("the whole picture")
        self.stage, self.full = self.root.get_by_label("wipe between"), self.root.locator("dialog canvas")

    def control(self, label: str):
        return self.root.get_by_label(label, exact=True)

    def value(self, label: str) -> int:
        """What stands beside that slider."""
        return int(self.control(label).locator("xpath=../../output").inner_text())

    def place(self) -> tuple[int, int, int]:
        """(y, x, side) of the crop."""
        return self.value("y / px"), self.value("x / px"), self.value("crop side / px")

    def names(self) -> list[str]:
        return self.grid.locator("figcaption b").all_inner_texts()

    def canvas(self, name: str):
        return self.grid.get_by_label(name, exact=True)

    def scores(self, name: str):
        return self.canvas(name).locator("xpath=..//span")

    def pixels(self, canvas) -> np.ndarray:
        """What a canvas holds: uint8 (H, W, 3), one pixel per pixel of its picture."""
        self.settle()
        png = canvas.evaluate("(canvas) => canvas.toDataURL('image/png').split(',')[1]")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))

    def picture(self, name: str) -> np.ndarray:
        """The crop in the place of that picture, one pixel per HR pixel: uint8 (side, side, 3)."""
        return self.pixels(self.canvas(name))

    def halves(self) -> list[np.ndarray]:
        """The pictures left and right of the wipe."""
        return [self.pixels(self.stage.locator("canvas").nth(i)) for i in (1, 0)]

    def settle(self) -> None:
        """Wait until every shown picture has come and the next two frames are drawn."""
        self.root.locator("figure:not(.waiting)").first.wait_for()
        self.root.locator("figure.waiting").first.wait_for(state="detached", timeout=60_000)
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def press(self, label: str, key: str, times: int) -> None:
        for _ in range(times):
            self.control(label).press(key)
        self.settle()

    def keys(self, name: str, *keys: str) -> None:
        for key in keys:
            self.canvas(name).press(key)
        self.settle()

    def point(self, element, at) -> tuple[float, float, float, float]:
        """Put the mouse on a place given as shares of the element's size; returns (x, y, width, height)."""
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
        self.page.mouse.move(x, y, steps=2)
        return x, y, box["width"], box["height"]

    def drag(self, element, dx: float, dy: float, at=(0.5, 0.5), steps: int = 8) -> None:
        """Drag with the mouse from that place; all are shares of the element's size."""
        x, y, width, height = self.point(element, at)
        self.page.mouse.down()
        self.page.mouse.move(x + dx * width, y + dy * height, steps=steps)
        self.page.mouse.up()
        self.settle()

    def roll(self, element, steps: int, at=(0.5, 0.5)) -> None:
        """Turn the wheel over that place; positive steps come nearer."""
        self.point(element, at)
        for _ in range(abs(steps)):
            self.page.evaluate("() => {turned = new Promise((done) => addEventListener('wheel', done, {once: true}))}")
            self.page.mouse.wheel(0, -100 if steps > 0 else 100)  # which returns before the page has it
            self.page.evaluate("() => turned")
        self.settle()
