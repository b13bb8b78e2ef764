"""The comparer in JupyterLab, in headless Chromium: what the reader does, and the pixels that are then shown."""

import nbformat
import numpy as np
import pytest
from matplotlib import colormaps

from sr_utils import data, evaluation, paths
from tests.browser import lab

COMPARER = """
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

SEVERAL = """
from sr_utils import data, evaluation, widgets
pairs = data.load("sample").valid[:2]
widgets.compare_arms(pairs[:1], {"bilinear": "bilinear"})
"""

BLIND = """
widgets.compare_arms(pairs[:1], {"bilinear": "bilinear"})
pictures = evaluation.pictures(pairs, {"srcnn": "bicubic", "srcnn mae": "nearest"})
widgets.blind(pictures, "srcnn", "srcnn mae", places=3)
"""

PAIRS = {pair.name: pair for pair in data.load("sample").valid[:2]}


@pytest.fixture(scope="module")
def laboratory(browser, tmp_path_factory):
    """The address of a JupyterLab that shows notebooks of the tests and page 01."""
    folder = tmp_path_factory.mktemp("lab")
    lab.notebook(folder / "comparer.ipynb", COMPARER)
    lab.notebook(folder / "several.ipynb", SEVERAL, BLIND)
    book = nbformat.read(paths.NOTEBOOKS / "01_baseline.ipynb", as_version=4)
    parameters = next(cell for cell in book.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source = 'profile, data, seeds, record = "smoke", "sample", [0], False'
    nbformat.write(book, folder / "page.ipynb")
    own = {f"SR_{name}": str(folder / name.lower()) for name in ("RUNS", "FIGURES", "BUILD", "DATA")}
    with lab.jupyterlab(folder, **own) as address:
        yield address


@pytest.fixture(scope="module")
def opened(browser, laboratory):
    """(the comparer, console errors so far, messages sent to the kernel so far)."""
    page, errors, sent = browser.new_page(viewport={"width": 1280, "height": 1400}), [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    lab.open_and_run(page, laboratory, "comparer.ipynb")
    return lab.ComparerPage(page), errors, sent


@pytest.fixture
def comparer(opened):
    comparer = opened[0]
    comparer.control("image").select_option("chelsea")
    comparer.control("error maps").uncheck()
    for label, value in (("crop side / px", 3), ("x / px", 200), ("y / px", 120), ("wipe / %", 50)):
        comparer.control(label).fill(str(value))
    comparer.settle()
    return comparer


def expected(comparer, image="chelsea"):
    pair, (y, x, side) = PAIRS[image], comparer.place()
    enlarged = {"LR": data.upsample(pair.lr, "nearest"), "bicubic": data.upsample(pair.lr)}
    pictures = enlarged | {"<i>dark</i>": pair.hr // 2, "HR": pair.hr}
    return {name: picture[y : y + side, x : x + side] for name, picture in pictures.items()}


def check(comparer, image="chelsea"):
    crops = expected(comparer, image)
    for name, crop in crops.items():
        assert np.array_equal(comparer.picture(name), crop), name
    for name in ("LR", "bicubic", "<i>dark</i>"):  # scores come a little after their crops
        psnr, ssim = (f(crops[name], crops["HR"]) for f in (evaluation.psnr, evaluation.ssim))
        comparer.scores(name).filter(has_text=f"{psnr:.2f} dB · SSIM {ssim:.4f}").wait_for(timeout=5000)


def test_the_first_sight(comparer):
    assert comparer.names() == ["LR", "bicubic", "SRCNN", "<i>dark</i>", "HR"]  # a label is text, not HTML
    assert comparer.scores("HR").inner_text() == "reference"
    reached = ":is(input, select, button, .surface):not(dialog *)"
    unnamed = f"""(root) => [...root.querySelectorAll("{reached}")].filter((e) =>
      e.tabIndex < 0 || !(e.ariaLabel || e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML)"""
    assert comparer.root.evaluate(unnamed) == []  # every control has a name and can be reached by Tab
    check(comparer)


@pytest.mark.parametrize(("gesture", "place"), [
    (lambda c: c.press("y / px", "ArrowLeft", 2), (118, 200, 48)),
    (lambda c: c.press("x / px", "ArrowRight", 2), (120, 202, 48)),
    (lambda c: c.press("crop side / px", "ArrowLeft", 1), (128, 208, 32)),
    (lambda c: c.drag(c.canvas("<i>dark</i>"), 0.25, -0.5), (144, 188, 48)),
    (lambda c: c.drag(c.canvas("LR"), 20, 20), (0, 0, 48)),  # never beyond the picture
    (lambda c: c.roll(c.canvas("HR"), 1, at=(0.75, 0.25)), (124, 212, 32)),  # what is under the pointer stays there
    (lambda c: c.roll(c.canvas("HR"), -1, at=(0.75, 0.25)), (116, 188, 64)),
    (lambda c: c.drag(c.overview, 0, 0, at=(0.25, 0.5)), (126, 88, 48)),
    (lambda c: c.drag(c.overview, 0.5, 0, at=(0.25, 0.5)), (126, 312, 48)),
    (lambda c: c.keys("bicubic", "ArrowRight", "ArrowUp", "Shift+ArrowDown", "+"), (135, 209, 32)),
])  # fmt: skip
def test_the_crop_is_moved_and_zoomed(comparer, gesture, place):
    gesture(comparer)
    assert comparer.place() == pytest.approx(place, abs=1)
    check(comparer)
    frame, whole = (element.bounding_box() for element in (comparer.root.locator(".frame"), comparer.overview))
    zoom = whole["width"] / PAIRS["chelsea"].hr.shape[1]
    assert frame["x"] - whole["x"] == pytest.approx(comparer.place()[1] * zoom, abs=1)
    assert frame["width"] == pytest.approx(comparer.place()[2] * zoom, abs=1)


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


def test_a_picture_opens_in_full_size(comparer):
    comparer.keys("HR", "Enter")
    assert np.array_equal(comparer.pixels(comparer.full), PAIRS["chelsea"].hr)
    comparer.page.keyboard.press("Escape")
    comparer.full.wait_for(state="hidden")


def test_the_wipe_is_moved_by_keys_and_by_mouse(comparer):
    comparer.press("wipe / %", "ArrowLeft", 25)
    assert comparer.value("wipe / %") == 25
    comparer.drag(comparer.stage, 0.25, 0, at=(0.25, 0.5))
    assert comparer.value("wipe / %") == 50
    comparer.control("left").select_option("bicubic")
    crops = expected(comparer)
    assert np.array_equal(comparer.halves(), [crops["bicubic"], crops["HR"]])
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


def test_another_image_is_made_when_chosen(comparer):
    comparer.control("image").select_option("rocket")
    comparer.roll(comparer.canvas("HR"), 1)  # a reader who does not wait
    comparer.root.get_by_text("Waiting for the kernel").wait_for(state="hidden", timeout=30_000)
    check(comparer, "rocket")


def test_of_a_hundred_moves_the_kernel_learns_where_they_ended(comparer, opened):
    comparer.page.wait_for_timeout(1000)
    before = len(opened[2])
    comparer.drag(comparer.canvas("HR"), -0.5, 0, steps=100)
    comparer.page.get_by_text(f"kernel: {comparer.place()[1]}").wait_for(timeout=5000)
    assert 0 < len(opened[2]) - before < 10  # one for each rest of a moment, which a busy machine makes
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
    assert np.array_equal(comparer.halves(), [crops["HR"], crops["LR"]])
    button.click()
    comparer.canvas("LR").wait_for()
    check(comparer)


def test_neither_kernel_nor_console_complained(opened):
    assert opened[1] == []
    complaints = "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']"
    assert opened[0].page.locator(complaints).count() == 0


def test_several_live_in_one_notebook_and_the_blind_one_keeps_its_secret(browser, laboratory):
    page = browser.new_page(viewport={"width": 1280, "height": 2400})
    lab.open_and_run(page, laboratory, "several.ipynb", sign=".sr-blind img")
    first, second = (lab.ComparerPage(page, page.locator(".sr-comparer:not(.sr-blind)").nth(i)) for i in (0, 1))
    before = second.place()
    first.press("x / px", "ArrowLeft", 3)
    assert second.place() == before and first.place()[1] == before[1] - 3
    blind, titles = page.locator(".sr-blind"), ("SRCNN", "SRCNN, MAE")
    for place, choice in enumerate(("left", "right", "no difference"), 1):
        blind.get_by_text(f"{place} of 3").wait_for()
        assert not any(title in blind.inner_html() for title in titles)
        blind.get_by_role("button", name=choice).click()
    ours = blind.locator("figcaption", has_text="← yours").all_inner_texts()
    counts = [sum(text.startswith(f"{title} ←") for text in ours) for title in titles]
    assert len(ours) == 2 and blind.locator("figure").count() == 6
    assert f"SRCNN {counts[0]} times, SRCNN, MAE {counts[1]} times, and saw no difference 1 times" in blind.inner_text()
    blind.get_by_role("button", name="Again").click()
    blind.get_by_text("1 of 3").wait_for()


def test_run_all_goes_through_a_page_without_internet(browser, laboratory):
    page = browser.new_page(viewport={"width": 1280, "height": 2400})
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    lab.start(page, laboratory, "page.ipynb")
    live = page.locator(".jp-Cell", has_text="class Watch(").locator("img")
    pytest.importorskip("playwright.sync_api").expect(live).to_be_in_viewport(timeout=120_000)  # Run All comes back
    lab.follow(page, timeout=600)
    comparer = lab.ComparerPage(page)
    comparer.settle()
    assert comparer.names() == ["LR", "bicubic", "bilinear", "SRCNN", "HR"]
    page.close()
