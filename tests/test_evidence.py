import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sr_utils import StudyError
from sr_utils.claims import statistics as evidence


def frame(**arms):
    """Scores from {arm: (seeds, images) array}."""
    rows = [
        {"arm": arm, "seed": s if len(values) > 1 or arm != "fixed" else -1, "set": "set", "image": f"{i}", "psnr": v}
        for arm, values in arms.items()
        for s, row in enumerate(values)
        for i, v in enumerate(row)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("seeds", "images", "spreads"),
    [(3, 19, (0.05, 0.2, 0.05)), (1, 19, (0, 0.2, 0.05)), (3, 1, (0.1, 0, 0))],
)
def test_the_interval_covers_the_true_effect(seeds, images, spreads):
    """95 %, give or take three standard errors of 300 trials; `make bench` runs 1,000 of each."""
    assert evidence.coverage(seeds, images, spreads=spreads, trials=300) == pytest.approx(0.95, abs=0.038)


def test_a_plain_percentile_interval_would_not_cover():
    """What the two corrections are for: without them, three seeds alone cover far too rarely."""
    rng, hits = np.random.default_rng(2), 0
    for _ in range(200):
        d = rng.normal(0.3, 0.1, 3)
        plain = rng.choice(d, (500, 3)).mean(axis=1)
        hits += np.quantile(plain, 0.025) < 0.3 < np.quantile(plain, 0.975)
    assert hits / 200 < 0.85


def test_many_images_give_the_textbook_interval():
    d = np.random.default_rng(0).normal(0.5, 1, (1, 2000))
    _, low, high = evidence.interval(d)
    half = stats.t.ppf(0.975, 1999) * d.std(ddof=1) / np.sqrt(2000)
    assert (low, high) == pytest.approx((d.mean() - half, d.mean() + half), abs=0.002)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_few_values_spread_as_students_t(shape):
    """The spread of resampled means is the standard error, with n − 1 below, stretched by Student's t over normal."""
    d = np.random.default_rng(0).normal(0.5, 1, shape)
    stretched = stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975)
    assert evidence.resampled_means(d).std() / stretched == pytest.approx(d.std(ddof=1) / np.sqrt(5), rel=0.03)


def test_the_interval_shrinks_with_images_and_is_repeatable():
    d = np.random.default_rng(0).normal(0, 1, (1, 400))
    wide, narrow = evidence.interval(d[:, :20]), evidence.interval(d)
    assert narrow[2] - narrow[1] < wide[2] - wide[1]
    assert evidence.interval(d) == narrow


def test_equal_differences_have_an_interval_of_no_width():
    assert evidence.interval(np.full((3, 5), 0.25)) == pytest.approx((0.25, 0.25, 0.25))


def test_differences_are_paired_by_image_and_seed():
    scores = frame(a=[[3, 4], [5, 6]], b=[[1, 1], [2, 2]], fixed=[[1, 2]])
    assert evidence.differences(scores, "a", "b").tolist() == [[2, 3], [3, 4]]
    assert evidence.differences(scores, "a", "fixed").tolist() == [[2, 2], [4, 4]]
    assert evidence.differences(scores, "a", 1.0).tolist() == [[2, 3], [4, 5]]
    shuffled = scores.sample(frac=1, random_state=0)
    assert evidence.differences(shuffled, "a", "b").tolist() == [[2, 3], [3, 4]]
    assert evidence.compare(scores, "b").loc["a", "difference"] == 3


def with_seeds_0_and_2(arm):
    """Scores of a and b with seeds 0 and 1, but this arm's are 0 and 2."""
    scores = frame(a=[[1], [2]], b=[[1], [2]])
    scores.loc[(scores.arm == arm) & (scores.seed == 1), "seed"] = 2
    return scores


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evidence.differences(frame(a=[[1, 2]], b=[[1, 2, 3]]), "a", "b"), "different images; score both"),
        (lambda: evidence.differences(frame(a=[[1], [2]], b=[[1], [2], [3]]), "a", "b"), "different seeds; train both"),
        (lambda: evidence.differences(with_seeds_0_and_2("b"), "a", "b"), "different seeds; train both"),
        (lambda: evidence.differences(frame(a=[[1, 2]]), "a", "c"), "no scores for 'c'"),
        (lambda: evidence.differences(frame(a=[[1, 2]]), "a", "a", "gmsd"), r"no scores for 'a' \(gmsd\)"),
        (lambda: evidence.interval([[np.inf, 1]]), "finite difference; an infinite PSNR"),
        (lambda: evidence.interval(np.empty((0, 3))), "at least one finite difference"),
        (lambda: evidence.interval([[0.3]]), "One image and one seed give no interval; score more"),
    ],
)
def test_scores_that_cannot_be_compared_are_refused(call, message):
    with pytest.raises(StudyError, match=message):
        call()


def test_one_image_and_one_seed_are_compared_without_an_interval():
    row = evidence.compare(frame(a=[[3]], b=[[1]]), "b").loc["a"]
    assert row.difference == 2 and np.isnan(row.low) and np.isnan(row.high)


@pytest.mark.parametrize(
    ("low", "high", "expect", "verdict"),
    [
        (0.1, 0.2, "more", "holds"),
        (-0.2, -0.1, "more", "does not hold"),
        (-0.1, 0.2, "more", "undecided"),
        (-0.2, -0.1, "less", "holds"),
        (-0.05, 0.05, "same", "holds"),
        (0.05, 0.2, "same", "undecided"),
        (0.2, 0.3, "same", "does not hold"),
    ],
)
def test_verdicts(low, high, expect, verdict):
    assert evidence.verdict(low, high, expect, margin=0.1) == verdict


@pytest.mark.parametrize("expect", ["more", "less", "same"])
@pytest.mark.parametrize("effect", [-0.5, -0.1, -0.03, 0.0, 0.03, 0.1, 0.5])
def test_p_and_interval_say_the_same(effect, expect):
    """p below 0.05 exactly where the 95 % interval decides."""
    d = np.random.default_rng(3).normal(effect, 0.1, (3, 19)) - 0.004
    means = evidence.resampled_means(d)
    _, low, high = evidence.interval(d)
    decided = evidence.verdict(low, high, expect, 0.1) != "undecided"
    assert (evidence.p_value(means, expect, 0.1) < 0.05) == decided


def test_p_against_the_t_test():
    d = np.random.default_rng(5).normal(0.1, 0.3, (1, 40))
    assert evidence.p_value(evidence.resampled_means(d), "more") == pytest.approx(
        stats.ttest_1samp(d[0], 0).pvalue, abs=0.02
    )


def test_holm_by_hand():
    """Four tests: the smallest p is multiplied by 4, the next by 3, and so on, never below the one before."""
    assert evidence.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert evidence.holm([0.9, 0.8]).max() == 1


def test_means_of_arms_and_sets():
    scores = frame(a=[[3, 5]], b=[[1, 2]])
    assert evidence.table(scores).loc["a", "set"] == 4 and list(evidence.table(scores).index) == ["a", "b"]
