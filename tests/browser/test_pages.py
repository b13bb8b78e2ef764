"""The site in a browser without a network: nothing is missing, and comparers live without a kernel."""

import functools
import http.server
import json
import os
import re
import threading
import urllib.parse

import numpy as np
import pytest
from PIL import Image

from sr_utils import data, evaluation, models
from tests.browser import lab
from tools import site

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"), reason=lab.INSTALL)


DEMO = bool(os.environ.get("DEMO"))  # the page "Your photograph" needs npm and a network to be built


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(the site's folder, its address)."""
    folder = tmp_path_factory.mktemp("site")
    site.build_site(folder, demo=DEMO)
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert lab.CHROMIUM, lab.INSTALL
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def home(browser, built):
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{built[1]}/index.html")
    return lab.ComparerPage(page)


def test_no_page_asks_another_host_or_misses_a_file(browser, built):
    folder, address = built
    pages = sorted(path.name for path in folder.glob("*.html"))
    assert len(pages) == 9 + DEMO  # seven pages, the index and the model card
    for name in pages:
        page, asked, trouble = browser.new_page(), [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("requestfailed", lambda request, trouble=trouble: trouble.append(request.url))
        page.on("response", lambda answer, trouble=trouble: answer.ok or trouble.append(answer.url))
        page.on("console", lambda said, trouble=trouble: said.type == "error" and trouble.append(said.text))
        page.on("pageerror", lambda error, trouble=trouble: trouble.append(str(error)))
        page.goto(f"{address}/{name}")
        if page.locator(".comparer").count():
            page.locator(".comparer").last.scroll_into_view_if_needed()
            lab.ComparerPage(page).settle()
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        assert trouble == [] and all(url.startswith((address, "data:")) for url in asked), name
        assert "$" not in page.locator("main .text").last.inner_text()
        page.close()


def test_every_link_within_the_site_leads_somewhere(built):
    folder, _ = built
    anchors = {path.name: set(re.findall(r'id="([^"]+)"', path.read_text())) for path in folder.glob("*.html")}
    for name in anchors:
        for link in re.findall(r'href="([^"]+)"', (folder / name).read_text()):
            if re.match(r"https?:|data:", link):
                continue
            file, _, anchor = link.partition("#")
            assert not file or (folder / file).is_file(), (name, link)
            if anchor:
                assert {anchor, urllib.parse.unquote(anchor)} & anchors[file or name], (name, link)


def test_a_comparer_lives_without_a_kernel(home):
    hr = {pair.name: pair.hr for pair in data.load("sample").valid}

    def check(image):
        y, x, side = home.place()
        assert np.array_equal(home.picture("HR"), hr[image][y : y + side, x : x + side])

    home.settle()
    assert home.names() == ["LR", "bicubic", "SRCNN", "combined", "HR"]
    check("rocket")
    before = home.place()
    home.drag(home.canvas("combined"), 60, 40)
    assert home.place() != before
    home.roll(home.canvas("combined"), 1)
    home.press("x / px", "ArrowLeft", 5)
    check("rocket")
    home.control("error maps").check()
    bar = home.root.locator(".scale i")
    bar.wait_for()  # until it is drawn
    assert bar.bounding_box()["width"] > 200
    home.control("error maps").uncheck()
    home.control("image").select_option("chelsea")
    home.page.wait_for_timeout(300)
    home.settle()
    check("chelsea")


def test_pictures_are_loaded_when_they_are_shown(browser, built):
    page, asked = browser.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.goto(f"{built[1]}/01_baseline.html")
    page.wait_for_load_state("networkidle")
    assert "rocket-hr.webp" not in asked  # the comparer is far below
    page.locator(".comparer").scroll_into_view_if_needed()
    lab.ComparerPage(page).settle()
    assert "rocket-hr.webp" in asked and "chelsea-hr.webp" not in asked
    page.close()


def test_a_phone_reads_every_page_without_scrolling_sideways(browser, built):
    folder, address = built
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=3, has_touch=True)
    page = context.new_page()
    for path in sorted(folder.glob("*.html")):
        page.goto(f"{address}/{path.name}")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390, path.name
    page.goto(f"{address}/index.html")
    comparer = lab.ComparerPage(page)
    comparer.settle()
    hr = next(pair.hr for pair in data.load("sample").valid if pair.name == "rocket")
    y, x, side = comparer.place()
    assert np.array_equal(comparer.picture("HR"), hr[y : y + side, x : x + side])
    comparer.canvas("SRCNN").scroll_into_view_if_needed()
    box, touch = comparer.canvas("SRCNN").bounding_box(), context.new_cdp_session(page)

    def fingers(kind, *places):
        points = [{"x": box["x"] + u * box["width"], "y": box["y"] + v * box["height"], "id": i}
                  for i, (u, v) in enumerate(places)]  # fmt: skip
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (0.4, 0.4))
    for i in range(1, 9):
        fingers("touchMove", (0.4 + i / 32, 0.4 + i / 32))
    fingers("touchEnd")
    comparer.settle()
    assert comparer.place() == (y - side // 4, x - side // 4, side)  # the crop follows the finger, not the page
    fingers("touchStart", (0.45, 0.5), (0.55, 0.5))
    fingers("touchMove", (0.4, 0.5), (0.6, 0.5))
    fingers("touchEnd")
    comparer.settle()
    assert comparer.place()[2] < side
    context.close()


def test_the_theme_follows_the_system_and_the_button(browser, built):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{built[1]}/index.html")
    theme = "() => document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.get_by_role("button", name="light or dark").click()
    page.goto(f"{built[1]}/01_baseline.html")
    assert page.evaluate(theme) == "light"  # it is remembered
    context.close()


@pytest.mark.skipif(not DEMO, reason="built with DEMO=1 only, which asks npm")
def test_a_photograph_is_enlarged_in_the_browser(browser, built, tmp_path, picture):
    lr = picture(60, 90)
    Image.fromarray(lr).save(tmp_path / "mine.png")
    (tmp_path / "note.png").write_text("no picture")
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{built[1]}/photograph.html")
    page.locator("input[type=file]").set_input_files(tmp_path / "note.png")
    page.get_by_text("note.png cannot be read as an image").wait_for()
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.get_by_text("The middle 90×60 pixels became 360×240").wait_for(timeout=120_000)
    comparer = lab.ComparerPage(page)
    comparer.settle()
    y, x, side = comparer.place()
    sr = evaluation.upscale(models.load("combined"), lr)[y : y + side, x : x + side]
    assert np.abs(comparer.picture("combined").astype(int) - sr).max() <= 1
    page.close()


def test_the_site_is_small_and_its_pictures_are_those_of_the_networks(built):
    folder, _ = built
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 25_000_000
    state = json.loads((folder / "comparers/index.json").read_text())
    lr = np.asarray(Image.open(folder / state[state["scenes"]["chelsea"]["pictures"]["lr"]]))
    pair = next(pair for pair in data.load("sample").valid if pair.name == "chelsea")
    assert np.array_equal(lr, pair.lr)
