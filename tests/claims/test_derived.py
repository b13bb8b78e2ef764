import pandas as pd
import pytest

from sr_utils.claims import derived
from sr_utils.claims.derived import epochs_to, learning, race, share_of_fall
from sr_utils.claims.table import CLAIMS, FURTHEST, between
from sr_utils.models.arms import ALIKE
from tests import observations


def curve(*values):
    return pd.Series(values, index=range(1, len(values) + 1), dtype=float)


def test_epochs_to_a_goal_are_interpolated():
    falling = curve(10, 4, 2, 1, 0)
    assert epochs_to(falling, 2) == 3 and epochs_to(falling, 3) == 2.5 and epochs_to(falling, 10) == 1


def test_in_a_race_the_slower_arm_sets_the_goal():
    """The arm that ends lower is not punished for it: it is where the other one ends after three epochs of five."""
    fast, slow = curve(10, 6, 4, 3, 2), curve(10, 8, 6, 5, 4)
    assert race(fast, slow) == 3 - 5 and race(slow, fast) == 2 and race(fast, fast) == 0


def test_learning_by_hand():
    runs = observations.runs(seeds=2, arms=["srcnn", "residual"], residual=0.5)
    table = learning(derived.curves(runs)).set_index(["arm", "seed"])
    mse = runs[0].history["val_mse"]
    row = table.loc["srcnn", 0]
    assert row.area == pytest.approx(mse.mean()) and row.first_fifth == pytest.approx(share_of_fall(mse, 0.2))
    assert row.last_two_fifths == pytest.approx((mse[6] - mse[10]) / (mse[1] - mse[10]))
    ours, theirs = (next(r for r in runs if r.label == a).history["val_mse"] for a in ("residual", "srcnn"))
    assert table.loc["residual against srcnn", 0].epochs == pytest.approx(race(ours, theirs)) and race(ours, theirs) < 0
    assert "pre_upsampling" not in table.index  # it was not run


def test_curves_hold_every_epoch_of_every_run():
    runs = observations.runs(seeds=2, epochs=4, arms=["srcnn", "residual"])
    table = derived.curves(runs)
    assert list(table) == ["arm", "seed", "epoch", "train_loss", "train_mse", "val_loss", "val_mse"]
    assert len(table) == 2 * 2 * 4 and table.val_mse[:4].tolist() == runs[0].history["val_mse"].tolist()


def test_a_sweep_becomes_arms_and_has_best_strengths():
    sweep = observations.sweep()
    assert set(derived.enhanced(sweep).arm) >= {"srcnn enhanced 0.1", "bicubic enhanced 1"}
    best = derived.best_strengths(sweep)
    assert best.loc["bicubic"].to_dict() == {"psnr": 0.1, "ssim": 0, "gmsd": 0, "sharpness": 1}
    assert best.loc["srcnn", "sharpness"] == 0.1  # 0.6 of HR's is nearer than 0.5 and 1.5


def test_the_furthest_two_are_measured_by_two_seeds_of_one_arm():
    table = observations.likeness(seeds=3, images=2, apart=1.5)
    first = (table.seed == 1) & (table.image == "img_0")
    table.loc[first & (table.arm == "srcnn") & (table.other == "post_upsampling"), "rms"] = 12.0
    selves = table[first & (table.arm == table.other) & table.arm.isin(ALIKE)]
    found = derived.furthest(table).set_index(["arm", "seed", "image"]).loc[FURTHEST]
    assert found.apart[1, "img_0"] == pytest.approx(12 / selves.rms.mean())
    assert found.apart_gmsd[1, "img_0"] == pytest.approx(1.5, rel=0.05)
    assert found.gmsd[2, "img_1"] == pytest.approx(0.006, rel=0.05)


def test_the_order_of_a_pair_does_not_matter():
    table = observations.likeness(seeds=2, images=2)
    turned = table.rename(columns={"arm": "other", "other": "arm"})
    pd.testing.assert_frame_equal(derived.furthest(table), derived.furthest(turned)[derived.furthest(table).columns])
    assert between("srcnn", "srcnn perceptual") in set(derived.furthest(turned).arm)


def test_one_seed_or_a_missing_arm_leaves_out_what_they_cannot_say():
    alone = derived.furthest(observations.likeness(seeds=1, images=2))
    assert FURTHEST in set(alone.arm) and "apart" not in alone
    table = observations.likeness(seeds=2, images=2)
    assert FURTHEST not in set(derived.furthest(table[table.arm != "srcnn"]).arm)


def test_every_table_is_read_as_it_is_kept():
    seen = pd.concat([derived.observed(t) for t in observations.everything(seeds=2, images=3).values()])
    assert {c.metric for c in CLAIMS} <= set(seen)
    assert {arm for c in CLAIMS for arm in (c.arm, c.reference) if arm} <= set(seen.arm)
