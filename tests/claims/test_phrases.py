import re

import numpy as np
import pandas as pd
import pytest

from sr_utils import claims
from sr_utils.claims import phrases
from tests import observations


@pytest.fixture(scope="module")
def table():
    effects = {"residual": 0.5, "inception": 0.5, "combined": 0.5, "srcnn_mae": -0.1, "srcnn_perceptual": -0.6}
    return claims.judge(*observations.everything(**effects).values())


def test_numbers_carry_their_units(table):
    row = table.loc["12a"]
    assert phrases.measured(row) == f"+{row.effect:.3g} dB (+{row.corrected_low:.3g} … +{row.corrected_high:.3g})"
    assert phrases.interval_text(row) == f"+{row.low:.3g} … +{row.high:.3g}"
    assert phrases.effect_text(table.loc["3"]) == f"{100 * table.effect['3']:.3g} % of HR's"
    assert phrases.effect_text(table.loc["9c"]) == f"−{-100 * table.effect['9c']:.3g} % of HR's"
    assert phrases.effect_text(table.loc["8a"]).endswith("× that of two seeds")
    assert phrases.effect_text(table.loc["6s"]) == "100 % of the seeds"


def test_what_is_expected_is_said_in_the_same_unit(table):
    said = {id: phrases.expected(table.loc[id]) for id in ("1a", "3", "4a", "6s", "6sa", "7a", "8a", "12a")}
    assert said.pop("4a") == phrases.value(table.loc["4a"], table.null["4a"]).join(["< ", ""])
    assert said == {
        "1a": "> 0.1 dB", "3": "< 100 % of HR's", "6s": "> 50 % of the seeds", "6sa": "> 50 % of the seeds",
        "7a": "within ±0.1 dB", "8a": "< 2 × that of two seeds", "12a": "> 0",
    }  # fmt: skip


def test_small_p_values_end_where_their_integral_ends():
    assert [phrases.p_text(p) for p in (0.0312, 2e-7, 1e-40, float("nan"))] == ["0.031", "2e-07", "< 1e-7", ""]


def test_findings_have_a_row_per_claim_of_the_original(table):
    found = phrases.findings(table)
    primary = table[table.family == "primary"]
    assert list(found.index) == list(primary.index) and found.verdict.tolist() == primary.verdict.tolist()
    for id, row in found.iterrows():
        assert phrases.measured(table.loc[id]) in row.ours and table.claim[table.binding[id] or id] in row.ours
    assert found.ours["1"].startswith("5 of 5 parts hold; weakest: ") and found.original["1"] == table.original["1"]


def test_a_refuted_claim_names_every_part_that_fails(table):
    failed = table.index[(table.part_of == "9p") & (table.verdict == "does not hold")]
    found = phrases.findings(table)
    assert found.verdict["9p"] == "does not hold" and list(failed) == ["9c"]
    assert found.ours["9p"].startswith("2 of 3 parts hold, refuted: 9c; weakest: the perceptual loss has more high")
    beside = f"MAE has lower PSNR than MSE, {phrases.effect_text(table.loc['9a'])} (−0.07)"
    assert found.ours["9p"].endswith(f"Ours (and the original's): {beside}")
    assert "refuted" not in phrases.findings(table, brief=True).ours["9p"]


def test_a_claim_that_holds_alone_and_not_among_many_says_so(table):
    undecided = table.assign(verdict=table.verdict.mask(table.index == "3", "undecided"))
    count = (table.family == "primary").sum()
    assert phrases.findings(undecided).ours["3"].endswith(f"; decided alone, not after correcting for {count}")


def test_the_whole_table_reads_with_verdicts(table):
    shown = phrases.readable(table)
    assert shown.verdict.tolist() == table.verdict.tolist() and shown["corrected p"].ne("").all()
    assert shown["as expected in"]["11e"].endswith(" of 20 images")  # bicubic has no seeds
    assert f"shown: {table.binding['1']}" in shown.claim["1"] and shown["as expected in"]["12a"] == "5 of 5 seeds"
    assert shown.claim["3"].startswith("SR is smoother than HR: ")


def test_what_is_not_testable_or_has_one_seed_says_so():
    table = claims.judge(observations.scores(seeds=1, images=3, arms=["srcnn"]))
    found, shown = phrases.findings(table), phrases.readable(table)
    assert found.ours["7"] == "not testable here: residual was not run" and shown.expected["7"] == ""
    assert shown.verdict["12a"] == "not testable here (combined was not run)"
    assert shown.over["3"] == "3 images, one seed" and shown["as expected in"]["3"] == "1 of 1 seeds"
    assert found.verdict["3"] == "no verdict" and "parts hold" not in found.ours["3"]


def test_arms_are_named_with_their_difference_and_its_interval():
    scores = observations.scores(seeds=3, images=8, residual=0.5, noise=0.02)
    assert re.fullmatch(
        r"PSNR against SRCNN: residual \+0.5\d dB \(\+0.\d\d … \+0.\d\d\); bicubic −0.[56]\d dB \(−0.\d\d … −0.5\d\)",
        phrases.against(scores, "srcnn", "residual", "bicubic"),
    )
    assert phrases.against(scores, "srcnn", "residual", metric="gmsd").startswith("GMSD against SRCNN: residual −0.0")


def test_an_interval_keeps_its_order_and_says_where_it_is_not_clear():
    less = pd.Series({"difference": -0.4, "low": -0.6, "high": -0.2})
    assert phrases.change(less) == "−0.40 dB (−0.60 … −0.20)"
    assert phrases.change(pd.Series({"difference": 0.1, "low": np.nan, "high": np.nan})) == "+0.10 dB"
    around = pd.Series({"difference": -0.1, "low": -0.3, "high": 0.1})
    assert phrases.change(around) == "−0.10 dB (−0.30 … +0.10, not clear)"


def test_every_answer_is_a_list_of_sentences_with_a_note():
    text = phrases.answer("one is so", "", "two is so")
    assert text.startswith("- One is so.\n- Two is so.\n\n*In brackets") and phrases.percent(0.567) == "57 %"
