"""The comparer in JupyterLab, in headless Chromium: what the reader does, and the pixels that are then shown."""

import os

import nbformat
import numpy as np
import pytest
from matplotlib import colormaps

from sr_utils import data, evaluation, paths
from tests.browser import lab

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"), reason=lab.INSTALL)

NOTEBOOK = """
import time
import ipywidgets
from sr_utils import data, widgets
from sr_utils.filters import edge_enhance

def slow(hr):
    time.sleep(0.5)
    return edge_enhance(hr)

images = {}
for pair in data.load("sample").valid[:2]:
    hr = pair.hr
    images[pair.name] = {"lr": pair.lr, "srcnn": lambda hr=hr: slow(hr), "<i>dark</i>": hr // 2, "hr": hr}
comparer, words = widgets.compare(images), ipywidgets.Label()
comparer.observe(lambda change: setattr(words, "value", f"kernel: {comparer.x}"), "x")
CHANGED = dict(size=64, x=8, y=16, shown=["bicubic", "hr"], left="hr", right="lr", wipe=25, errors=True)
before = {name: getattr(comparer, name) for name in CHANGED}

def change(_):
    for name, value in (before if comparer.errors else CHANGED).items():
        setattr(comparer, name, value)

button = ipywidgets.Button(description="set in the kernel")
button.on_click(change)
ipywidgets.VBox([words, button, comparer])
"""

SEVERAL = (
    """
from sr_utils import data, evaluation, widgets
pairs = data.load("sample").valid[:2]
widgets.compare_arms(pairs[:1], {"bilinear": "bilinear"})
""",
    """
widgets.compare_arms(pairs[:1], {"bilinear": "bilinear"})
pictures = evaluation.pictures(pairs, {"srcnn": "bicubic", "srcnn mae": "nearest"})
widgets.blind(pictures, "srcnn", "srcnn mae", places=3)
""",
)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """(a browser, the address of a JupyterLab, the folder that it shows)."""
    from playwright.sync_api import sync_playwright

    assert lab.CHROMIUM, lab.INSTALL
    folder = tmp_path_factory.mktemp("lab")
    lab.notebook(folder / "comparer.ipynb", NOTEBOOK)
    lab.notebook(folder / "several.ipynb", *SEVERAL)
    book = nbformat.read(paths.NOTEBOOKS / "01_baseline.ipynb", as_version=4)
    parameters = next(cell for cell in book.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source = 'profile, data, seeds, record = "smoke", "sample", [0], False'
    nbformat.write(book, folder / "page.ipynb")
    own = {f"SR_{name}": str(folder / name.lower()) for name in ("RUNS", "FIGURES", "BUILD", "DATA")}
    with lab.jupyterlab(folder, **own) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=["--no-sandbox"])
        yield browser, address, folder
        browser.close()


PAIRS = {pair.name: pair for pair in data.load("sample").valid[:2]}


@pytest.fixture(scope="module")
def opened(laboratory):
    """(the comparer, console errors so far)."""
    browser, address, _ = laboratory
    page, errors = browser.new_page(viewport={"width": 1280, "height": 1400}), []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    lab.open_and_run(page, address, "comparer.ipynb")
    return lab.ComparerPage(page), errors


@pytest.fixture
def comparer(opened):
    """The comparer, as after loading: chelsea, the middle, 48 pixels."""
    comparer = opened[0]
    comparer.control("image").select_option("chelsea")
    comparer.control("error maps").uncheck()
    for label, value in (("crop side / px", 3), ("x / px", 200), ("y / px", 120), ("wipe / %", 50)):
        comparer.control(label).fill(str(value))
    comparer.settle()
    return comparer


def expected(comparer, image="chelsea"):
    """The crops that the sliders say, by the names under them."""
    pair, (y, x, side) = PAIRS[image], comparer.place()
    pictures = {
        "LR": data.upsample(pair.lr, "nearest"),
        "bicubic": data.upsample(pair.lr),
        "<i>dark</i>": pair.hr // 2,
        "HR": pair.hr,
    }
    return {name: picture[y : y + side, x : x + side] for name, picture in pictures.items()}


def check(comparer, image="chelsea"):
    crops = expected(comparer, image)
    for name, crop in crops.items():
        assert np.array_equal(comparer.picture(name), crop), name
    for name in ("LR", "bicubic", "<i>dark</i>"):
        psnr, ssim = (f(crops[name], crops["HR"]) for f in (evaluation.psnr, evaluation.ssim))
        for _ in range(50):  # at most five seconds: scores come a little after their crops
            said = comparer.scores(name)
            if said == f"{psnr:.2f} dB · SSIM {ssim:.4f}":
                break
            comparer.page.wait_for_timeout(100)
        else:
            pytest.fail(f"{name}: {said}, not {psnr:.2f} dB and SSIM {ssim:.4f}")


def test_the_first_sight(comparer):
    assert comparer.names() == ["LR", "bicubic", "SRCNN", "<i>dark</i>", "HR"]  # a label is text, not HTML
    assert comparer.scores("HR") == "reference"
    check(comparer)


@pytest.mark.parametrize(("label", "index"), [("y / px", 0), ("x / px", 1), ("crop side / px", 2)])
def test_a_slider_moves_the_crop_by_keys_and_by_mouse(comparer, label, index):
    before = comparer.place()[index]
    comparer.press(label, "ArrowLeft", 2)
    comparer.settle()
    after = comparer.place()[index]
    assert after < before
    check(comparer)
    comparer.drag(comparer.control(label), 40, 0)
    assert comparer.place()[index] != after
    check(comparer)


def test_a_crop_is_dragged(comparer):
    y, x, side = comparer.place()
    per_pixel = side / comparer.canvas("HR").bounding_box()["width"]
    comparer.drag(comparer.canvas("<i>dark</i>"), 50, -30)
    assert comparer.place() == (round(y + 30 * per_pixel), round(x - 50 * per_pixel), side)
    check(comparer)
    comparer.drag(comparer.canvas("LR"), 5000, 5000)
    assert comparer.place() == (0, 0, side)  # never beyond the picture
    check(comparer)


def test_the_wheel_zooms_about_the_pointer(comparer):
    y, x, _ = comparer.place()
    comparer.roll(comparer.canvas("HR"), 1, at=(0.75, 0.25))
    assert comparer.place() == (y + 4, x + 12, 32)  # the pixel under the pointer stays there
    comparer.roll(comparer.canvas("HR"), -2, at=(0.75, 0.25))
    assert comparer.place()[2] == 64
    check(comparer)


def test_the_overview_is_clicked_and_dragged(comparer):
    height, width = PAIRS["chelsea"].hr.shape[:2]
    comparer.drag(comparer.overview, 0, 0, at=(0.25, 0.5))
    y, x, side = comparer.place()
    assert abs(x + side / 2 - 0.25 * width) <= 2 and abs(y + side / 2 - 0.5 * height) <= 2
    box = comparer.overview.bounding_box()
    comparer.drag(comparer.overview, box["width"] / 2, 0, at=(0.25, 0.5))
    assert abs(comparer.place()[1] + side / 2 - 0.75 * width) <= 2
    check(comparer)
    frame = comparer.root.locator(".frame").bounding_box()
    zoom = box["width"] / width
    assert abs(frame["x"] - box["x"] - comparer.place()[1] * zoom) < 1 and abs(frame["width"] - side * zoom) < 1


def test_a_digit_flicks_one_picture_over_another_in_place(comparer):
    crops = expected(comparer)
    first = comparer.canvas("LR")
    for surface, canvas in ((first, first), (comparer.stage, comparer.stage.locator("canvas").last)):
        surface.focus()
        before = comparer.pixels(canvas)
        comparer.page.keyboard.down("5")
        assert np.array_equal(comparer.pixels(canvas), crops["HR"])
        comparer.page.keyboard.up("5")
        assert np.array_equal(comparer.pixels(canvas), before)


def test_keys_move_zoom_and_open_full_size(comparer):
    y, x, _ = comparer.place()
    comparer.canvas("bicubic").focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowDown", "+"):
        comparer.page.keyboard.press(key)
    comparer.settle()
    assert comparer.place() == (y + 15, x + 9, 32)
    comparer.canvas("HR").press("Enter")
    comparer.full.wait_for()
    assert np.array_equal(comparer.pixels(comparer.full), PAIRS["chelsea"].hr)
    comparer.page.keyboard.press("Escape")
    comparer.full.wait_for(state="hidden")


def test_the_wipe_is_moved_by_keys_and_by_mouse(comparer):
    comparer.press("wipe / %", "ArrowLeft", 25)
    assert comparer.value("wipe / %") == 25
    comparer.drag(comparer.stage, 96, 0)
    assert comparer.value("wipe / %") == 75
    comparer.control("left").select_option("bicubic")
    crops = expected(comparer)
    right, left = (comparer.pixels(comparer.stage.locator("canvas").nth(i)) for i in (0, 1))
    assert np.array_equal(left, crops["bicubic"]) and np.array_equal(right, crops["HR"])
    comparer.control("left").select_option("LR")


def test_error_maps_have_the_colours_of_their_bar(comparer):
    comparer.control("error maps").check()
    crops = expected(comparer)
    shown = comparer.picture("<i>dark</i>").astype(int)
    worst = np.abs(crops["HR"].astype(int) - crops["<i>dark</i>"]).max(axis=2).clip(0, 64)
    assert np.abs(shown - 255 * colormaps["viridis"](worst / 64)[..., :3]).max() < 6
    assert np.array_equal(comparer.picture("HR"), crops["HR"])
    assert comparer.root.get_by_text("0 … 64 grey levels or more").is_visible()
    comparer.control("error maps").uncheck()
    check(comparer)


def test_a_toggle_hides_a_picture(comparer):
    toggle = comparer.root.locator(".controls").get_by_role("checkbox", name="bicubic")
    toggle.press("Space")
    comparer.canvas("bicubic").wait_for(state="detached")
    assert comparer.names() == ["LR", "SRCNN", "<i>dark</i>", "HR"] and not toggle.is_checked()
    toggle.click()
    comparer.canvas("bicubic").wait_for()
    check(comparer)


def test_another_image_is_made_when_chosen(comparer):
    comparer.control("image").select_option("rocket")
    comparer.roll(comparer.canvas("HR"), 1)  # a reader who does not wait
    waiting = comparer.root.get_by_text("Waiting for the kernel")
    waiting.wait_for(state="hidden", timeout=30_000)
    comparer.settle()
    check(comparer, "rocket")


def test_every_control_has_a_name_and_can_be_reached_by_tab(comparer):
    reached = ":is(input, select, button, .surface):not(dialog *)"
    unnamed = f"""(root) => [...root.querySelectorAll("{reached}")].filter((e) =>
      e.tabIndex < 0 || !(e.ariaLabel || e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML)"""
    assert comparer.root.evaluate(unnamed) == []
    comparer.control("x / px").focus()
    comparer.page.keyboard.press("Tab")
    assert comparer.control("y / px").evaluate("(e) => e === document.activeElement")


def test_of_a_hundred_moves_the_kernel_learns_where_they_ended(comparer):
    page = comparer.page
    page.wait_for_timeout(1000)
    page.evaluate(
        """() => {
          window.sent = 0;
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (data) { window.sent += 1; return send.call(this, data); };
        }"""
    )
    comparer.drag(comparer.canvas("HR"), -100, 0, steps=100)
    page.get_by_text(f"kernel: {comparer.place()[1]}").wait_for(timeout=5000)
    assert 0 < page.evaluate("() => window.sent") < 10  # one for each rest of a moment, which a busy machine makes
    check(comparer)


def test_what_the_kernel_sets_is_shown(comparer):
    page, button = comparer.page, comparer.page.get_by_role("button", name="set in the kernel")
    page.get_by_text("kernel: 200").wait_for(timeout=5000)
    button.click()
    page.get_by_text("kernel: 8").wait_for(timeout=5000)
    comparer.canvas("LR").wait_for(state="detached")
    comparer.settle()
    assert comparer.place() == (16, 8, 64) and comparer.names() == ["bicubic", "HR"]
    assert comparer.control("error maps").is_checked() and comparer.value("wipe / %") == 25
    assert [comparer.control(side).input_value() for side in ("left", "right")] == ["hr", "lr"]
    crops = expected(comparer)
    right, left = (comparer.pixels(comparer.stage.locator("canvas").nth(i)) for i in (0, 1))
    assert np.array_equal(left, crops["HR"]) and np.array_equal(right, crops["LR"])
    button.click()
    comparer.canvas("LR").wait_for()
    check(comparer)


def test_neither_kernel_nor_console_complained(opened):
    comparer, errors = opened
    assert errors == []
    complaints = "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']"
    assert comparer.page.locator(complaints).count() == 0


def test_several_live_in_one_notebook_and_the_blind_one_keeps_its_secret(laboratory):
    browser, address, _ = laboratory
    page = browser.new_page(viewport={"width": 1280, "height": 2400})
    lab.open_and_run(page, address, "several.ipynb", sign=".sr-blind img")
    first, second = (lab.ComparerPage(page, page.locator(".sr-comparer:not(.sr-blind)").nth(i)) for i in (0, 1))
    first.settle(), second.settle()
    before = second.place()
    first.press("x / px", "ArrowLeft", 3)
    assert second.place() == before and first.place()[1] == before[1] - 3
    blind = page.locator(".sr-blind")
    titles = ("SRCNN", "SRCNN, MAE")
    for place, choice in enumerate(("left", "right", "no difference"), 1):
        assert blind.get_by_text(f"{place} of 3").is_visible()
        assert not any(title in blind.inner_html() for title in titles)
        blind.get_by_role("button", name=choice).click()
    ours = blind.locator("figcaption", has_text="← yours").all_inner_texts()
    counts = [sum(text.startswith(f"{title} ←") for text in ours) for title in titles]
    assert len(ours) == 2 and blind.locator("figure").count() == 6
    assert f"SRCNN {counts[0]} times, SRCNN, MAE {counts[1]} times, and saw no difference 1 times" in blind.inner_text()
    blind.get_by_role("button", name="Again").click()
    assert blind.get_by_text("1 of 3").is_visible()
    page.close()


def test_run_all_goes_through_a_page_without_internet(laboratory):
    browser, address, folder = laboratory
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    lab.open_and_run(page, address, "page.ipynb", timeout=600)
    comparer = lab.ComparerPage(page)
    comparer.settle()
    assert comparer.names() == ["LR", "bicubic", "bilinear", "SRCNN", "HR"]
    assert (folder / "figures/smoke/01_crops.png").exists()
    page.close()
