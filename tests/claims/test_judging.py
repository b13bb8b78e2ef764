import numpy as np
import pytest
from scipy import stats

from sr_utils import StudyError, claims, paths
from sr_utils.claims import statistics
from sr_utils.claims.table import BY_ID, CLAIMS, share_of_mse
from tests import observations

GOOD = {arm: 0.5 for arm in ("residual", "inception", "combined", "pre_upsampling")}


def judged(study=None, **tables):
    return claims.judge(*(observations.everything(**GOOD) | tables).values(), study=study)


@pytest.fixture(scope="module")
def table():
    return judged()


def test_every_claim_is_judged_once_by_the_effect_that_was_put_in(table):
    assert list(table.index) == [c.id for c in CLAIMS] and (table.verdict != "not testable here").all()
    assert table.effect["12a"] == pytest.approx(0.5, abs=0.02) and table.verdict["12a"] == "holds"
    assert table.effect["6i"] == pytest.approx(0, abs=0.02) and table.verdict["6i"] == "undecided"
    worse = claims.judge(observations.scores(combined=-0.5)).loc["12a"]
    assert worse.verdict == "does not hold" and worse.leans == "against" and worse.as_expected == 0


def test_holm_is_over_the_primary_rows_and_q_over_the_others(table):
    first = table.family == "primary"
    assert table.p_holm[first].tolist() == pytest.approx(statistics.holm(table.p[first]))
    assert table.q[~first].tolist() == pytest.approx(stats.false_discovery_control(table.p[~first]))
    assert table.p_holm[~first].isna().all() and table.q[first].isna().all()
    decided = table.verdict != "undecided"
    assert (decided == (table.p_holm.fillna(table.q) < 0.05)).all() and 10 < decided.sum() < len(table)


@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_the_corrected_interval_decides_as_the_verdict_does(noise):
    """Of rows without parts, and of whole ones that hold: those are at their weakest part's own interval."""
    table = claims.judge(*observations.everything(noise=noise, **GOOD).values())
    assert (table.level >= 0.95).all() and (table.corrected_low <= table.low + 1e-9).all()
    for row in table[(table.binding == "") | (table.verdict == "holds")].itertuples():
        low, high = row.corrected_low, row.corrected_high
        inside = -row.margin < low and high < row.margin if row.expect == "same" else low > row.null
        outside = low > row.margin or high < -row.margin if row.expect == "same" else high < row.null
        if row.expect == "less" and row.estimator != "share":
            inside, outside = outside, inside
        said = "holds" if inside else "does not hold" if outside else "undecided"
        assert said == row.verdict, row.Index


def test_an_intersection_holds_only_if_all_parts_do_and_one_that_fails_refutes_it(table):
    """It has the largest p of its parts, and shows the part that speaks least for it."""
    parts, whole = table.loc[list(BY_ID["1"].parts)], table.loc["1"]
    assert whole.p == parts.p.max() and whole.binding == parts.p.idxmax() and whole.verdict == "holds"
    assert whole.effect == parts.effect[whole.binding] and whole.low == parts.low[whole.binding]
    refuted = judged(scores=observations.scores(iterative_upsampling=-3))
    row, part = refuted.loc["1"], refuted.loc["1d"]
    assert row.verdict == "does not hold" and row.binding == "1d" and row.p == pytest.approx(min(1, 5 * part.p))


def test_a_lead_that_is_smaller_than_its_margin_is_refuted():
    """0.05 dB above bicubic is more than nothing, and clearly less than 0.1 dB; so of losses."""
    scores = observations.scores(srcnn=-0.55, pre_upsampling=0.05)
    table = judged(scores=scores)
    assert table.verdict["1a"] == "does not hold" and table.low["1a"] > 0 and table.null["1a"] == 0.1
    reference = scores[scores.arm == "progressive_upsampling"].loss.mean()
    assert table.null["4a"] == pytest.approx(-share_of_mse(0.1) * reference) and table.high["4a"] < 0
    assert table.verdict["4a"] == "does not hold" and table.margin["4a"] == 0


def test_every_primary_row_can_hold_and_can_fail():
    """The claims are no tautologies: there are observations for either verdict of each."""
    order = {"pre_upsampling": 0.9, "progressive_upsampling": 0.6, "iterative_upsampling": 0.3, "post_upsampling": 0.0}
    good = order | {"residual": 1.2, "inception": 1.2, "plain": 0.5, "srcnn_mae": -0.1, "srcnn_perceptual": -0.6}
    yes = observations.everything(seeds=10, **good)
    scores, eyes = yes["scores"], yes["perceptual"]
    scores.loc[scores.arm == "srcnn perceptual", "sharpness"] = 0.9 + scores.psnr / 1e4
    eyes.loc[eyes.arm == "srcnn perceptual", "lpips"] -= 0.1
    eyes.loc[eyes.arm == "srcnn perceptual", "ssimulacra2"] += 20
    bad = {"srcnn": -2, "post_upsampling": 0.5, "residual": -0.5, "inception": -1.5, "srcnn_mae": 0.3}
    no = observations.everything(seeds=10, apart=3, srcnn_edge_input=1, srcnn_perceptual=-3, **bad)
    no["scores"]["sharpness"] += 1
    no["sweep"]["sharpness"] = 2 - no["sweep"].sharpness
    for name, slow in (("curves", ["srcnn", "pre_upsampling"]), ("paper", ["srcnn at paper"])):
        late = no[name].arm.isin(slow)
        no[name].loc[late, "val_mse"] = 200 - no[name].epoch[late] ** 2 + no[name].seed[late] / 10
    no["curves"].loc[no["curves"].arm == "srcnn", "val_mse"] = 100.0  # from the first epoch on
    registered = (paths.ROOT / "record/registration.md").read_text(encoding="utf-8")  # a row added since may be another
    for tables, verdict in ((yes, "holds"), (no, "does not hold")):
        found = claims.judge(*tables.values())
        found = found[(found.family == "primary") & found.index.map(lambda id: f"\n{id} " in registered)]
        assert set(found.verdict) == {verdict}, found.verdict


def test_seeds_are_counted_where_a_mean_of_runs_means_nothing():
    """Two of ten runs collapse: how far they fall does not matter, and the interval is Clopper and Pearson's."""
    for fall in (1, 100):
        scores = observations.scores(seeds=10, residual=0.5)
        scores.loc[(scores.arm == "plain") & (scores.seed < 2), "psnr"] -= 5 * fall
        scores.loc[(scores.arm == "plain") & (scores.seed == 9), "psnr"] += 0.45
        table = judged(scores=scores)
        row, test = table.loc["6s"], stats.binomtest(9, 10)
        assert row.effect == 0.9 and (row.low, row.high) == pytest.approx(tuple(test.proportion_ci()))
        assert row.p == pytest.approx(test.pvalue) and row.null == 0.5 and row.covers == "10 seeds"
        assert table.effect["6sa"] == 0.2 and table.leans["6sa"] == "against"


def test_the_jackknife_counts_each_seed_once():
    """Rows that share a seed with the next one vary together: the error of plain means is too small, this is not."""
    rng, n = np.random.default_rng(0), 10
    found = np.array([
        [np.square(statistics.estimate(d).errors[0]) for d in (rows, statistics.pseudo_values(rows))]
        for of_seed in rng.normal(0, 1, (2000, n, 1))
        for rows in [of_seed + np.roll(of_seed, -1, axis=0) + np.zeros((1, 3))]
    ])  # fmt: skip
    truth = 4 / n  # the variance of twice the mean of ten seeds
    assert found.mean(0)[0] < 0.7 * truth and truth < found.mean(0)[1] < 2 * truth
    one = rng.normal(0, 1, (5, 4))
    assert statistics.pseudo_values(one).mean(0) == pytest.approx(one.mean(0))


def test_one_seed_gets_effects_and_image_intervals_and_no_verdicts():
    table = claims.judge(*observations.everything(seeds=1, **GOOD).values())
    assert set(table.verdict) == {"no verdict", "not testable here"} and table.p.isna().all()
    row = table.loc["12a"]
    assert (row.verdict, row.why, row.covers, row.leans) == ("no verdict", "one seed", "20 images, one seed", "for")
    assert row.low < row.effect < row.high and row.effect == pytest.approx(0.5, abs=0.05)
    assert table.why["11e"] == "one seed" and table.covers["11e"] == "20 images"  # bicubic has no seeds to vary
    assert table.why["8a"] == "one seed has no distance between two seeds"
    assert judged(likeness=observations.likeness(seeds=2)).why["8a"] == "two seeds"
    assert table.why["2"] == "one seed" and table.effect["2"] > 0.5 and np.isnan(table.low["2"])
    refuted = claims.judge(*observations.everything(seeds=1, **GOOD | {"srcnn_perceptual": 0.5}).values())
    assert refuted.binding["9p"] == "9b" and refuted.leans["9p"] == "against"  # of its parts, the one that is wrong


def test_what_cannot_be_tested_is_said_not_guessed():
    scores = observations.scores()
    scores = scores[scores.arm != "inception"].drop(columns="loss")
    slow = observations.curves(observations.runs(arms=["srcnn", "pre_upsampling", "progressive_upsampling"]))
    table = claims.judge(scores, slow.assign(val_mse=140.0))
    assert table.why["6h"] == "inception was not run" and np.isnan(table.effect["7"])
    assert "of SRCNN, edge-enhanced input was not measured" in table.why["10b"] == table.why["10"]
    assert table.why["8a"] == "the pictures were not compared" == table.why["8c"]
    assert table.why["5"] == "no run of pre-upsampling came down to it" == table.why["5a"] and table.effect["5g"] == 0
    assert table.why["9v"] == "LPIPS of SRCNN, VGG was not measured"
    assert set(table.verdict[["6h", "7", "10", "5", "9v", "2"]]) == {"not testable here"}


def test_one_image_alone_is_judged_by_its_seeds():
    table = claims.judge(*observations.everything(seeds=3, images=1, **GOOD).values())
    assert table.covers["12a"] == "3 seeds" and table.verdict["12a"] == "holds"
    assert (table.verdict["11e"], table.why["11e"]) == ("no verdict", "one image")  # bicubic has no seeds
    scores = observations.scores(seeds=2, images=1)
    with pytest.raises(StudyError, match="A number of combined with seed 0 is missing"):
        claims.judge(scores.assign(psnr=scores.psnr.mask(scores.arm == "combined")))
