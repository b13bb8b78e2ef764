"""A committed page, opened in JupyterLab and run from top to bottom, without internet and without data."""

import os
import shutil

import nbformat
import pytest

from sr_utils import paths
from tests.browser import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"), reason=lab.INSTALL)

PAGE = "01_baseline.ipynb"
#: Runs at the kernel's start, so that the page's default profile trains for a tenth of its epochs.
SHORT = """
from dataclasses import replace
from sr_utils import profiles
profiles.PROFILES["quick"] = replace(profiles.PROFILES["quick"], epochs=2)
"""


def test_run_all_gives_a_result(tmp_path):
    from playwright.sync_api import sync_playwright

    folder = tmp_path / "notebooks"
    folder.mkdir()
    shutil.copy(paths.NOTEBOOKS / PAGE, folder)
    own = {f"SR_{name.upper()}": str(tmp_path / name) for name in ("runs", "figures", "build", "data")}
    startup = tmp_path / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00-short.py").write_text(SHORT)
    own["IPYTHONDIR"] = str(tmp_path / "ipython")
    with lab.jupyterlab(folder, **own) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.route(lambda address: "127.0.0.1" not in address, lambda route: route.abort())
        lab.open_and_run(page, address, PAGE, timeout=1200)
        page.keyboard.press("Control+s")
        for _ in range(300):  # at most half a minute, until it is on the disk
            cells = [cell for cell in nbformat.read(folder / PAGE, as_version=4).cells if cell.cell_type == "code"]
            if all(cell.execution_count for cell in cells):
                break
            page.wait_for_timeout(100)
        browser.close()
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    shown = {cell.id: cell.outputs for cell in cells}
    assert "SRCNN" in shown["answer"][0].data["text/markdown"]
    assert sorted(path.stem for path in (tmp_path / "figures/quick").glob("*.png")) == [
        "01_crops", "01_framework", "01_loss", "01_srcnn",
    ]  # fmt: skip
    assert [path.name.split("_")[:3] for path in (tmp_path / "runs").iterdir() if path.is_dir()] == [
        ["quick", "sample", "srcnn"]
    ]
