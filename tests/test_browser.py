"""The comparer of a smoke-profile notebook, in JupyterLab, in headless Chromium."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from bench import lab
from sr_utils import models
from sr_utils.data.images import upsample
from sr_utils.data.sets import load
from sr_utils.evaluation import scores as evaluation

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"), reason=lab.INSTALL)


@pytest.fixture(scope="module")
def laboratory(executed, tmp_path_factory):
    """(a browser, the address of a JupyterLab, the folder that it shows)."""
    from playwright.sync_api import sync_playwright

    assert lab.CHROMIUM, lab.INSTALL
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(executed[0] / "build/smoke/01_baseline.ipynb", folder)
    lab.notebook(folder / "photograph.ipynb", "from sr_utils import photograph\nphotograph.upload()")
    environment = {f"SR_{name.upper()}": str(executed[0] / name) for name in ("runs", "figures", "build")}
    with lab.serve(folder, **environment, SR_DATA=str(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=["--no-sandbox"])
        yield browser, address, folder
        browser.close()


@pytest.fixture(scope="module")
def comparer(laboratory):
    """(the comparer at the end of notebook 01, console errors so far)."""
    browser, address, _ = laboratory
    page, errors = browser.new_page(viewport={"width": 1280, "height": 1400}), []
    lab.open_and_run(page, address, "01_baseline.ipynb")
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return lab.Comparer(page), errors


def expected(comparer):
    """The crop of HR and of LR that the sliders say, from the data set."""
    pair = load("sample").valid[0]
    y, x, side = (comparer.value(label) for label in ("y / px", "x / px", "crop side"))
    window = np.s_[y : y + side, x : x + side]
    zoom = 192 // side
    return {
        "HR": np.kron(pair.hr[window], np.ones((zoom, zoom, 1), np.uint8)),
        "LR": np.kron(upsample(pair.lr, "nearest")[window], np.ones((zoom, zoom, 1), np.uint8)),
    }


def check(comparer):
    for name, crop in expected(comparer).items():
        assert np.array_equal(comparer.picture(name), crop), name


def test_the_first_sight_is_the_hardest_crop(comparer):
    check(comparer[0])
    assert comparer[0].names() == ["LR", "bilinear", "bicubic", "SRCNN", "HR"]
    assert comparer[0].page.locator(".widget-image:visible").count() == 4  # overview, two rows, wipe


@pytest.mark.parametrize("label", ["x / px", "y / px", "crop side"])
def test_a_slider_moves_the_crop_by_keys_and_by_mouse(comparer, label):
    comparer = comparer[0]
    before, value = comparer.picture("HR"), comparer.value(label)
    times = comparer.press(label, "ArrowLeft", 3)
    print(f"{label}: {np.median(times):.0f} ms from key to picture (median of {len(times)})")
    after = comparer.value(label)
    assert after < value and not np.array_equal(before, comparer.picture("HR"))
    check(comparer)
    comparer.drag(label, 40)
    assert comparer.value(label) > after
    check(comparer)


def test_the_wipe_uncovers_the_left_picture(comparer):
    comparer = comparer[0]
    before = comparer.pixels(comparer.overlap)
    comparer.press("wipe", "ArrowRight", 3)
    assert not np.array_equal(before, comparer.pixels(comparer.overlap))
    comparer.drag("wipe", 60)
    page, share = comparer.pixels(comparer.overlap), comparer.value("wipe") / 100
    crops = {
        name: np.kron(crop[:: 192 // 192], np.ones((2, 2, 1), np.uint8)) for name, crop in expected(comparer).items()
    }
    at = round(share * page.shape[1])
    assert 0.5 < share < 1
    assert np.array_equal(page[:, : at - 1], crops["LR"][:, : at - 1])
    assert np.array_equal(page[:, at + 1 :], crops["HR"][:, at + 1 :])


def test_a_toggle_hides_a_picture(comparer):
    comparer = comparer[0]
    toggle = comparer.page.get_by_role("button", name="bilinear").last
    toggle.click()
    comparer.page.locator(".widget-html b", has_text="bilinear").wait_for(state="detached", timeout=5000)
    assert comparer.names() == ["LR", "bicubic", "SRCNN", "HR"]
    check(comparer)
    toggle.click()
    comparer.page.locator(".widget-html b", has_text="bilinear").wait_for(timeout=5000)
    check(comparer)


def test_another_image_can_be_chosen(comparer):
    comparer = comparer[0]
    before = comparer.picture("HR")
    box = comparer.page.locator(".widget-dropdown", has_text="image").last.locator("select")
    box.select_option("rocket")
    comparer.page.wait_for_timeout(3000)
    assert not np.array_equal(before, comparer.picture("HR"))
    box.select_option("chelsea")
    comparer.page.wait_for_timeout(3000)
    check(comparer)


def test_neither_kernel_nor_console_complained(comparer):
    comparer, errors = comparer
    assert errors == []
    complaints = "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']"
    assert comparer.page.locator(complaints).count() == 0


def test_a_photograph_is_taken_from_the_reader_and_compared(laboratory, picture):
    browser, address, folder = laboratory
    lr = picture(60, 90)
    Image.fromarray(lr).save(folder / "mine.png")
    (folder / "note.png").write_text("no picture")
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    lab.open_and_run(page, address, "photograph.ipynb", sign=".widget-upload")

    def choose(name):
        with page.expect_file_chooser() as chooser:
            page.locator(".widget-upload").click()
        chooser.value.set_files(folder / name)

    choose("note.png")
    page.get_by_text("note.png cannot be read as an image").wait_for(timeout=20_000)
    choose("mine.png")
    page.get_by_text("mine.png, 90×60 pixels").wait_for(timeout=60_000)
    page.locator(".widget-slider").last.scroll_into_view_if_needed(timeout=60_000)
    comparer = lab.Comparer(page)
    assert comparer.names() == ["LR", "bicubic", "SRCNN", "combined"]
    y, x, side = (comparer.value(label) for label in ("y / px", "x / px", "crop side"))
    sr = evaluation.upscale(models.load("combined"), lr)[y : y + side, x : x + side]
    assert np.array_equal(comparer.picture("combined"), np.kron(sr, np.ones((192 // side, 192 // side, 1), np.uint8)))
    page.close()
