import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sr_utils import claims
from sr_utils.claims import checks, judging, record
from tests import observations


@pytest.fixture(scope="module")
def tables():
    return observations.everything(seeds=4, images=4, residual=0.5, inception=0.5)


def test_robustness_is_judging_again_without_one(tables):
    """Against the long way round: every table without that seed, or that image, judged whole."""
    found = claims.robustness(*tables.values())
    whole = claims.judge(*tables.values())
    primary = whole.index[whole.family == "primary"]
    assert list(found.index) == list(primary) and found.verdict.tolist() == whole.verdict[primary].tolist()
    turns = pd.Series(0, index=primary)
    for seed in range(4):
        rest = [table[table.seed != seed] for table in tables.values()]
        turns += claims.judge(*rest).verdict[primary] != whole.verdict[primary]
    assert found.seeds_turn.tolist() == turns.tolist() and turns.sum() > 0
    assert found.loc["1", "images"] == 4 and found.loc["2", "images"] == 0 and found.loc["1", "seeds"] == 4


def test_one_image_that_decides_is_named():
    scores = observations.scores(seeds=3, images=8, noise=0.001)
    bad = (scores.image == "img_3") & (scores.arm == "srcnn")
    scores.loc[bad, "sharpness"] = 9.0
    row = claims.robustness(scores).loc["3"]
    assert (row.verdict, row.images, row.images_turn, row.which) == ("undecided", 8, 1, "img_3")


def test_without_a_verdict_there_is_nothing_to_turn():
    assert claims.robustness(observations.scores(seeds=2, images=4, arms=("combined",))).empty


def test_two_seeds_are_not_left_out_one_by_one():
    row = claims.robustness(observations.scores(seeds=2, images=5)).loc["3"]
    assert row.seeds == 0 == row.seeds_turn


def test_student_s_t_decides_as_a_permutation_test_does(reference):
    """Flipping signs tests the same mean over images, but needs no normal differences; on the committed run."""
    means = {}
    for trial, *others in judging.gather(*record.observations(reference)).values():
        if not others and trial.paired.shape[1] >= 20 and trial.claim.expect != "same":
            means[trial.claim.id] = trial.paired.mean() - trial.null
    table, flips = pd.DataFrame(means), {"permutation_type": "samples", "vectorized": True, "rng": 0}
    t = stats.ttest_1samp(table, 0).pvalue
    flipped = stats.permutation_test((table.to_numpy(),), np.mean, n_resamples=4999, **flips).pvalue
    assert len(t) > 50 and t == pytest.approx(flipped, abs=0.03)
    assert (((t < 0.05) == (flipped < 0.05)) | (abs(t - 0.05) < 0.02)).all()


def test_power_finds_what_it_says_it_finds():
    """An effect of the size called detectable is found in 80 % of the trials, and one of no size hardly ever."""
    rng, found = np.random.default_rng(0), 0
    variances, seeds, units = (0.05**2, 0.2**2, 0.05**2), 5, 40
    gap = checks._detectable(variances, seeds, units)
    for _ in range(300):
        spreads = ((seeds, 1), (1, units), (seeds, units))
        d = gap + sum(rng.normal(0, np.sqrt(v), shape) for v, shape in zip(variances, spreads, strict=True))
        found += 2 * judging.statistics.estimate(d).above(0) < 0.05
    assert found / 300 == pytest.approx(0.8, abs=0.08)


@pytest.fixture(scope="module")
def power(tables):
    return claims.power(*tables.values())


def test_undecided_rows_say_how_many_seeds_or_images_they_need(tables, power):
    judged, trials = claims.judge(*tables.values()), judging.gather(*tables.values())
    assert list(power.index) == list(judged.index[judged.p.notna()])
    undecided = power.verdict == "undecided"
    assert power.seeds_needed[~undecided].isna().all() and power.seeds_needed[undecided].notna().all()
    for id, row in power[undecided & np.isfinite(power.seeds_needed) & (power.seeds_needed > 2)][:3].iterrows():
        (trial,) = trials[judged.binding[id] or id]
        one_less, enough = (
            checks._detectable(checks._variances(trial.paired.to_numpy()), n, trial.paired.shape[1])
            for n in (int(row.seeds_needed) - 1, int(row.seeds_needed))
        )
        assert enough <= row.gap < one_less


def test_margins_are_read_off_the_interval(tables):
    table = claims.judge(*tables.values())
    found = claims.margins(table)
    assert set(found.index) == {"7a", "7b", "10a", "10b"} and list(found.columns) == [0.05, 0.1, 0.2]
    wide = table.loc[["7a"]].assign(low=-0.15, high=0.01, verdict="undecided")
    assert claims.margins(wide).loc["7a"].tolist() == ["undecided", "undecided", "holds"]
    loss = table.loc[["7b"]].assign(low=0.0, high=2.5, margin=100 * (10**0.01 - 1))
    assert claims.margins(loss).loc["7b"].tolist() == ["undecided", "undecided", "holds"]  # 1.2, 2.3 and 4.7 of 100


def test_power_of_two_seeds_and_two_images():
    """The sum of two errors with one degree of freedom each has heavy tails; its interval is found all the same."""
    found = checks.Estimate(np.array(0.0), np.array([0.009, 0.008]), (1, 1))
    assert found.half_width() == pytest.approx(0.017 * stats.cauchy.ppf(0.975), rel=0.02)  # two Cauchy variables


def run(**verdicts):
    """A table as `judge` returns it: id -> (verdict, leaning)."""
    rows = {
        id: {"claim": f"claim {id}", "family": "primary" if id in "ab" else "secondary", "verdict": v, "leans": leaning}
        for id, (v, leaning) in verdicts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


YES, NO, OPEN = ("holds", "for"), ("does not hold", "against"), ("undecided", "for")
ABSENT = ("not testable here", "")


def test_what_turns_between_two_runs_is_listed():
    """Another schedule, or own rates against one common rate: the same comparison."""
    before = run(a=YES, b=NO, c=OPEN, d=OPEN, e=YES, f=YES, g=YES, i=ABSENT)
    after = run(a=YES, b=NO, c=OPEN, d=NO, e=OPEN, f=NO, h=YES, i=YES)
    found = claims.turned(before, after)
    assert found.stays.to_dict() == {"a": True, "b": True, "c": True, "d": False, "e": False, "f": False}
    assert claims.survivors({"short": before, "long": after}) == (
        "- **short → long**: 2 of 2 primary and 1 of 4 secondary verdicts stay. "
        "Turned into the opposite: f. No longer decided: e. Newly decided: 1."
    )
    assert claims.survivors({"alone": before}) == ""


def test_a_run_with_one_seed_is_compared_by_the_side_of_its_effects():
    before = run(a=("no verdict", "for"), b=("no verdict", "for"), c=("no verdict", "against"))
    found = claims.turned(before, run(a=YES, b=NO, c=OPEN))
    assert found.stays.to_dict() == {"a": True, "b": False} and found.before["b"] == "leans to holds"


def test_another_claim_under_the_same_id_is_not_compared():
    before = run(a=YES)
    assert claims.turned(before.assign(claim="another"), before).empty
