"""The site in a browser without a network: nothing is missing, and comparers live without a kernel."""

import json
import re
import urllib.parse

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import StudyError, data, evaluation, models, paths
from sr_utils.plots.style import name as shown_name
from tests.browser import lab
from tests.conftest import serving
from tools import comparers, demo, site

PAGES = sorted(path.stem for path in paths.NOTEBOOKS.glob("0*.ipynb"))
COMPARED = [page for page in [*PAGES, "index"] if page[:2] in comparers.ARMS]


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
    """(the site's folder, its address); the networks of its comparers are untrained."""
    folder = tmp_path_factory.mktemp("site")
    site.build_site(folder, demo=not no_demo, networks=lambda arms: {arm: models.build("srcnn") for arm in arms})
    with serving(folder) as address:
        yield folder, address


@pytest.fixture
def desk(browser, built):
    """A page of a wide window; `desk.goto("/index.html")` opens one of the site."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400}, base_url=built[1])
    yield page
    page.close()


def test_no_page_asks_another_host_or_misses_a_file(desk, built, no_demo):
    folder, address = built
    pages = sorted(path.name for path in folder.glob("*.html"))
    assert pages == sorted(f"{page}.html" for page in [*PAGES, "index", "card", *["photograph"] * (not no_demo)])
    asked, trouble = [], []
    desk.on("request", lambda request: asked.append(request.url))
    desk.on("requestfailed", lambda request: trouble.append(request.url))
    desk.on("response", lambda answer: answer.status < 400 or trouble.append(answer.url))
    desk.on("console", lambda said: said.type == "error" and trouble.append(said.text))
    desk.on("pageerror", lambda error: trouble.append(str(error)))
    for name in pages:
        desk.goto("about:blank")  # what the page before was still loading is given up
        asked.clear()
        trouble.clear()
        desk.goto(f"/{name}")
        for place in desk.locator(".comparer").all():
            place.scroll_into_view_if_needed()
            place.locator("canvas, .sr-blind img").first.wait_for()
        desk.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        desk.wait_for_load_state("networkidle")
        assert trouble == [] and all(url.startswith((address, "data:", "blob:")) for url in asked), name
        assert "$" not in desk.locator("main .text").last.inner_text()
        assert desk.locator("img:not([alt]), img[alt=''], figure img:not([width])").count() == 0, name
        assert desk.locator("nav a[aria-current], .home[aria-current]").count() == 1, name


def test_every_link_within_the_site_leads_somewhere_and_all_of_it_is_small(built):
    folder, _ = built
    anchors = {path.name: set(re.findall(r'id="([^"]+)"', path.read_text())) for path in folder.glob("*.html")}
    for name in anchors:
        for link in re.findall(r'href="([^"]+)"', (folder / name).read_text()):
            file, _, anchor = link.partition("#")
            if not re.match(r"https?:|data:", link):
                assert not file or (folder / file).is_file(), (name, link)
                assert not anchor or {anchor, urllib.parse.unquote(anchor)} & anchors[file or name], (name, link)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 30_000_000


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
        own = [comparers.NAMES.get(page[:2], {}).get(label, label) for label in comparers.ARMS[page[:2]]]
        assert set(state["labels"]) == {"lr", *own, "hr"} and len(scenes) == 6
        files = {state[key] for scene in state["scenes"].values() for key in scene["pictures"].values()}
        assert sum((built[0] / file).stat().st_size for file in files) < 2_000_000, page
        found = pd.DataFrame({i: [evaluation.psnr(cut[of], cut["hr"]) for of in own] for i, cut in scenes.items()})
        assert found.corrwith(found.mean(axis=1)).is_monotonic_decreasing and state["image"] == next(iter(scenes))
    for image, cut in scenes.items():
        places = np.lib.stride_tricks.sliding_window_view(hr[image][..., 0], cut["hr"].shape[:2])[::4, ::4]
        assert (places == cut["hr"][..., 0]).all(axis=(2, 3)).any(), f"{image} is no window of its picture"


def test_a_phone_reads_every_page_without_scrolling_sideways_and_a_comparer_lives_without_a_kernel(browser, built):
    folder, address = built
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "has_touch": True}
    page = browser.new_page(base_url=address, **phone)
    for path in sorted(folder.glob("*.html")):
        page.goto(f"/{path.name}")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390, path.name
        cut = "(all) => all.filter((e) => e.offsetWidth > e.parentElement.clientWidth).length"
        assert page.locator("main table").evaluate_all(cut) == 0, path.name
        small = "(all) => all.filter((e) => e.innerText?.trim() && parseFloat(getComputedStyle(e).fontSize) < 9).length"
        assert page.locator("body *").evaluate_all(small) == 0, path.name
        for figure in page.locator("main > figure img, p > img").all():
            figure.scroll_into_view_if_needed()  # words of 12.5 pixels in a figure as it is saved
            width = figure.evaluate("(img) => img.decode().then(() => img.naturalWidth)")
            assert 12.5 * figure.bounding_box()["width"] / width >= 9, path.name
            assert not figure.locator("xpath=../source").count() or figure.bounding_box()["width"] <= 358, path.name
    page.goto("/index.html")
    page.locator(".comparer").scroll_into_view_if_needed()
    comparer = lab.ComparerPage(page)
    comparer.settle()
    y, x, side = comparer.place()
    left, top, width, height = comparer.point(comparer.canvas("SRCNN"), (0.4, 0.4))
    touch = page.context.new_cdp_session(page)
    for i in range(9):
        at = [{"x": left + i / 32 * width, "y": top + i / 32 * height}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove" if i else "touchStart", "touchPoints": at})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    comparer.settle()
    assert comparer.place() == (y - side // 4, x - side // 4, side)  # the crop follows the finger, not the page
    state, scenes = windows(folder, "index")
    assert comparer.names() == [shown_name(label) for label in state["labels"]]
    for image in (state["image"], "chelsea"):
        comparer.control("image").select_option(image)
        y, x, side = comparer.place()
        assert np.array_equal(comparer.picture("HR"), scenes[image]["hr"][y : y + side, x : x + side])
    page.close()


def test_a_photograph_is_enlarged_and_judged_in_the_browser(desk, no_demo, tmp_path, picture):
    if no_demo:
        pytest.skip(no_demo)
    lr = picture(80, 92)
    Image.fromarray(lr).save(tmp_path / "mine.png")
    Image.fromarray(picture(1200, 1600)).save(tmp_path / "large.jpg")
    (tmp_path / "note.png").write_text("no picture")

    def choose(name, sign):
        desk.locator("input[type=file]").set_input_files(tmp_path / name)
        desk.get_by_text(sign).wait_for(timeout=120_000)

    def compared():
        """(the comparer, what was saved, where the crop is)."""
        comparer = lab.ComparerPage(desk)
        comparer.settle()
        y, x, side = comparer.place()
        with desk.expect_download() as download:
            desk.get_by_text("Save the enlarged picture").click()
        saved, crop = np.asarray(Image.open(download.value.path()).convert("RGB")), np.s_[y : y + side, x : x + side]
        assert np.array_equal(saved[crop], comparer.picture("combined"))
        return comparer, saved.astype(int), crop

    desk.goto("/photograph.html?seconds=60")
    choose("note.png", "note.png cannot be read as an image")
    choose("mine.png", "mine.png: 92×80 pixels, became 368×320")
    comparer, saved, crop = compared()
    assert comparer.names() == ["LR", "bicubic", "combined"]
    assert np.abs(saved - evaluation.upscale("combined", lr)).max() <= 1
    assert np.abs(comparer.picture("bicubic") - data.upsample(lr)[crop].astype(int)).max() <= 1
    desk.get_by_label("Let me judge").check()
    desk.get_by_text("mine.png: 92×80 pixels, shrunk to 23×20, enlarged to 92×80").wait_for(timeout=120_000)
    comparer, saved, _ = compared()
    assert comparer.names() == ["LR", "bicubic", "combined", "HR"] and "dB" in comparer.scores("combined").inner_text()
    assert np.abs(saved - evaluation.upscale("combined", data.downscale(lr))).mean() < 1
    desk.goto("/photograph.html?seconds=0.5")  # less than any browser needs for this one
    choose("large.jpg", re.compile("large.jpg: 1600×1200 pixels, first shrunk to .* in .* s[.]"))
    assert 16 * 4 <= compared()[1].shape[0] < 1200 * 4
    desk.get_by_role("button", name="sample picture").click()
    desk.get_by_text("sample.png: 448×300 pixels").wait_for(timeout=120_000)
