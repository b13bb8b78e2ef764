import pytest

from sr_utils.claims.checks import MARGINS
from sr_utils.claims.table import BY_ID, CLAIMS, LADDER, METRICS, between, share_of_mse
from sr_utils.models.arms import ARMS as TRAINED
from sr_utils.models.arms import COMPARED, PLACES
from tests.observations import ARMS, FIXED

PRIMARY = {c.id: c for c in CLAIMS if c.family == "primary"}


def test_every_claim_of_the_original_has_one_primary_row():
    assert list(PRIMARY) == ["1", "2", "3", "4", "5", "6", "6s", "7", "8", "9", "10", "11"]
    assert len({c.original for c in PRIMARY.values()}) == 12 and {c.study for c in CLAIMS} == {1, 2, 3, 4, 5, 6}


def test_ids_and_texts_are_unique_and_no_row_tests_the_same_twice():
    assert len({c.id for c in CLAIMS}) == len({c.claim for c in CLAIMS}) == len(CLAIMS) == len(BY_ID)
    tested = [(c.arm, c.reference, c.metric, c.expect, c.null, c.margin) for c in CLAIMS if c.arm]
    assert len(set(tested)) == len(tested)


def test_parts_are_rows_of_their_own_named_after_the_whole():
    for whole in PRIMARY.values():
        assert bool(whole.parts) != bool(whole.arm)  # an intersection, or a row that is tested itself
        for id in whole.parts:
            assert id.startswith(whole.id) and not BY_ID[id].parts and BY_ID[id].family == "secondary"
    assert not any(BY_ID[id].control for whole in PRIMARY.values() for id in whole.parts)


def test_every_claim_is_about_arms_that_are_trained():
    assert set(ARMS) <= set(TRAINED) and set(FIXED) == {"bilinear", "bicubic"}
    assert set(COMPARED) <= set(TRAINED) and {arm for step in LADDER for arm in step[:2]} <= set(TRAINED)
    assert all(PLACES[place] in TRAINED and f"{place}_skip" in TRAINED for place in PLACES)
    assert {c.metric for c in CLAIMS} == set(METRICS.index)


def test_the_five_by_two_design_is_complete():
    """What the skip does at each of five places, and what each place does without and with it."""
    pairs = {(c.arm, c.reference) for c in CLAIMS if c.metric == "psnr" and c.study == 2}
    for place, plain in {"srcnn": "srcnn", **PLACES}.items():
        assert (f"{place}_skip", plain) in pairs
        assert place == "srcnn" or {(plain, "srcnn"), (f"{place}_skip", "srcnn_skip")} <= pairs


def test_pairs_have_one_name():
    assert between("b", "a") == between("a", "b")


def test_the_middle_step_of_the_ladder_says_that_it_changes_two_things():
    change = {arm: words for arm, _, words in LADDER}["post_skip"]
    assert "skip" in change and "zero" in change and "two changes in one step" in change


def test_the_margin_of_a_loss_is_a_tenth_of_a_decibel():
    assert share_of_mse(0.1) == pytest.approx(0.0233, abs=1e-4) and BY_ID["7b"].margin == share_of_mse(0.1)
    assert BY_ID["7a"].margin == 0.1 in MARGINS
