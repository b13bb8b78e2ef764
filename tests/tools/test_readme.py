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
    top = README[: README.index("## Two commands")]
    assert "https://github.com/XiuyuLiu/Optimization-of-SISR-based-on-DL" in top
    assert (
        top.index("<!-- answer -->")
        < top.index("<!-- findings -->")
        < top.index("<!-- run -->")
        < top.index("<!-- limits -->")
    )
    assert README.index("make reproduce\nmake test") > README.index("## Two commands")


def test_figures_that_claims_name_are_drawn_by_their_page():
    for figure in {claim.figure for claim in CLAIMS if claim.figure}:
        (page,) = paths.NOTEBOOKS.glob(f"{figure[:2]}_*.ipynb")
        assert f'\\"{figure}\\"' in page.read_text(), figure


def test_findings_link_to_their_figure_and_do_without_one():
    tables = observations.everything(seeds=2, images=2)
    judged = judge(*tables.values())
    judged.loc["3", "figure"] = ""
    lines = readme.findings_table({"parameters": {"profile": "quick"}, "claims": judged}).splitlines()
    assert len(lines) == 2 + (judged.family == "primary").sum()
    assert f"| **{judged.verdict['1']}** | [1](figures/quick/06_effects.png) · SRCNN and all four" in lines[2]
    assert "| 3 · " in lines[4]


def test_every_mark_is_filled_by_a_table():
    marks = [line for line in README.splitlines() if line.startswith("<!-- ") and "/" not in line]
    assert sorted(line.strip("<!- >") for line in marks) == sorted([*readme.TABLES, "badges"])
    assert readme.fill("a\n<!-- run -->\nold\n<!-- /run -->\nb", {}, {"run": lambda record: "new"}) == (
        "a\n<!-- run -->\nnew\n<!-- /run -->\nb"
    )


@pytest.fixture
def claims():
    rows = {
        "4": ("primary", "holds", 0.01),
        "5": ("primary", "undecided", 0.2),
        "4a": ("secondary", "does not hold", 0.01),
        "4b": ("secondary", "no verdict", None),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["family", "verdict", "p"])


def test_the_run_is_told_with_its_command_its_hours_and_its_verdicts(claims):
    runs = pd.DataFrame({"seconds": [900.0, 2700.0], "processor": ["this one", "this one"]})
    parameters = {"profile": "standard", "data": "bsds500", "seeds": [0, 1]}
    shown = {"parameters": parameters, "claims": claims, "runs": runs}
    text = readme.run_shown_line(shown)
    assert "`make reproduce PROFILE=standard DATA=bsds500 SEEDS=0,1`: 2 trainings, 1.0 hours" in text
    assert "Of 2 claims, 1 held, 0 did not, 1 stayed undecided." in text
    assert "(this one), scored on Set5, Set14, BSD100." in text
    limits = readme.limits_line(shown)
    assert "trained for 1,500 steps on bsds500" in limits and "block1_pool and block3_pool, the original's" in limits
    assert readme.count_of_verdicts(claims.assign(p=None)) == "One seed gives no verdicts."


def test_minutes_are_told_for_each_precision_of_each_machine(tmp_path, monkeypatch):
    machine = {"cores": 2, "processor": "one"}
    rows = [machine | {"precision": "bfloat16", "seconds": 632}, machine | {"precision": "float32", "seconds": 1000}]
    benches = {"minutes": {"results": {"rows": rows}}}
    (tmp_path / "figures/bench").mkdir(parents=True)
    (tmp_path / "figures/bench/bench.json").write_text(json.dumps(benches))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert readme.minutes_line({}).startswith(
        "A first `make reproduce` takes 11 minutes in bfloat16 and 17 minutes in float32 on 2 cores of an one; "
    )
