import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from bench import calibration
from sr_utils import StudyError
from sr_utils.claims import statistics
from sr_utils.claims.statistics import Estimate, estimate, interval, paired


def frame(**arms):
    """Scores from {arm: (seeds, images) array}."""
    rows = [
        {"arm": arm, "seed": s if len(values) > 1 or arm != "fixed" else -1, "set": "set", "image": f"{i}", "psnr": v}
        for arm, values in arms.items()
        for s, row in enumerate(values)
        for i, v in enumerate(row)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 119), (3, 1)])
def test_with_one_source_of_chance_it_is_scipys_t_test(shape):
    d = np.random.default_rng(0).normal(0.5, 1, shape)
    truth = stats.ttest_1samp(d.ravel(), 0.2)
    low, high = truth.confidence_interval(0.95)
    assert interval(d) == pytest.approx((d.mean(), low, high))
    for expect in ("more", "less"):
        holds, fails = statistics.p_values(estimate(d), expect, null=0.2)
        assert min(holds, fails) == pytest.approx(truth.pvalue)
        one_sided = stats.ttest_1samp(d.ravel(), 0.2, alternative={"more": "greater", "less": "less"}[expect]).pvalue
        assert holds == pytest.approx(2 * one_sided)


def test_equivalence_is_the_two_one_sided_t_tests():
    d = np.random.default_rng(1).normal(0.02, 0.1, (1, 40))
    holds, _ = statistics.p_values(estimate(d), "same", margin=0.1)
    sides = [stats.ttest_1samp(d[0], m, alternative=a).pvalue for m, a in ((-0.1, "greater"), (0.1, "less"))]
    assert holds == pytest.approx(2 * max(sides))


@pytest.mark.parametrize(("a", "b", "n", "m"), [(1, 1, 2, 18), (0.1, 1, 2, 118), (1, 0.3, 4, 118), (0.3, 0.2, 4, 18)])
@pytest.mark.parametrize("x", [0.0, 0.7, 2.0, 6.0])
def test_the_sum_of_two_errors_by_integration(a, b, n, m, x):
    """The tail of a·t(n) + b·t(m), integrated by SciPy; and the same in either order."""
    whole, _ = integrate.quad(lambda u: stats.t.pdf(u, m) * stats.t.sf((x - b * u) / a, n), -60, 60, limit=500)
    assert Estimate(np.array(0.0), np.array([a, b]), (n, m)).beyond(x) == pytest.approx(whole, rel=1e-3)
    assert Estimate(np.array(0.0), np.array([b, a]), (m, n)).beyond(x) == pytest.approx(whole, rel=1e-3)


def test_the_errors_are_those_of_the_two_way_layout():
    """Seeds' means alone give the error of seeds; what images add is their variance less what they share with it."""
    d = np.random.default_rng(2).normal(0, 1, (4, 1)) + np.random.default_rng(3).normal(0, 3, (4, 50))
    d = d + np.random.default_rng(4).normal(0, 2, (1, 50))
    found = estimate(d)
    seeds = d.mean(1).var(ddof=1) / 4
    rest = d - d.mean(1, keepdims=True) - d.mean(0) + d.mean()
    units = d.mean(0).var(ddof=1) / 50 - (rest**2).sum() / (3 * 49) / 200
    assert found.errors**2 == pytest.approx([seeds, units]) and found.freedom == (3, 49)


@pytest.mark.parametrize(("seeds", "units"), [(3, 1), (5, 1), (5, 19), (1, 119)])
def test_true_nulls_are_rejected_as_often_as_they_should_or_less(seeds, units):
    """2,000 trials per spread; `make bench BENCHES=calibration` runs 100,000, and skewed seeds too."""
    for spreads in calibration.SPREADS.values():
        table = calibration.rejected(seeds, units, spreads, trials=2000)
        for level in calibration.LEVELS:
            assert table[level] <= level + 4 * np.sqrt(level / 2000)
    assert calibration.rejected(seeds, units, (1, 1, 1), trials=2000)[0.05] > 0.01  # it does reject


def differences(*which) -> np.ndarray:
    return paired(*which).to_numpy()


def test_differences_are_paired_by_image_and_seed():
    scores = frame(a=[[3, 4], [5, 6]], b=[[1, 1], [2, 2]], fixed=[[1, 2]])
    assert differences(scores, "a", "b").tolist() == [[2, 3], [3, 4]]
    assert differences(scores, "a", "fixed").tolist() == [[2, 2], [4, 4]]
    assert differences(scores, "a").tolist() == [[3, 4], [5, 6]]
    shuffled = scores.sample(frac=1, random_state=0)
    assert differences(shuffled, "a", "b").tolist() == [[2, 3], [3, 4]]
    assert statistics.differences(scores, "b").loc["a", "difference"] == 3
    assert statistics.paired(scores, "fixed", "a").index.tolist() == [0, 1]
    assert differences(frame(a=[[1], [2]], b=[[1], [3], [7]]), "a", "b").tolist() == [[0], [-1]]  # seed 2 has one alone


@pytest.mark.parametrize(("call", "message"), [
    (lambda: differences(frame(a=[[1, 2]], b=[[1, 2, 3]]), "a", "b"), "different images; score both"),
    (lambda: differences(pd.concat([frame(a=[[1]]), frame(b=[[2]]).assign(seed=1)]), "a", "b"), "no seed in"),
    (lambda: differences(frame(a=[[1, 2], [3, 4]]).iloc[:3], "a"), "lacks a finite psnr of some seed and image"),
    (lambda: differences(frame(a=[[1, 2]]), "a", "c"), "no scores for 'c'"),
    (lambda: differences(frame(a=[[1, 2]]), "a", "a", "gmsd"), r"no scores for 'a' \(gmsd\)"),
    (lambda: differences(frame(a=[[np.inf, 1]], b=[[np.inf, 1]]), "a", "b"), "none may be equal to HR"),
    (lambda: interval([[np.inf, 1]]), "finite difference; an infinite PSNR"),
    (lambda: interval(np.empty((0, 3))), "at least one finite difference"),
])  # fmt: skip
def test_scores_that_cannot_be_compared_are_refused(call, message):
    with pytest.raises(StudyError, match=message):
        call()


def test_equal_differences_have_an_interval_of_no_width_and_one_alone_has_none():
    assert interval(np.full((3, 5), 0.25)) == pytest.approx((0.25, 0.25, 0.25))
    found = estimate(np.zeros((3, 5)))
    assert found.beyond(0) == 0.5 and found.beyond(0.1) == 0 and found.beyond(-0.1) == 1
    assert interval([[0.3]]) == pytest.approx((0.3, np.nan, np.nan), nan_ok=True)
    assert np.isnan(statistics.p_values(estimate([[0.3]]), "more")).all()
    row = statistics.differences(frame(a=[[3]], b=[[1]]), "b").loc["a"]
    assert row.difference == 2 and np.isnan(row.low) and np.isnan(row.high)


def test_holm_by_hand():
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.9, 0.8]).max() == 1


def test_numbers_are_written_with_a_sign():
    numbers = (0.01234, -1234.5, 0.5, 0.000039, -2.2e-16, -0.0, 0, 1234)
    words = ["+0.0123", "−1,234", "+0.5", "+0.000039", "+0", "+0", "+0", "+1,234"]
    assert [statistics.signed(n) for n in numbers] == words
