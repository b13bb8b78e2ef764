"""A real JupyterLab in a real browser, for the browser test and the benchmark of the comparer."""

import base64
import contextlib
import io
import os
import re
import shutil
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

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
INSTALL = "no Chromium here; sudo apt-get install --no-install-recommends chromium"

#: Pixels of an <img> as PNG bytes, re-encoded by the browser from what it shows.
READ = """async (img) => {
  await img.decode();
  const canvas = document.createElement("canvas");
  canvas.width = img.naturalWidth; canvas.height = img.naturalHeight;
  canvas.getContext("2d").drawImage(img, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""

#: Milliseconds from a key press to the loading of the element's new picture, or to its new text.
LATENCY = """([handle, element, key]) => new Promise((resolve) => {
  const start = performance.now();
  const done = () => resolve(performance.now() - start);
  const watch = new MutationObserver(() => {
    watch.disconnect();
    if (element.tagName === "IMG") element.decode().then(done, done); else done();
  });
  watch.observe(element, {attributes: true, childList: true, characterData: true, subtree: true});
  const code = {ArrowRight: 39, ArrowLeft: 37}[key];
  handle.dispatchEvent(new KeyboardEvent("keydown", {key, keyCode: code, bubbles: true, cancelable: true}));
})"""


@contextlib.contextmanager
def serve(folder: Path, **environment):
    """JupyterLab on the notebooks of a folder; yields its address, whose query holds the token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=test", f"--ServerApp.root_dir={folder}"]
    quiet = folder / ".settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    own = {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "JUPYTERLAB_SETTINGS_DIR": str(folder / ".settings")}
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
    """Write a notebook of these code cells, or of (tags, code) pairs."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(book, path)


def open_and_run(page, address: str, name: str, sign: str = ".widget-slider", timeout: float = 240) -> None:
    """Open a notebook, run all its cells, and wait until the last comparer, or whatever `sign` selects, is there."""
    page.goto(f"{address}/lab/workspaces/{Path(name).stem}/tree/{name}?token=test", timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).wait_for(timeout=60_000)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.locator(".jp-StatusBar-TextItem", has_text="| Idle").wait_for(timeout=60_000)  # a run before asks for a kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    for _ in range(int(timeout)):
        page.locator(".jp-WindowedPanel-outer").last.evaluate("(panel) => panel.scrollTo(0, panel.scrollHeight)")
        if page.locator(sign).count():
            break
        page.wait_for_timeout(1000)
    page.locator(sign).last.scroll_into_view_if_needed(timeout=10_000)
    page.wait_for_timeout(1000)  # layout settles


def latencies(page, handle, element, key: str, times: int, pause: float = 0) -> list[float]:
    """Milliseconds from each key press on a handle to the element's next picture or text; `pause` ms between them."""
    found = []
    for _ in range(times):
        page.wait_for_timeout(pause)
        found.append(page.evaluate(LATENCY, [handle, element, key]))
    return found


class Comparer:
    """The comparer as a reader meets it: found by its labels, read by its pixels."""

    def __init__(self, page):
        self.page = page

    def slider(self, label: str):
        """(handle, readout) of the slider with that label."""
        box = self.page.locator(".widget-slider", has=self.page.locator(".widget-label", has_text=label)).last
        return box.locator(".noUi-handle"), box.locator(".widget-readout")

    def value(self, label: str) -> int:
        return int(self.slider(label)[1].inner_text())

    def names(self) -> list[str]:
        """The names under the pictures."""
        return self.page.locator(".widget-html b").all_inner_texts()

    def picture(self, name: str) -> np.ndarray:
        """The pixels above that name: uint8 (192, 192, 3)."""
        words = self.page.locator(".widget-html b", has_text=re.compile(f"^{name}$")).last
        column = words.evaluate("(b) => [...b.parentElement.parentElement.children].indexOf(b.parentElement)")
        strip = words.locator("xpath=ancestor::div[contains(@class,'widget-vbox')][1]//img")
        return self.pixels(strip)[:, column * 200 :][:, :192]

    @property
    def overlap(self):
        """The <img> of the wipe view."""
        wipe = self.page.locator(".widget-slider", has=self.page.locator(".widget-label", has_text="wipe")).last
        return wipe.locator("xpath=ancestor::div[contains(@class,'widget-hbox')][1]//img").first

    def pixels(self, img) -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(img.evaluate(READ)))).convert("RGB"))

    def press(self, label: str, key: str, times: int = 1, pause: float = 0) -> list[float]:
        """Press a key on that slider's focused handle; milliseconds until the last picture was there, of each press."""
        handle, element = self.slider(label)[0].element_handle(), self.overlap.element_handle()
        handle.focus()
        return latencies(self.page, handle, element, key, times, pause)

    def drag(self, label: str, pixels: int) -> None:
        """Drag that slider's handle sideways with the mouse."""
        handle = self.slider(label)[0]
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=4)
        self.page.mouse.up()
        self.page.wait_for_timeout(1500)
