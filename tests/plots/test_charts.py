"""Curves and trade-offs: each artist shows what the table says."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sr_utils import plots
from sr_utils.plots.charts import spaced
from sr_utils.plots.intervals import PAIRS
from sr_utils.plots.trade_offs import front, label_points


def run(label, seed, losses):
    history = pd.DataFrame({"val_mse": losses}, index=np.arange(1, len(losses) + 1))
    return SimpleNamespace(label=label, history=history, config={"seed": seed, "profile": {"steps": 10}})


RUNS = [
    run("srcnn", 0, [100.0, 40, 20, 16, 14, 12]),
    run("srcnn", 1, [120.0, 60, 20, 18, 16, 14]),
    run("residual", 0, [90.0, 30, 20, 14, 12, 10]),
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
    assert list(end.lines[0].get_xdata()) == [5, 6] and end.get_ylim()[0] < 10 and end.get_ylim()[1] > 16
    assert sorted(said(end)) == ["SRCNN  13.0", "residual  10.0"]


def test_the_title_of_curves_follows_the_data():
    assert plots.loss_curves(RUNS).get_suptitle() == (
        "Residual ends lowest, at 10.0 grey levels²; SRCNN highest, at 13.0"
    )
    one = plots.loss_curves(RUNS[:1], marks={1 / 3: "after a third"}, levels={"bicubic": 50})
    assert one.get_suptitle() == "SRCNN's loss falls from 100.0 to 12.0 grey levels²"
    whole = one.axes[0]
    assert said(whole) == ["bicubic", "68 % of the fall\nafter a third"]
    assert [line.get_ydata()[0] for line in whole.lines[1:2]] == [50] and whole.lines[2].get_xdata()[0] == 2


def test_an_arm_far_above_the_others_does_not_flatten_the_last_third():
    far = run("plain", 0, [5000.0, 4000, 3000, 2900, 2800, 2700])
    whole, end = plots.loss_curves([*RUNS, far]).axes
    assert len(whole.lines) == 3 and len(end.lines) == 2 and end.get_ylim()[1] < 30
    assert "above: plain, no skips  2,700.0" in said(end)


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


def scores(**arms):
    """Scores of two seeds on two images; each arm's psnr, sharpness and gmsd are its first, second and third number."""
    rows = [
        {"arm": arm, "seed": seed, "set": "Set5", "image": image, "psnr": p + seed / 10, "ssim": 0.8,
         "sharpness": s + seed / 100, "gmsd": g}
        for arm, (p, s, g) in arms.items() for seed in (0, 1) for image in ("a", "b")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_plane_has_a_labelled_mark_per_arm_and_intervals():
    table = scores(**{"srcnn": (28, 0.5, 0.2), "srcnn perceptual": (27, 0.7, 0.1)})
    fig = plots.planes(table)
    left, right = fig.axes
    marks = [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in left.lines if len(line.get_xdata()) == 1
    ]
    assert np.allclose(marks, [[28.05, 0.505], [27.05, 0.705]])
    assert {"better", "SRCNN", "SRCNN, perceptual"} == set(said(left)) == set(said(right))
    bars = [bar.get_segments()[0].mean(axis=0) for bar in left.collections]
    assert np.allclose(bars, [[28.05, 0.505]] * 2 + [[27.05, 0.705]] * 2)  # across and up, through the marks
    assert (
        fig.get_suptitle()
        == "Highest PSNR: SRCNN. Sharpest: SRCNN, perceptual. Nearest to HR by GMSD: SRCNN, perceptual."
    )


def test_the_best_strength_is_ringed():
    rows = [
        {
            "arm": "srcnn",
            "seed": 0,
            "set": "a",
            "image": "b",
            "strength": s,
            "psnr": p,
            "ssim": 0.9 - s / 10,
            "sharpness": 0.8 + s,
            "gmsd": 0.1,
        }
        for s, p in ((0, 30.0), (0.2, 31.0), (1, 25.0))
    ]
    fig = plots.strength_curves(pd.DataFrame(rows))
    rings = [next(line for line in ax.lines if line.get_marker() == "o").get_xdata()[0] for ax in fig.axes]
    assert "HR" in said(fig.axes[2])
    assert rings == [0.2, 0, 0.2]  # sharpness: closest to HR's, not highest
    assert fig.get_suptitle() == "SRCNN's PSNR is best at strength 0.2, its SSIM at 0; it is as sharp as HR at 0.2"


def test_the_gain_is_drawn_for_every_strength():
    (ax,) = plots.filter_gain([0, 0.5, 1]).axes
    none, _, full, nyquist = ax.lines
    assert np.allclose(none.get_ydata(), 1) and nyquist.get_xdata()[0] == 1 / 8
    assert full.get_ydata()[[0, -1]] == pytest.approx([1, 13])  # the kernel's columns sum to −3, 7 and −3


def test_the_response_has_one_scale_and_shows_what_the_filter_alone_would_do():
    gains = {"gain 0.0625": [1.0, 3], "gain 0.125": [2.0, 4], "gain 0.25": [-9.0, -9]}
    table = pd.DataFrame({"arm": "srcnn", **gains})
    table = pd.concat([table, table.assign(arm="srcnn_edge_input", **{"gain 0.125": [3.0, 5]})])
    kernels = pd.DataFrame({"arm": "srcnn", "seed": [0, 1] * 2, "frequency": [0.1, 0.1, 0.2, 0.2], "spectrum": 0.5})
    fig = plots.ripple_response(table, kernels)
    left, right = fig.axes
    assert left.get_shared_y_axes().joined(left, right)
    plain, edge, undone, _ = left.lines
    assert np.allclose(plain.get_ydata(), [2, 3, -9]) and np.allclose(edge.get_ydata(), [2, 4, -9])
    assert undone.get_ydata()[1] - plain.get_ydata()[1] == pytest.approx(20 * np.log10(2.76), abs=0.01)
    assert right.lines[0].get_ydata()[-1] == pytest.approx(-6.02, abs=0.01)
    assert "undoes the filter" in fig.get_suptitle() and "differ by +0.5 dB" in fig.get_suptitle()
    far = table.assign(**{"gain 0.0625": np.where(table.arm == "srcnn", 1, 9)})
    assert "does not undo the filter" in plots.ripple_response(far, kernels).get_suptitle()


def test_published_networks_stand_beside_ours_where_set5_was_scored():
    table = pd.DataFrame({"Set5": 29.5, "psnr": 28.0, "parameters": 69_251, "macs": 69_152}, index=["srcnn"])
    published = pd.DataFrame(
        {"Set5": [31.35, 32.46], "parameters": [665_000, np.nan], "macs": [665_000, 1e6]}, index=["VDSR", "EDSR"]
    )
    left, right = plots.quality_against_cost(table, published, table.assign(Set5=30.5)).axes
    assert set(said(left)) == {"better", "SRCNN", "SRCNN, shipped", "VDSR"}
    assert set(said(right)) == {"better", "SRCNN", "SRCNN, shipped", "VDSR", "EDSR"}
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in left.lines if line.get_marker() not in ("", "None")]
    assert marks == [(69_251, 29.5), (69_251, 30.5), (665_000, 31.35)]
    alone = plots.quality_against_cost(table.drop(columns="Set5"), published, table).axes
    assert set(said(alone[0])) == {"better", "SRCNN"} and "all images" in alone[0].get_ylabel()


def test_an_arm_far_below_stands_at_the_lower_end_with_its_psnr():
    costs = {"parameters": [9, 8], "macs": 1}
    table = pd.DataFrame({"Set5": [29.5, 20.0], "psnr": 28.0} | costs, index=["srcnn", "plain"])
    left, _ = plots.quality_against_cost(table, table[:0], table[:0]).axes
    assert "plain, no skips, 20.0 dB" in said(left) and left.get_ylim()[0] > 26


def test_the_front_is_what_nothing_beats():
    table = pd.DataFrame({"cost": [1, 2, 3, 2], "value": [10, 12, 11, 13]})
    assert list(front(table, "cost", "value").index) == [0, 3]
    assert list(front(pd.DataFrame({"cost": [5, 5], "value": [1, 2]}), "cost", "value").index) == [1]


def test_one_seed_and_one_image_give_figures_without_intervals():
    """What a first run at `smoke` on one image has."""
    table = scores(srcnn=(28, 0.5, 0.2), residual=(29, 0.6, 0.1)).query("seed == 0 and image == 'a'")
    assert len(plots.planes(table).axes[0].lines) == 2
    assert said(plots.effects(table, "srcnn").axes[0]) == ["+1.00"]
    table = scores(**dict.fromkeys(PAIRS, (28, 0.5, 0.2)), **dict.fromkeys(PAIRS.values(), (29, 0.5, 0.2)))
    fig = plots.design(table.query("seed == 0 and image == 'a'"))
    assert said(fig.axes[1]) == ["+1.00 dB"] * 5
    plots.save(fig, "design", "smoke")
    short = [run("srcnn", 0, [100.0, 40]), run("residual", 0, [90.0, 30])]
    assert len(plots.loss_curves(short).axes[1].lines[0].get_xdata()) == 2
    assert plots.loss_curves([run("srcnn", 0, [100.0])]).get_suptitle().endswith("to 100.0 grey levels²")
