import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sr_utils import StudyError, claims
from sr_utils.claims import judging, statistics
from sr_utils.claims.table import BY_ID, CLAIMS, share_of_mse
from tests import observations

GOOD = {arm: 0.5 for arm in ("residual", "inception", "combined", "pre_upsampling")}


def judged(study=None, **tables):
    return claims.judge(*(observations.everything(**GOOD) | tables).values(), study=study)


@pytest.fixture(scope="module")
def table():
    return judged()


def test_every_claim_is_judged_once(table):
    assert list(table.index) == [c.id for c in CLAIMS] and (table.verdict != "not testable here").all()
    assert {"effect", "low", "high", "p", "verdict", "family", "better_share"} <= set(table)
    assert (table.family == "primary").sum() == 12


def test_effects_are_those_that_were_put_in(table):
    assert table.effect["12a"] == pytest.approx(0.5, abs=0.02) and table.verdict["12a"] == "holds"
    assert table.effect["6i"] == pytest.approx(0, abs=0.02) and table.verdict["6i"] == "undecided"
    worse = claims.judge(observations.scores(combined=-0.5)).loc["12a"]
    assert worse.verdict == "does not hold" and worse.leans == "against" and worse.better_share == 0


def test_p_is_that_of_the_paired_differences(table):
    d = statistics.paired(observations.scores(**GOOD), "combined", "residual").to_numpy()
    holds, fails = statistics.p_values(statistics.estimate(d), "more")
    assert table.p["12b"] == pytest.approx(min(holds, fails)) and table.seeds["12b"] == 5 and table.units["12b"] == 20
    assert table.better_share["12b"] == np.mean(d > 0)


def test_holm_is_over_the_primary_rows_and_q_over_the_others(table):
    first = table.family == "primary"
    assert table.p_holm[first].tolist() == pytest.approx(statistics.holm(table.p[first]))
    assert table.q[~first].tolist() == pytest.approx(stats.false_discovery_control(table.p[~first]))
    assert table.p_holm[~first].isna().all() and table.q[first].isna().all()
    decided = table.verdict != "undecided"
    assert (decided == (table.p_holm.fillna(table.q) < 0.05)).all() and 10 < decided.sum() < len(table)


def test_a_small_p_alone_does_not_decide_among_many():
    """The weakest part of claim 9 at t = 2.35 with 19 degrees of freedom: p is 0.03 alone, and not enough for Holm."""
    scores = observations.scores(srcnn_perceptual=-1.0)
    noise = np.random.default_rng(4).normal(0, 1, 20)
    noise = 0.1 * ((noise - noise.mean()) / noise.std(ddof=1) - 2.35 / np.sqrt(20))
    scores.loc[scores.arm == "srcnn mae", "psnr"] = scores[scores.arm == "srcnn"].psnr.to_numpy() + np.tile(noise, 5)
    for column, better in (("sharpness", 0.1), ("gmsd", -0.1), ("ssim", 0.1)):
        plain = scores[scores.arm == "srcnn"][column].to_numpy()
        scores.loc[scores.arm == "srcnn perceptual", column] = plain + better + np.tile(noise, 5) / 100
    row = judged(scores=scores).loc["9"]
    assert row.binding == "9a" and row.p == pytest.approx(0.03, abs=0.001)
    assert row.p_holm > 0.05 and row.verdict == "undecided"


def test_an_intersection_holds_only_if_all_parts_do(table):
    """It has the largest p of its parts, and shows the part that speaks least for it."""
    parts = table.loc[list(BY_ID["1"].parts)]
    whole = table.loc["1"]
    assert whole.p == parts.p.max() and whole.binding == parts.p.idxmax() and whole.verdict == "holds"
    assert whole.effect == parts.effect[whole.binding] and whole.low == parts.low[whole.binding]


def test_one_part_that_fails_refutes_the_whole():
    scores = observations.scores(iterative_upsampling=-3)
    table = judged(scores=scores)
    row, part = table.loc["1"], table.loc["1d"]
    assert row.verdict == "does not hold" and row.binding == "1d" and row.p == pytest.approx(min(1, 5 * part.p))


def test_a_part_that_is_open_leaves_the_whole_open():
    row = judged(scores=observations.scores(iterative_upsampling=-0.6)).loc["1"]
    assert row.verdict == "undecided" and row.binding == "1d"


def test_every_primary_row_can_hold_and_can_fail():
    """The claims are no tautologies: there are observations for either verdict of each."""
    order = {"pre_upsampling": 0.6, "progressive_upsampling": 0.4, "iterative_upsampling": 0.2, "post_upsampling": 0.0}
    yes = observations.everything(
        **order, residual=1.0, inception=1.0, plain=0.5, srcnn_mae=-0.1, srcnn_perceptual=-0.6
    )
    scores = yes["scores"]
    for column, value in (("sharpness", 0.9), ("gmsd", 0.01), ("ssim", 0.99)):
        scores.loc[scores.arm == "srcnn perceptual", column] = value + scores.psnr / 1e4
    no = observations.everything(
        apart=3, srcnn=-2, post_upsampling=0.3, residual=-0.5, inception=-1.5, srcnn_mae=0.3, srcnn_edge_input=1
    )
    no["scores"]["sharpness"] += 1
    no["sweep"]["sharpness"] = 2 - no["sweep"].sharpness
    slow = no["curves"].arm == "srcnn"
    no["curves"].loc[slow, "val_mse"] = 200 - no["curves"].epoch[slow] ** 2 - no["curves"].seed[slow]
    for tables, verdict in ((yes, "holds"), (no, "does not hold")):
        found = claims.judge(*tables.values())
        assert set(found.verdict[found.family == "primary"]) == {verdict}, found[found.family == "primary"].verdict


def test_equality_of_losses_has_a_margin_of_a_tenth_of_a_decibel(table):
    mean = observations.scores(**GOOD).query("arm == 'inception'").loss.mean()
    assert table.margin["7b"] == pytest.approx(share_of_mse(0.1) * mean) and table.margin["7a"] == 0.1


def test_quantities_are_printed_as_such(table):
    assert table.effect["3"] == pytest.approx(0.5, abs=0.01) and table.null["3"] == 1 and table.quantity["3"]
    assert 0.5 < table.effect["2a"] < 1 and table.null["2a"] == 0.5
    assert table.effect["8a"] == pytest.approx(1.5, rel=0.02) and table.null["8a"] == 2  # a ratio


def test_one_seed_gets_effects_and_image_intervals_and_no_verdicts():
    table = claims.judge(*observations.everything(seeds=1, **GOOD).values())
    assert set(table.verdict) == {"no verdict", "not testable here"} and table.p.isna().all()
    row = table.loc["12a"]
    assert (row.verdict, row.why, row.covers) == ("no verdict", "one seed", "20 images, one seed")
    assert row.low < row.effect < row.high and row.effect == pytest.approx(0.5, abs=0.05)
    assert np.isnan(row.p) and row.leans == "for"
    assert table.why["11e"] == "one seed" and table.covers["11e"] == "20 images"  # bicubic has no seeds to vary
    assert table.why["8a"] == "one seed has no distance between two seeds"
    assert table.why["2"] == "one seed" and table.effect["2"] > 0.5 and np.isnan(table.low["2"])


def test_the_interval_says_what_it_covers(table):
    assert table.covers["1a"] == "5 seeds × 20 images" and table.covers["2a"] == "5 seeds"
    assert table.covers["10c"] == "5 seeds × 4 ripples"


def test_pages_have_effects_and_no_verdicts(table):
    page = judged(study=4)
    assert set(page.study) == {4} and "9" not in page.index and set(page.verdict) == {"no verdict"}
    whole = table.loc[page.index]
    pd.testing.assert_frame_equal(page[["effect", "low", "high"]], whole[["effect", "low", "high"]])


def test_what_cannot_be_tested_is_said_not_guessed():
    scores = observations.scores()
    scores = scores[scores.arm != "srcnn perceptual"].drop(columns="loss")
    table = claims.judge(scores)
    assert table.why["9b"] == "srcnn perceptual was not run" == table.why["9"] and np.isnan(table.effect["9"])
    assert table.why["7b"] == "MSE on the benchmark images of residual was not measured"
    assert table.why["8"] == "the pictures were not compared" == table.why["8c"]
    assert table.why["5"] == "there are no curves of pre_upsampling and progressive_upsampling" == table.why["5a"]
    assert set(table.verdict[["9", "9b", "7", "7b", "5"]]) == {"not testable here"} and table.verdict["12a"] != ""


@pytest.mark.parametrize(("value", "arm"), [(np.inf, "combined"), (np.nan, None)])
def test_scores_that_are_not_finite_are_refused(value, arm):
    scores = observations.scores(seeds=2, images=4)
    scores.loc[(scores.arm == (arm or "combined")) & (scores.seed == 0) & (scores.image == "img_0"), "psnr"] = value
    match = (
        "an infinite PSNR means that SR equals HR" if arm else "A number of combined with seed 0 is missing; train it"
    )
    with pytest.raises(StudyError, match=match):
        claims.judge(scores)


def test_a_score_that_stands_there_twice_is_refused():
    scores = observations.scores(seeds=2, images=4)
    with pytest.raises(StudyError, match="has two scores for one seed and image; give every score once"):
        claims.judge(scores, scores)


def test_a_training_that_diverged_is_refused_and_one_that_stood_still_is_not_testable():
    curves = observations.everything(seeds=2, images=3)["curves"]
    last = (curves.arm == "residual") & (curves.seed == 1) & (curves.epoch == 10)
    with pytest.raises(StudyError, match="A number of residual with seed 1 is missing"):
        claims.judge(curves.assign(val_mse=curves.val_mse.mask(last)))
    still = claims.judge(curves.assign(val_mse=5.0))
    assert still.verdict["2a"] == "not testable here" == still.verdict["2"] and still.effect["5a"] == 0


def test_one_image_alone_is_judged_by_its_seeds():
    table = claims.judge(*observations.everything(seeds=3, images=1, **GOOD).values())
    assert table.covers["12a"] == "3 seeds" and table.verdict["12a"] == "holds"
    assert (table.verdict["11e"], table.why["11e"]) == ("no verdict", "one image")  # bicubic has no seeds


@pytest.mark.parametrize("every", [1, 2])
def test_pairs_may_be_named_in_either_order(every):
    """All pairs, or every second one, the other way round."""
    pairs = observations.likeness(seeds=2, images=3)
    turned = pairs.copy()
    turned.loc[::every, ["arm", "other"]] = pairs.loc[::every, ["other", "arm"]].to_numpy()
    pd.testing.assert_frame_equal(claims.judge(turned), claims.judge(pairs))
    assert claims.judge(pairs).effect["8a"] == pytest.approx(1.5, rel=0.05)


def test_unequal_seeds_and_images_are_refused():
    scores = observations.scores(seeds=3, images=4)
    with pytest.raises(StudyError, match="trained with different seeds; train both with the same"):
        claims.judge(scores[(scores.arm != "srcnn") | (scores.seed != 2)])
    with pytest.raises(StudyError, match="scored on different images; score both on the same sets"):
        claims.judge(scores[(scores.arm != "srcnn") | (scores.image != "img_0")])


def test_intersections_of_p_values_by_hand():
    assert judging.intersection([(0.01, 1.99), (0.2, 1.8), (1.999, 0.001)]) == pytest.approx((1.999, 0.003))
