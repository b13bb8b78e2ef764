"""Tables and words of a page."""

import re

import pandas as pd

from sr_utils import filters, plots


def cells(page):
    """The text of each cell of an HTML table, row by row."""
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


def claims():
    rest = {"original": "", "binding": "", "null": 0.0, "margin": 0.0, "metric": "psnr", "unit": "dB", "parts": "",
            "quantity": False, "why": "", "control": False, "expect": "more", "covers": "3 seeds", "as_expected": 0.9,
            "seeds": 3, "units": 1, "p_holm": 0.01, "q": 0.01, "effect": 0.5, "low": 0.3, "high": 0.7,
            "estimator": "mean", "figure": "", "corrected_low": 0.4, "corrected_high": 0.6}  # fmt: skip
    rows = {
        "1a": {"study": 1, "family": "secondary", "claim": "first", "verdict": "undecided"},
        "4": {"study": 2, "family": "primary", "claim": "second", "verdict": "does not hold"},
        "3": {"study": 1, "family": "primary", "claim": "third", "verdict": "holds"},
    }
    return pd.DataFrame.from_dict(rows, orient="index").assign(**rest)


def test_claims_are_shown_to_the_last_row_by_study_primary_rows_first():
    many = pd.concat([claims().rename(index=lambda id, i=i: f"{id}.{i}") for i in range(40)])
    assert len(cells(plots.claim_table(many).to_html())) == 1 + 120
    page = plots.claim_table(claims()).to_html()
    heads, *rows = cells(page)
    assert [row[heads.index("claim")] for row in rows] == ["third", "first", "second"]
    assert [row[heads.index("verdict")] for row in rows] == ["holds", "undecided", "does not hold"]
    assert [row[heads.index("study")] for row in rows] == ["01", "01", "02"]


def test_a_page_of_one_study_has_no_column_that_says_so_and_a_long_table_is_folded():
    one = plots.claim_table(claims()[claims().study == 1])
    assert "study" not in cells(one.to_html())[0]
    shown = plots.folded(one, "All 2").data
    assert shown.startswith("<details><summary>All 2</summary>\n<table") and cells(shown) == cells(one.to_html())


def test_source_is_shown_as_python():
    shown = plots.source(filters.edge_enhance, plots.source).data
    assert shown.startswith("```python\ndef edge_enhance(") and shown.endswith("\n```")
    assert "\n\ndef source(" in shown


def test_numbers_have_the_pages_digits_and_verdicts_their_colour():
    frame = pd.DataFrame(
        {"GMSD": [0.12345, float("nan")], "verdict": ["holds\n+1 dB", "not trained yet"]}, index=["a", "b"]
    )
    assert cells(plots.table(frame[["GMSD"]], 3, missing="no").to_html())[1:] == [["a", "0.123"], ["b", "no"]]
    sheet = plots.coloured(frame, ["verdict"]).to_html().partition("</style>")[0]
    assert sheet.count("color: #") == 1
