"""Curves and labelled points: each artist shows what the table says."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sr_utils import plots
from sr_utils.plots.charts import spaced
from sr_utils.plots.trade_offs import label_points


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
    assert plots.loss_curves(RUNS).get_suptitle() == (
        "On the validation crops, residual ends lowest, at 11.0 grey levels²; SRCNN highest, at 13.0"
    )
    one = plots.loss_curves(RUNS[:1], {"bicubic": 50}, {1 / 3: "after a third"}, (10, 13, "margin"))
    assert one.get_suptitle() == "SRCNN's loss falls from 100.0 to 12.0 grey levels² on the validation crops"
    whole, end = one.axes
    assert said(whole) == ["bicubic", "68 % of the fall\nafter a third"] and "margin" in said(end)
    assert [line.get_ydata()[0] for line in whole.lines[1:2]] == [50] and whole.lines[2].get_xdata()[0] == 2
    assert all(tuple(ax.patches[0].get_extents().transformed(ax.transData.inverted()).intervaly) for ax in (whole, end))
    short = [run("srcnn", 0, [100.0, 40]), run("residual", 0, [90.0, 30])]
    assert len(plots.loss_curves(short).axes[1].lines[0].get_xdata()) == 2
    assert "to 100.0 grey levels²" in plots.loss_curves([run("srcnn", 0, [100.0])]).get_suptitle()


def test_seeds_of_a_network_that_collapsed_are_drawn_one_by_one():
    far = [run("plain", seed, [5000.0, 4000, 3000, last, last, last]) for seed, last in enumerate((2700, 11, 14))]
    whole, end = plots.loss_curves([*RUNS, *far]).axes
    assert [line.get_ydata()[-1] for line in whole.lines] == [13, 11, 2700, 11, 14]
    assert len(end.lines) == 3 and end.get_ylim()[1] < 30  # one of them ends near the others
    assert "above: plain, no skips, seed 0  2,700.0" in "\n".join(said(end))


def test_neighbouring_labels_are_moved_apart_and_no_further():
    moved = spaced([10, 11, 50], 15)
    assert np.allclose(moved, [3, 18, 50])
    assert np.allclose(spaced([50, 11, 10], 15), moved[::-1])
    assert np.allclose(spaced([1, 100, 30], 15), [1, 100, 30])


def test_names_beside_points_overlap_neither_each_other_nor_a_point():
    _, ax = plt.subplots(figsize=(6, 4))
    points = np.random.default_rng(0).uniform(0.2, 0.8, (12, 2))
    for i, point in enumerate(points):
        ax.plot(*point, "o", label=f"point {i}")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    label_points(ax)
    boxes = [text.get_window_extent().padded(-1) for text in ax.texts if text.get_text()]
    assert len(boxes) == 12
    for i, box in enumerate(boxes):
        assert box.count_overlaps(boxes[:i]) == 0
        assert not any(box.contains(*ax.transData.transform(point)) for point in points)
