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

from sr_utils import StudyError, data, evaluation, models, paths
from sr_utils.plots.style import name as shown_name
from tests.browser import lab
from tools import comparers, demo, site

pytestmark = pytest.mark.skipif(lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"), reason=lab.INSTALL)
PAGES = sorted(path.stem for path in paths.NOTEBOOKS.glob("0*.ipynb"))
COMPARED = [page for page in [*PAGES, "index"] if page[:2] in comparers.ARMS]


def untrained(labels):
    """A network of its own for each label."""
    return {label: models.build("post_upsampling") for label in labels}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def no_demo():
    """Why the page "Your photograph" cannot be built here, or ""."""
    try:
        demo.runtime()
    except StudyError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def built(tmp_path_factory, no_demo):
    """(the site's folder, its address)."""
    folder = tmp_path_factory.mktemp("site")
    site.build_site(folder, demo=not no_demo, networks=untrained)
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


def test_no_page_asks_another_host_or_misses_a_file(browser, built, no_demo):
    folder, address = built
    pages = sorted(path.name for path in folder.glob("*.html"))
    assert pages == sorted(f"{page}.html" for page in [*PAGES, "index", "card", *["photograph"] * (not no_demo)])
    for name in pages:
        page, asked, trouble = browser.new_page(), [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("requestfailed", lambda request, trouble=trouble: trouble.append(request.url))
        page.on("response", lambda answer, trouble=trouble: answer.ok or trouble.append(answer.url))
        page.on("console", lambda said, trouble=trouble: said.type == "error" and trouble.append(said.text))
        page.on("pageerror", lambda error, trouble=trouble: trouble.append(str(error)))
        page.goto(f"{address}/{name}")
        for place in page.locator(".comparer").all():
            place.scroll_into_view_if_needed()
            place.locator("canvas, .sr-blind img").first.wait_for()
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        assert trouble == [] and all(url.startswith((address, "data:")) for url in asked), name
        assert "$" not in page.locator("main .text").last.inner_text()
        assert page.locator("img:not([alt]), img[alt='']").count() == 0, name
        assert "02 up-sampling" in page.locator("nav").first.inner_text()
        assert "To cite: " in page.locator("footer").inner_text()
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


def windows(folder, page):
    """(the comparer's state, {image: {label: the picture that the browser gets}})."""
    state = json.loads((folder / f"comparers/{page}.json").read_text())
    return state, {
        image: {label: np.asarray(Image.open(folder / state[key])) for label, key in scene["pictures"].items()}
        for image, scene in state["scenes"].items()
    }


def test_each_page_compares_its_own_arms_in_six_windows(built):
    hr = {pair.name: pair.hr for pair in [*data.load("sample").train, *data.load("sample").valid]}
    for page in COMPARED:
        state, scenes = windows(built[0], page)
        assert set(state["labels"]) == {"lr", *comparers.ARMS[page[:2]], "hr"} and len(scenes) == 6
        files = {state[key] for scene in state["scenes"].values() for key in scene["pictures"].values()}
        assert sum((built[0] / file).stat().st_size for file in files) < 2_000_000, page
        spread = [np.var([cut[label] for label in comparers.ARMS[page[:2]]], axis=0).mean() for cut in scenes.values()]
        assert spread == sorted(spread, reverse=True) and state["image"] == next(iter(scenes))
    for image, cut in scenes.items():
        places = np.lib.stride_tricks.sliding_window_view(hr[image][..., 0], cut["hr"].shape[:2])[::4, ::4]
        assert (places == cut["hr"][..., 0]).all(axis=(2, 3)).any(), f"{image} is no window of its picture"
    assert np.array_equal(windows(built[0], "05_signal_processing")[1]["ihc"]["srcnn"], scenes["ihc"]["srcnn"])


def test_a_comparer_lives_without_a_kernel(browser, built):
    state, scenes = windows(built[0], "index")
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{built[1]}/index.html")
    page.locator(".comparer").scroll_into_view_if_needed()
    home = lab.ComparerPage(page)

    def check(image):
        y, x, side = home.place()
        assert np.array_equal(home.picture("HR"), scenes[image]["hr"][y : y + side, x : x + side])

    home.settle()
    assert home.names() == [shown_name(label) for label in state["labels"]]
    check(state["image"])
    before = home.place()
    home.drag(home.canvas("combined"), 60, 40)
    assert home.place() != before
    home.press("x / px", "ArrowLeft", 5)
    check(state["image"])
    home.control("error maps").check()
    home.root.locator(".scale i").wait_for()
    home.control("image").select_option("chelsea")
    home.settle()
    assert home.control("image").input_value() == "chelsea"
    check("chelsea")
    page.close()


def test_a_phone_reads_every_page_without_scrolling_sideways(browser, built):
    folder, address = built
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=3, has_touch=True)
    page = context.new_page()
    for path in sorted(folder.glob("*.html")):
        page.goto(f"{address}/{path.name}")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390, path.name
        cut = "(all) => all.filter((e) => e.offsetWidth > e.parentElement.clientWidth).length"
        assert page.locator("main table").evaluate_all(cut) == 0, path.name
        small = "(all) => all.filter((e) => e.innerText?.trim() && parseFloat(getComputedStyle(e).fontSize) < 9).length"
        assert page.locator("body *").evaluate_all(small) == 0, path.name
        for figure in page.locator("main > figure img, p > img").all():
            figure.scroll_into_view_if_needed()  # words of 12.5 pixels in a figure as it is saved
            figure.evaluate("(img) => img.decode()")
            width = figure.evaluate("(img) => img.naturalWidth")
            assert 12.5 * figure.bounding_box()["width"] / width >= 9, path.name
    page.goto(f"{address}/index.html")
    page.locator(".comparer").scroll_into_view_if_needed()
    comparer = lab.ComparerPage(page)
    comparer.settle()
    y, x, side = comparer.place()
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
    context.close()


def test_a_photograph_is_enlarged_and_judged_in_the_browser(browser, built, no_demo, tmp_path, picture):
    if no_demo:
        pytest.skip(no_demo)
    large = picture(1200, 1600)
    Image.fromarray(picture(80, 92)).save(tmp_path / "mine.png")
    Image.fromarray(large).save(tmp_path / "large.jpg")
    (tmp_path / "note.png").write_text("no picture")
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{built[1]}/photograph.html?seconds=60")

    def choose(name, sign):
        page.locator("input[type=file]").set_input_files(tmp_path / name)
        page.get_by_text(sign).wait_for(timeout=120_000)

    def compared():
        """({name: picture of the crop}, what was saved)."""
        comparer = lab.ComparerPage(page)
        comparer.settle()
        y, x, side = comparer.place()
        with page.expect_download() as download:
            page.get_by_text("Save the enlarged picture").click()
        saved = np.asarray(Image.open(download.value.path()).convert("RGB"))
        assert np.array_equal(saved[y : y + side, x : x + side], comparer.picture("combined"))
        return comparer, saved

    choose("note.png", "note.png cannot be read as an image")
    choose("mine.png", "mine.png: 92×80 pixels, became 368×320")
    comparer, saved = compared()
    lr = picture(80, 92)
    assert comparer.names() == ["LR", "bicubic", "combined"]
    assert np.abs(saved.astype(int) - evaluation.upscale("combined", lr)).max() <= 1
    y, x, side = comparer.place()
    bicubic = data.upsample(lr)[y : y + side, x : x + side].astype(int)
    assert np.abs(comparer.picture("bicubic") - bicubic).max() <= 1

    page.get_by_label("Let me judge").check()
    page.get_by_text("mine.png: 92×80 pixels, became 23×20, and these 92×80").wait_for(timeout=120_000)
    comparer, saved = compared()
    assert comparer.names() == ["LR", "bicubic", "combined", "HR"] and "dB" in comparer.scores("combined")
    assert np.abs(saved.astype(int) - evaluation.upscale("combined", data.downscale(lr))).mean() < 1

    page.goto(f"{built[1]}/photograph.html?seconds=0.5")  # less than any browser needs for this one
    choose("large.jpg", re.compile("large.jpg: 1600×1200 pixels, first shrunk to .* in .* s[.]"))
    assert 16 * 4 <= compared()[1].shape[0] < 1200 * 4
    page.get_by_role("button", name="sample picture").click()
    page.get_by_text("sample.png: 448×300 pixels").wait_for(timeout=120_000)
    page.close()


def test_the_site_is_small(built):
    assert sum(path.stat().st_size for path in built[0].rglob("*") if path.is_file()) < 30_000_000
