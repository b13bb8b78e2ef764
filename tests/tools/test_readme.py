"""The README: its length, its first screen, and how its tables come from a record."""

import json

import pandas as pd
import pytest

from sr_utils import paths
from sr_utils.claims import CLAIMS, judge
from tests import observations
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


def test_findings_link_to_their_figure_and_do_without_one():
    judged = judge(*observations.everything(seeds=2, images=2).values())
    judged.loc["3", "figure"] = ""
    lines = readme.findings_table({"parameters": {"profile": "quick"}, "claims": judged}).splitlines()
    assert len(lines) == 2 + (judged.family == "primary").sum()
    assert f"| **{judged.verdict['1']}** | [1](figures/quick/07_effects.png) · " in lines[2]
    assert "| 3 · " in lines[4]


def test_every_mark_is_filled_by_a_table():
    marks = [line for line in README.splitlines() if line.startswith("<!-- ") and "/" not in line]
    assert sorted(line.strip("<!- >") for line in marks) == sorted([*readme.TABLES, "badges"])
    text = "a\n<!-- run -->\n{}\n<!-- /run -->\nb"
    assert readme.fill(text.format("old"), {}, {"run": lambda record: "new"}) == text.format("new")


@pytest.mark.parametrize(("p", "count"), [(0.01, "Of 2 claims, 1 held, 0 did not, 1 stayed undecided"), (None, "One")])
def test_the_run_is_told_with_its_command_its_hours_and_its_verdicts(p, count):
    rows = [("primary", "holds"), ("primary", "undecided"), ("secondary", "does not hold")]
    claims = pd.DataFrame(rows, columns=["family", "verdict"]).assign(p=p)
    runs = pd.DataFrame({"seconds": [900.0, 2700.0], "processor": ["this one", "this one"]})
    shown = {"parameters": {"profile": "standard", "data": "bsds500", "seeds": [0, 1]}, "claims": claims, "runs": runs}
    shown["by"] = "exploratory: none is fresh"
    command = "make reproduce PROFILE=standard DATA=bsds500 SEEDS=0,1"
    for part in (command, "2 trainings, 1.0 hours", "this one", "are exploratory: none", count):
        assert part in readme.run_shown_line(shown)
    assert "1,500 steps on bsds500" in readme.limits_line(shown)


def test_minutes_are_told_for_each_precision_of_each_machine(tmp_path, monkeypatch):
    machine = {"cores": 2, "processor": "one"}
    rows = [machine | {"precision": "bfloat16", "seconds": 632}, machine | {"precision": "float32", "seconds": 1000}]
    (tmp_path / "figures/bench").mkdir(parents=True)
    (tmp_path / "figures/bench/bench.json").write_text(json.dumps({"minutes": {"results": {"rows": rows}}}))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    said = "11 minutes in bfloat16 and 17 minutes in float32 on 2 cores of an one"
    assert said in readme.minutes_line({})
