"""Tables of scores and claims; `make verify` compares the others, as committed pages show them."""

import re

import pandas as pd

from sr_utils import plots


def cells(page):
    return [re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]


def test_scores_stand_side_by_side_with_the_best_bold():
    rows = [
        {"arm": arm, "seed": seed, "set": name, "image": "a", "psnr": value, "ssim": value / 40, "sharpness": 0.5,
         "gmsd": value / 300}
        for arm, value in (("srcnn", 28.0), ("srcnn mae", 27.0)) for name in ("Set5", "Set14") for seed in (0, 1)
    ]  # fmt: skip
    page = plots.score_table(pd.DataFrame(rows)).to_html()
    sets, heads, *rest = cells(page)
    assert [each for each in sets if "nbsp" not in each] == ["Set5", "Set14"]
    assert heads[1:] == ["PSNR / dB", "SSIM", "sharpness", "GMSD"] * 2
    assert rest == [
        ["SRCNN", *["28.00", "0.700", "0.50", "0.093"] * 2],
        ["SRCNN, MAE", *["27.00", "0.675", "0.50", "0.090"] * 2],
    ]
    bold = page[: page.index("</style>")]
    assert bold.count("#T_") == 2 * 3  # PSNR and SSIM of one arm, GMSD of the other, in both sets
    assert page == plots.score_table(pd.DataFrame(rows)).to_html()
    shown = plots.score_table(pd.DataFrame(rows))._repr_html_()  # in a notebook that is not trusted, without a sheet
    assert cells(shown) == cells(page) and "<style" not in shown
    assert "srcnn mae" in repr(plots.score_table(pd.DataFrame(rows)))
    assert shown.count('<td style="font-weight: bold;"') == 2 * 3


def test_of_an_arm_that_collapsed_the_table_shows_the_seeds_and_no_mean():
    psnr = {("plain", 0): 26.4, ("plain", 1): 14.5, ("srcnn", 0): 26.0, ("srcnn", 1): 26.2}
    rows = [{"arm": arm, "seed": seed, "set": "Set5", "image": "a", "psnr": dB} for (arm, seed), dB in psnr.items()]
    *_, first, second, third = cells(plots.score_table(pd.DataFrame(rows), ["psnr"]).to_html())
    assert (first, second) == (["plain, no skips, seed 0", "26.40"], ["plain, no skips, seed 1", "14.50"])
    assert third == ["SRCNN", "26.10"]
