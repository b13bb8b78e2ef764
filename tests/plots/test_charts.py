"""Curves: each artist shows what the table says."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sr_utils import plots
from sr_utils.plots.charts import spaced


def run(label, seed, losses):
    history = pd.DataFrame({"val_mse": losses}, index=np.arange(1, len(losses) + 1))
    return SimpleNamespace(label=label, history=history, config={"seed": seed, "profile": {"steps": 10}})


RUNS = [
    run("srcnn", 0, [100.0, 40, 20, 16, 14, 12]),
    run("srcnn", 1, [120.0, 60, 20, 18, 16, 14]),
    run("residual", 0, [90.0, 30, 20, 14, 12, 11]),
]


def said(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_curves_show_the_mean_of_the_seeds_and_their_range():
    whole, end = plots.loss_curves(RUNS).axes
    srcnn = whole.lines[0]
    assert np.allclose(srcnn.get_ydata(), [110, 50, 20, 17, 15, 13]) and list(srcnn.get_xdata()) == [1, 2, 3, 4, 5, 6]
    outline = whole.collections[0].get_paths()[0].vertices
    for epoch, ends in ((1, (100, 120)), (6, (12, 14))):
        band = outline[outline[:, 0] == epoch, 1]
        assert (band.min(), band.max()) == ends
    assert "epoch" in whole.get_xlabel() and "grey levels²" in whole.get_ylabel() and whole.get_yscale() == "log"
    assert list(end.lines[0].get_xdata()) == [5, 6] and end.get_ylim()[0] < 11 and end.get_ylim()[1] > 16
    assert sorted(said(end)) == ["SRCNN  13.0", "residual  11.0"]


def test_the_title_of_curves_follows_the_data():
    assert plots.loss_curves(RUNS).get_suptitle() == "Residual ends with a lower squared error than SRCNN"
    worse = [*RUNS[:2], run("inception", 0, [20.0] * 6)]
    assert plots.loss_curves([*RUNS, worse[-1]]).get_suptitle().startswith("Only residual ends with a lower")
    assert plots.loss_curves(worse).get_suptitle() == "No other arm ends with a lower squared error than SRCNN"
    one = plots.loss_curves(RUNS[:1], (10, 13, "margin"))
    assert one.get_suptitle() == "SRCNN's loss falls from 100.0 to 12.0 grey levels² on the validation crops"
    band = one.axes[1].patches[0].get_extents().transformed(one.axes[1].transData.inverted())
    assert "margin" in said(one.axes[1]) and band.intervaly == pytest.approx((10, 13))
    assert "to 100.0 grey levels²" in plots.loss_curves([run("srcnn", 0, [100.0])]).get_suptitle()


def test_seeds_of_a_network_that_collapsed_are_drawn_one_by_one():
    far = [run("plain", seed, [5000.0, 4000, 3000, last, last, last]) for seed, last in enumerate((2700, 11, 15))]
    whole, end = plots.loss_curves([*RUNS, *far]).axes
    assert [line.get_ydata()[-1] for line in whole.lines] == [13, 11, 2700, 11, 15]
    assert len(end.lines) == 3 and end.get_ylim()[1] < 30  # one of them ends near the others
    assert said(whole) == ["plain, no skips, seed 0  2,700.0", "plain, no skips, seed 2  15.0"]
    assert whole.figure.get_suptitle().endswith("; plain, no skips: 1 of 3 seeds collapse")


def test_neighbouring_labels_are_moved_apart_and_no_further():
    moved = spaced([10, 11, 50], 15)
    assert np.allclose(moved, [3, 18, 50])
    assert np.allclose(spaced([50, 11, 10], 15), moved[::-1])
    assert np.allclose(spaced([1, 100, 30], 15), [1, 100, 30])
