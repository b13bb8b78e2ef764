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


def test_a_refuted_claim_names_every_part_that_fails(table):
    failed = table.index[(table.part_of == "9p") & (table.verdict == "does not hold")]
    found = phrases.findings(table)
    assert found.verdict["9p"] == "does not hold" and list(failed) == ["9c"]
    assert found.ours["9p"].startswith("2 of 3 parts hold, refuted: 9c; weakest: the perceptual loss has more high")
    beside = f"MAE has lower PSNR than MSE, {phrases.value(table.loc['9a'], table.effect['9a'])} (−0.07)"
    assert found.ours["9p"].endswith(f"Ours (and the original's): {beside}")
    assert phrases.told(table, "9d").startswith("GMSD: ") and " in " not in phrases.told(table, "9d")
    assert "refuted" not in phrases.findings(table, brief=True).ours["9p"]


def test_a_claim_that_holds_alone_and_not_among_many_says_so(table):
    undecided = table.assign(verdict=table.verdict.mask(table.index == "3", "undecided"))
    count = (table.family == "primary").sum()
    assert phrases.findings(undecided).ours["3"].endswith(f"; holds alone, not after correcting for {count} rows")


def test_what_is_not_testable_or_has_one_seed_says_so():
    table = claims.judge(observations.scores(seeds=1, images=3, arms=["srcnn"]))
    found, shown = phrases.findings(table), phrases.readable(table)
    assert found.ours["7"] == "not testable here: residual was not run" and shown.expected["7"] == ""
    assert shown.effect["12a"] == "combined was not run" and "verdict" not in shown  # the same in every row
    assert shown.over["3"] == "3 images, one seed" and shown["as expected in"]["3"] == "1 of 1 seeds"
    assert found.verdict["3"] == "no verdict" and "parts hold" not in found.ours["3"]


def test_an_interval_keeps_its_order_and_says_where_it_is_not_clear_and_small_p_end_where_their_integral_ends():
    assert [phrases.p_text(p) for p in (0.0312, 2e-7, 1e-40, float("nan"))] == ["0.031", "2e-07", "< 1e-7", ""]
    less = pd.Series({"difference": -0.4, "low": -0.6, "high": -0.2})
    assert phrases.change(less) == "−0.40 dB (−0.60 … −0.20)"
    assert phrases.change(pd.Series({"difference": 0.1, "low": np.nan, "high": np.nan})) == "+0.10 dB"
    around = pd.Series({"difference": -0.1, "low": -0.3, "high": 0.1})
    assert phrases.change(around) == "−0.10 dB (−0.30 … +0.10, not clear)"
