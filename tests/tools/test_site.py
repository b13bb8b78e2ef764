"""What goes on the site's pages; tests/browser/test_pages.py looks at them in a browser."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from sr_utils import claims
from sr_utils.claims import phrases, record
from tests import observations
from tools import site


def test_formulas_become_mathml():
    html = site.to_html("Let $x^2$ be\n\n$$\\frac{1}{N}\\sum_i y_i$$")
    assert html.count("<math") == 2 and 'display="block"' in html and "<mfrac>" in html and "$" not in html


@pytest.mark.parametrize(
    ("link", "there"),
    [
        ("06_conclusions.ipynb", "06_conclusions.html"),
        ("00_background.ipynb#How-pictures-are-scored", "00_background.html#How-pictures-are-scored"),
        ("notebooks/01_baseline.ipynb", "01_baseline.html"),
        ("../sr_utils/models/weights/README.md", "card.html"),
        ("#Training", "#Training"),
        ("https://arxiv.org/abs/1501.00092", "https://arxiv.org/abs/1501.00092"),
    ],
)
def test_links_stay_on_the_site(link, there):
    assert f'href="{there}"' in site.to_html(f"[words]({link})")


def test_a_link_to_a_file_that_the_site_lacks_is_plain_words():
    assert site.to_html("see [the code](../sr_utils/filters.py)").strip() == "<p>see the code</p>"


def page(words):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(words, id="run-shown")])


def test_the_index_shows_the_findings_of_the_run_that_the_pages_show():
    assert site.findings_shown(page("No outputs are published yet.")) == (None, "")
    tables = observations.everything(3, 6, residual=0.5)
    judged = claims.judge(*tables.values())
    kept = {name: table for name, table in tables.items() if name != "curves"}
    costs = pd.DataFrame({"parameters": [1], "macs": [1.0]}, index=pd.Index(["srcnn"], name="arm"))
    record.write("quick", observations.runs(3), kept | {"claims": judged, "costs": costs}, "what made it",
                 versions={"numpy": np.__version__})  # fmt: skip
    shown = page("This page shows `make reproduce PROFILE=quick DATA=bsds500 SEEDS=0,1,2`")
    found, caption = site.findings_shown(shown)
    assert [row.verdict for row in found] == phrases.findings(judged).verdict.tolist() and caption == "what made it"
