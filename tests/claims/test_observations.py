import pandas as pd
import pytest

from sr_utils.claims import observations as made
from sr_utils.claims.observations import epochs_to, learning, share_of_fall
from sr_utils.claims.table import FURTHEST
from sr_utils.models.arms import PICTURES_ALIKE
from tests import observations


def test_epochs_to_a_goal_and_learning_by_hand():
    falling = pd.Series([10.0, 4, 2, 1, 0], index=range(1, 6))
    assert epochs_to(falling, 2) == 3 and epochs_to(falling, 3) == 2.5 and epochs_to(falling, 10) == 1
    assert epochs_to(falling, -1) == 6  # never: one more than there are
    runs = observations.runs(seeds=2, arms=["srcnn", "residual"], residual=0.5)
    curves = made.curves(runs)
    assert list(curves) == ["arm", "seed", "epoch", "train_loss", "train_mse", "val_loss", "val_mse"]
    assert len(curves) == 2 * 2 * 10 and curves.val_mse[:10].tolist() == runs[0].history["val_mse"].tolist()
    table = learning(curves).set_index(["arm", "seed"])
    mse, row = runs[0].history["val_mse"], table.loc["srcnn", 0]
    assert row.area == pytest.approx(mse.mean()) and row.first_fifth == pytest.approx(share_of_fall(mse, 0.2))
    assert row.last_two_fifths == pytest.approx((mse[6] - mse[10]) / (mse[1] - mse[10]))
    assert row.epochs_130 == pytest.approx(epochs_to(mse, 130)) and row.epochs_150 < row.epochs_130 < row.epochs_115
    assert row.epochs_fall == pytest.approx(epochs_to(mse, mse[10] + 0.05 * (mse[1] - mse[10])))
    assert (table.epochs_130["residual"] < table.epochs_130["srcnn"]).all()
    slow = curves.assign(val_mse=curves.val_mse.mask((curves.arm == "srcnn") & (curves.seed == 1), 140.0))
    assert learning(slow).set_index(["arm", "seed"]).epochs_130["srcnn", 1] == 11
    slow["val_mse"] = slow.val_mse.mask(slow.arm == "srcnn", 140.0)
    assert learning(slow).set_index("arm").epochs_130["srcnn"].isna().all()  # no run of it came so low


def test_a_sweep_becomes_arms():
    sweep = observations.sweep()
    table = made.enhanced(sweep)
    assert set(table.arm) >= {"srcnn enhanced 0.1", "srcnn enhanced 0.5", "bicubic enhanced 1", "srcnn enhanced"}
    turns = table[table.arm == "srcnn enhanced"]
    assert len(turns) == 5 * 20 and set(turns.turn_ssim) == {0.1} == set(turns.turn_gmsd)


def test_the_furthest_two_are_measured_by_two_seeds_of_one_arm():
    table = observations.likeness(seeds=3, images=2, apart=1.5)
    first = (table.seed == 1) & (table.image == "img_0")
    table.loc[first & (table.arm == "srcnn") & (table.other == "post_upsampling"), "rms"] = 12.0
    selves = table[first & (table.arm == table.other) & table.arm.isin(PICTURES_ALIKE)]
    found = made.furthest(table).set_index(["arm", "seed", "image"]).loc[FURTHEST]
    assert found.apart[1, "img_0"] == pytest.approx(12 / selves.rms.mean())
    assert found.apart_gmsd[1, "img_0"] == pytest.approx(1.5, rel=0.05)
    assert found.gmsd[2, "img_1"] == pytest.approx(0.006, rel=0.05)


def test_one_seed_or_a_missing_arm_leaves_out_what_they_cannot_say():
    alone = made.furthest(observations.likeness(seeds=1, images=2))
    assert FURTHEST in set(alone.arm) and "apart" not in alone
    table = observations.likeness(seeds=2, images=2)
    assert FURTHEST not in set(made.furthest(table[table.arm != "srcnn"]).arm)
