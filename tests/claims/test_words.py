import pytest

from sr_utils import claims
from sr_utils.claims import words
from tests import observations


@pytest.fixture(scope="module")
def table():
    effects = {"residual": 0.5, "inception": 0.5, "combined": 0.5, "srcnn_mae": -0.1, "srcnn_perceptual": -0.6}
    return claims.judge(*observations.everything(**effects).values())


def test_a_verdict_that_turns_changes_the_words(table):
    turned = table.assign(verdict=table.verdict.replace({"holds": "does not hold", "does not hold": "holds"}))
    before, after = words.findings(table), words.findings(turned)
    changed = before.verdict != "undecided"
    assert (before.verdict != after.verdict)[changed].all() and changed.sum() > 5


def test_numbers_carry_their_units(table):
    row = table.loc["12a"]
    assert words.measured(row) == f"+{row.effect:.3g} dB (+{row.low:.3g} … +{row.high:.3g})"
    assert words.effect_text(table.loc["3"]) == f"{100 * table.effect['3']:.3g} % of HR's"
    assert words.expected(table.loc["3"]) == "< 100 % of HR's"
    assert words.effect_text(table.loc["9c"]) == f"−{-100 * table.effect['9c']:.3g} % of HR's"
    assert words.effect_text(table.loc["8a"]).endswith("× that of two seeds")
    assert words.expected(table.loc["8a"])[0] == "<"
    assert words.expected(table.loc["7a"]) == "within ±0.1 dB" and words.expected(table.loc["12a"]) == "> 0"
    assert words.readable(table).loc["12a", "as expected in"] == "100 % of 100"


def test_findings_have_a_row_per_claim_of_the_original(table):
    found = words.findings(table)
    assert list(found.index) == list(table.index[table.family == "primary"])
    assert found.verdict.tolist() == table.verdict[table.family == "primary"].tolist()
    for id, row in found.iterrows():
        binding = table.binding[id] or id
        if row.verdict == "holds":
            assert words.measured(table.loc[binding]) in row.ours
    assert "5 of 5 parts hold. Weakest: " in found.ours["1"] and table.original["1"] == found.original["1"]


def test_a_refuted_claim_names_every_part_that_fails(table):
    found, parts = words.findings(table).loc["9"], table[table.part_of == "9"]
    failed = parts[parts.verdict == "does not hold"]
    assert found.verdict == "does not hold" and len(failed) == 3
    assert all(f"{claim}, " in found.ours for claim in failed.claim)
    assert found.ours.startswith("2 of 5 parts hold. Refuted: ")
    first = words.findings(table, brief=True).loc["9"].ours
    assert sum(claim in first for claim in failed.claim) == 1 and table.claim[table.binding["9"]] in first


def test_our_differences_stand_beside_the_originals(table):
    said = words.findings(table).ours["9"].split("Ours (and the original's): ")[1]
    assert said == (
        f"MAE has lower PSNR than MSE, {words.effect_text(table.loc['9a'])} (−0.07); "
        f"the perceptual loss has lower PSNR than MSE, {words.effect_text(table.loc['9f'])} (−0.64)"
    )


def test_parts_that_hold_one_by_one_and_not_together_are_told_apart(table):
    """Parts are corrected among all secondary rows, the whole among the primary ones."""
    open_ = table.assign(verdict=table.verdict.mask(table.index == "1", "undecided"))
    assert words.findings(open_).ours["1"].startswith("5 of 5 parts hold, but not together. Weakest: ")
    split = open_.assign(verdict=open_.verdict.mask(table.index == "1c", "does not hold"))
    assert words.findings(split).ours["1"].startswith("4 of 5 parts hold, refuted: 1c. Weakest: ")
    assert words.findings(split, brief=True).ours["1"].startswith("4 of 5 parts hold, 1 refuted; ")
    mixed = open_.assign(
        verdict=open_.verdict.mask(table.index == "1c", "does not hold").mask(table.index == "1e", "undecided")
    )
    assert words.findings(mixed).ours["1"].startswith("3 of 5 parts hold, refuted: 1c. Undecided: post beats bicubic, ")


def test_a_page_reads_effects_without_verdicts():
    page = claims.judge(observations.scores(seeds=3, images=5), study=4)
    shown = words.readable(page)
    assert list(shown) == ["claim", "expected", "effect", "95 % interval", "over", "as expected in"]
    assert shown.claim["9h"].startswith("control: ")


def test_the_whole_table_reads_with_verdicts(table):
    shown = words.readable(table)
    assert shown.verdict.tolist() == table.verdict.tolist() and shown["corrected p"].ne("").all()
    assert f"shown: {table.binding['1']}" in shown.claim["1"] and shown.claim["3"].startswith(
        "SR is smoother than HR: "
    )


def test_what_is_not_testable_says_why():
    table = claims.judge(observations.scores(seeds=2, images=3, arms=["srcnn"]))
    assert words.findings(table).ours["5"].startswith("not testable here: there are no curves")
    assert words.readable(table).verdict["12a"] == "not testable here (combined was not run)"
    assert words.readable(table).expected["5"] == ""


def test_one_seed_is_said():
    table = claims.judge(observations.scores(seeds=1, images=5))
    assert words.readable(table).over["12a"] == "5 images, one seed"
    assert words.findings(table).verdict["1"] == "no verdict" and "parts hold" not in words.findings(table).ours["1"]
