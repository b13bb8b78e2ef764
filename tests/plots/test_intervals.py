"""Estimates with intervals: what is drawn is what the table says."""

import numpy as np
import pandas as pd

from sr_utils import plots
from sr_utils.plots.intervals import SIDES


def scores(**psnr):
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm, "seed": seed, "set": "Set5", "image": image, "psnr": mean + rng.normal(0, 0.01)}
        for arm, mean in psnr.items() for seed in (0, 1, 2) for image in "abc"
    ]  # fmt: skip
    return pd.DataFrame(rows)


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def beside(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_effects_are_sorted_and_coloured_by_their_side_of_zero():
    fig = plots.effects(scores(srcnn=28, residual=29, inception=28, post_upsampling=27), "srcnn")
    (ax,) = fig.axes
    assert names(ax) == ["residual", "inception", "post-upsampling"]
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [mark.get_color() for mark in marks] == [SIDES[1], SIDES[0], SIDES[-1]]
    assert beside(ax)[0].startswith("+0.99  (+0.97 …") and "SRCNN" in ax.get_xlabel()
    assert fig.get_suptitle() == "Against SRCNN, clearly better: residual; clearly worse: post-upsampling"


def test_an_arm_far_away_has_an_axis_of_its_own_and_collapsed_seeds_no_mean():
    table = scores(srcnn=28, residual=29, inception=28.5, plain=28)
    table.loc[(table.arm == "plain") & (table.seed == 1), "psnr"] = 8
    fig = plots.effects(table, "srcnn")
    near, far = fig.axes
    assert fig.get_suptitle().endswith("clearly better: residual, inception; with collapsed seeds: plain, no skips")
    assert [names(ax) for ax in (near, far)] == [["residual", "inception"], ["plain, no skips"]]
    assert np.allclose(sorted(far.lines[1].get_xdata()), [-20, 0, 0], atol=0.03)
    assert pd.isna(far.lines[0].get_xdata()).all() and beside(far)[0].startswith("seeds from −20.0")
    assert beside(plots.effects(table.query("seed == 0 and image == 'a'"), "srcnn").axes[0])[0].startswith("+0.99")
