"""Estimates with intervals: what is drawn is what the table says."""

import numpy as np
import pandas as pd

from sr_utils import plots
from sr_utils.plots.intervals import SIDES, VERDICTS, scales


def scores(**psnr):
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm, "seed": seed, "set": "Set5", "image": image, "psnr": mean + rng.normal(0, 0.01)}
        for arm, mean in psnr.items() for seed in (0, 1, 2) for image in "abc"
    ]  # fmt: skip
    return pd.DataFrame(rows)


def marks(ax):
    """(x, y, colour, fill) of every mark."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]), line.get_color(), line.get_markerfacecolor())
        for line in ax.lines
        if len(line.get_xdata()) == 1
    ]


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def beside(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_effects_are_sorted_and_coloured_by_their_side_of_zero():
    fig = plots.effects(scores(srcnn=28, residual=29, inception=28, post_upsampling=27), "srcnn")
    (ax,) = fig.axes
    assert names(ax) == ["residual", "inception", "post-upsampling"]
    assert [colour for *_, colour, _ in marks(ax)] == [SIDES[1], SIDES[0], SIDES[-1]]
    assert beside(ax)[0].startswith("+0.99  (+0.97 …") and "SRCNN" in ax.get_xlabel()
    assert fig.get_suptitle() == "Clearly above SRCNN: 1 of 3 arms; clearly below: 1"


def test_an_arm_far_away_has_an_axis_of_its_own_and_collapsed_seeds_no_mean():
    table = scores(srcnn=28, residual=29, inception=28.5, plain=28)
    table.loc[(table.arm == "plain") & (table.seed == 1), "psnr"] = 8
    near, far = plots.effects(table, "srcnn").axes
    assert [names(ax) for ax in (near, far)] == [["residual", "inception"], ["plain, no skips"]]
    assert np.allclose(sorted(far.lines[1].get_xdata()), [-20, 0, 0], atol=0.03)
    assert pd.isna(far.lines[0].get_xdata()).all() and beside(far)[0].startswith("seeds from −20.0")
    assert beside(plots.effects(table.query("seed == 0 and image == 'a'"), "srcnn").axes[0])[0].startswith("+0.99")


def test_a_stair_ends_where_its_interval_does():
    step = {"psnr": 30.0, "difference": 0.5, "low": 0.2, "high": 0.6, "change": "more", "parameters": 9, "macs": 9}
    start = step | {"psnr": 29.5, "difference": 0.0, "low": 0.0, "high": 0.0, "change": "where it starts"}
    fig = plots.stairs(pd.DataFrame({"srcnn": start, "combined": step}).T)
    (ax,) = fig.axes
    _, (bar,) = (bars.get_segments() for bars in ax.collections)
    assert np.allclose(bar[:, 0], (29.7, 30.1))  # the interval, on the step before
    assert [x for x, *_ in marks(ax)] == [29.5, 30.0]
    assert fig.get_suptitle() == "More brings most, +0.50 dB; the whole way brings +0.50 dB"


def judged(rows):
    """A table like `claims.judge`'s from (id, study, family, unit, effect, low, high, verdict)."""
    columns = ["id", "study", "family", "unit", "effect", "low", "high", "verdict"]
    rest = {"claim": "c", "original": "", "binding": "", "null": 0.0, "margin": 0.0, "metric": "psnr",
            "quantity": False, "parts": "", "why": "", "expect": "more", "estimator": "mean",
            "corrected_low": np.nan, "corrected_high": np.nan}  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(**rest).set_index("id")


CLAIMS = judged(
    [
        ("1", 1, "primary", "dB", 0.8, 0.5, 1.1, "holds"),
        ("1a", 1, "secondary", "dB", 10.0, 9.0, 11.0, "undecided"),
        ("1b", 1, "secondary", "dB", -0.4, -0.6, -0.2, "does not hold"),
        ("2", 1, "primary", "of the fall", np.nan, np.nan, np.nan, "not testable here"),
        ("4", 2, "primary", "grey levels²", -6.0, -9.0, -3.0, "no verdict"),
    ]
)


def test_the_forest_has_a_row_for_every_claim_with_an_interval_by_study():
    fig = plots.forest(CLAIMS)
    assert [names(ax) for ax in fig.axes] == [["1  c", "1b  c"], ["1a  c"], ["4  c"]]  # 10 dB has an axis of its own
    assert [beside(ax)[-1] for ax in fig.axes if beside(ax)[-1].startswith("Study")] == ["Study 01", "Study 02"]
    assert [[colour for *_, colour, _ in marks(ax)] for ax in fig.axes] == [
        [VERDICTS["holds"][0], VERDICTS["does not hold"][0]],
        [VERDICTS["undecided"][0]],
        [VERDICTS["no verdict"][0]],
    ]
    assert [label.get_weight() for label in fig.axes[0].get_yticklabels()] == ["bold", "normal"]
    assert beside(fig.axes[0])[0] == "+0.8 dB (+0.5 … +1.1)  holds"
    assert beside(fig.axes[2])[0] == "−6 grey levels² (−9 … −3)"
    assert fig.get_suptitle() == "The original's claims: holds 1, no verdict 1, not testable here 1"


def test_without_an_interval_the_forest_is_empty():
    assert plots.forest(CLAIMS.loc[["2"]]).get_suptitle() == "The original's claims: not testable here 1"


def test_scales_split_where_sizes_leap():
    table = pd.DataFrame({"x": [0.1, 0.3, 10], "low": 0.0, "high": [0.2, 0.4, 12]}, index=list("abc"))
    assert [list(part.index) for part in scales(table)] == [["a", "b"], ["c"]]
    assert [list(part.index) for part in scales(table[:2])] == [["a", "b"]]


def test_the_claims_side_is_shaded():
    def shaded(**row):
        (ax,) = plots.forest(CLAIMS.loc[["1"]].assign(**row)).axes
        return ax.collections[-1].get_paths()[0].get_extents().intervalx, ax.get_xlim()

    for row, side in (({"expect": "more"}, (0, None)), ({"expect": "less"}, (None, 0))):
        (left, right), (least, most) = shaded(**row)
        assert (left, right) == tuple(end if at is None else at for at, end in zip(side, (least, most), strict=True))
    assert tuple(shaded(expect="same", margin=0.1)[0]) == (-0.1, 0.1)
