"""The README: its length, its first screen, and how its tables come from a record."""

from sr_utils import paths
from sr_utils.claims import CLAIMS
from tools import readme

README = (paths.ROOT / "README.md").read_text()


def test_it_is_short_and_says_first_whose_study_is_tested_and_what_was_found():
    assert len(README.split()) <= 1000  # tables and commands included
    order = ["<!-- answer -->", "<!-- findings -->", "<!-- run -->", "<!-- limits -->", "## Two commands"]
    places = [README.index(mark) for mark in [*order, "make reproduce\nmake test"]]
    assert README.index("github.com/XiuyuLiu/Optimization-of-SISR-based-on-DL") < README.index("## Two commands")
    assert places == sorted(places)


def test_figures_that_claims_name_are_drawn_by_their_page():
    for figure in {claim.figure for claim in CLAIMS if claim.figure}:
        (page,) = paths.NOTEBOOKS.glob(f"{figure[:2]}_*.ipynb")
        assert f'\\"{figure}\\"' in page.read_text(), figure


def test_every_mark_is_filled_by_a_table():
    marks = [line for line in README.splitlines() if line.startswith("<!-- ") and "/" not in line]
    assert sorted(line.strip("<!- >") for line in marks) == sorted([*readme.TABLES, "badges"])
    text = "a\n<!-- run -->\n{}\n<!-- /run -->\nb"
    assert readme.fill(text.format("old"), {}, {"run": lambda record: "new"}) == text.format("new")
