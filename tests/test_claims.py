import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from sr_utils import StudyError, models
from sr_utils.claims import table as claims
from sr_utils.plots import forest
from sr_utils.plots import tables as pages
from sr_utils.training.runs import STUDY, label


def observed(seeds=3, images=12, **effects):
    """Every metric of every arm that a claim names: noise, plus `effects[arm]` on all of them."""
    rng = np.random.default_rng(0)
    arms = {c.arm for c in claims.CLAIMS} | {c.reference for c in claims.CLAIMS if isinstance(c.reference, str)}
    rows = []
    for arm, seed, image in itertools.product(sorted(arms), range(seeds), range(images)):
        noise = rng.normal(0, 0.01, len(claims.UNITS)) + effects.get(arm, 0)
        who = {"arm": arm, "seed": seed, "set": "set", "image": str(image)}
        rows.append(who | dict(zip(claims.UNITS, noise, strict=True)))
    return pd.DataFrame(rows)


def test_the_eleven_claims_and_the_combined_model_are_all_there():
    assert {c.number for c in claims.CLAIMS} == set(range(1, 13)) and {c.study for c in claims.CLAIMS} == {*range(1, 7)}
    assert len({c.id for c in claims.CLAIMS}) == len({c.text for c in claims.CLAIMS}) == len(claims.CLAIMS)
    pairs = [c for c in claims.CLAIMS if c.number == 4]
    assert len(pairs) == 6 and all(c.metric == "loss" and c.expect == "less" for c in pairs)
    assert {c.number for c in claims.CLAIMS if c.control} == {6, 9, 10, 11}


def test_every_claim_is_about_arms_that_are_trained_or_derived():
    trained = {label(*entry) for entry in STUDY} | {"bilinear", "bicubic"}
    for c in claims.CLAIMS:
        for arm in (c.arm, c.reference):
            if isinstance(arm, str):
                assert set(arm.removesuffix(" enhanced 1").removesuffix(" enhanced 0.1").split(" ~ ")) <= trained


def test_verdicts_follow_the_effects_and_words_the_verdicts():
    better, worse, equal = (claims.judge(observed(combined=e)).loc["12a"] for e in (0.5, -0.5, 0))
    assert better.verdict == better.corrected == "holds" and better.effect == pytest.approx(0.5, abs=0.02)
    assert worse.verdict == "does not hold" and equal.verdict == "undecided"
    for row, words in ((better, "**holds**"), (worse, "**does not hold**"), (equal, "**is undecided**")):
        assert words in claims.sentences(pd.DataFrame([row], index=["12a"]))


def barely():
    """Observations in which 12a holds, alone: 3 standard errors above zero."""
    seen = observed(seeds=1, images=40)
    noise = np.random.default_rng(4).normal(0, 0.1, 40)
    effect = 0.048 + noise - noise.mean()
    seen.loc[seen.arm == "combined", "psnr"] = seen.loc[seen.arm == "srcnn", "psnr"].to_numpy() + effect
    return seen


def test_holm_is_over_the_whole_family():
    """A p well below 0.05 decides alone, not among sixty."""
    row = claims.judge(barely()).loc["12a"]
    assert row.p < 0.01 and 0.05 < row.p_holm < 0.9 and (row.verdict, row.corrected) == ("holds", "undecided")
    assert "undecided after Holm" in claims.sentences(pd.DataFrame([row], index=["12a"]))


def test_what_cannot_be_tested_is_said_not_guessed():
    seen = observed(seeds=1)
    seen = seen[seen.arm != "srcnn perceptual"]
    table = claims.judge(seen, study=4)
    assert (
        table.loc["9b", "verdict"] == "not testable here" and table.loc["9b", "why"] == "srcnn perceptual was not run"
    )
    assert "not testable here, since srcnn perceptual was not run" in claims.sentences(table)
    single = observed(seeds=1, images=1)
    assert set(claims.judge(single, study=1).why) == {"one seed gives no interval"}


def test_the_interval_says_what_it_covers():
    seeds, alone = (claims.judge(observed(seeds=n)) for n in (3, 1))
    assert seeds.loc["1a", "covers"] == "seeds and images" and alone.loc["1a", "covers"] == "images only"
    assert seeds.loc["4a", "covers"] == "seeds and crops" and alone.loc["4a", "covers"] == "crops only"


def test_pages_show_both_verdicts_and_link_to_06():
    table = claims.judge(observed(), study=3)
    shown = pages.claims(table)
    assert {"claim", "effect", "95 % interval", "verdict", "after Holm"} <= set(shown.columns)
    assert shown.claim.str.startswith("control: ").sum() == table.control.sum() == 5
    assert all(claim in shown._repr_html_() for claim in table.claim)  # whole, not cut by pandas
    assert "06_conclusions.ipynb#every-claim" in pages.links(table).data
    taken = pages.claims(claims.judge(barely())).loc["12a"]
    assert (taken["verdict"], taken["after Holm"]) == ("holds", "undecided")


def test_costs_stand_under_their_heads():
    costs = pages.cost_table([models.build("srcnn")]).loc["SRCNN"]
    assert costs.to_dict() == {"parameters": "69,251", "multiply–adds per output pixel": "69,152"}


def test_the_forest_has_a_mark_for_every_tested_claim():
    table = claims.judge(observed(combined=0.5, residual=-0.5))
    fig = forest.forest(table)
    marks = [line for ax in fig.axes for line in ax.lines if len(line.get_xdata()) == 1]
    assert len(marks) == table.p.notna().sum() == len(table)
    drawn = [(*line.get_xdata(), *line.get_ydata()) for ax in fig.axes for line in ax.lines]
    spans = [(low, high) for low, high, y, other in (d for d in drawn if len(d) == 4) if y == other]
    assert sorted(spans) == sorted(zip(table.low, table.high, strict=True))
    colours = [line.get_color() for line in marks]
    for verdict, (colour, _, _) in list(forest.VERDICTS.items())[:3]:
        assert colours.count(colour) == (table.verdict == verdict).sum() > 0


def test_what_the_correction_takes_back_is_drawn_so():
    """A hollow mark in the forest, the colour of "undecided" in the table of runs."""
    table = claims.judge(barely())
    taken = table.verdict != table.corrected
    marks = [line for ax in forest.forest(table).axes for line in ax.lines if len(line.get_xdata()) == 1]
    assert sum(line.get_markerfacecolor() == "white" for line in marks) == taken.sum() > 0 and taken["12a"]
    cells = forest.survival({"quick": table}).axes[0].patches
    colour = to_rgba(forest.VERDICTS["undecided"][0], 0.22)
    assert cells[list(table.index).index("12a")].get_facecolor() == pytest.approx(colour)


def test_the_survival_figure_has_a_cell_for_every_claim_and_run():
    tables = {"smoke": claims.judge(observed(seeds=1, images=1)), "quick": claims.judge(observed(combined=0.5))}
    fig = forest.survival(tables)
    assert len(fig.axes[0].patches) == 2 * len(claims.CLAIMS)
    words = [text.get_text() for text in fig.axes[0].texts]
    assert {"smoke", "quick"} <= set(words)
    cell = tables["quick"].loc["12a"]
    assert f"{claims.signed(cell.effect)}  ({claims.span(cell.low, cell.high)})" in words
    alone = tables["smoke"].loc["12a"]
    assert f"{claims.signed(alone.effect)}  (one seed gives no interval)" in words


def test_what_rounding_leaves_of_zero_is_zero():
    assert [claims.signed(x) for x in (-2.2e-16, -0.0, 0, -0.00757, 1234)] == ["+0", "+0", "+0", "−0.00757", "+1,234"]


def test_an_infinite_score_is_refused_not_judged():
    seen = observed()
    seen.loc[(seen.arm == "combined") & (seen.seed == 0), "psnr"] = np.inf
    with pytest.raises(StudyError, match="an infinite PSNR means that SR equals HR"):
        claims.judge(seen, study=6)


def test_a_record_of_other_claims_has_empty_cells():
    newest = claims.judge(observed())
    older = newest.drop(index="6a").assign(claim=newest.claim.where(newest.index != "12a", "another claim"))
    words = [text.get_text() for text in forest.survival({"smoke": older, "quick": newest}).axes[0].texts]
    assert words.count("not among that run's claims") == 2 and any(word.startswith("6a  ") for word in words)
