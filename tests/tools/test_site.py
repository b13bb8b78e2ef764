"""What goes on the site's pages; tests/browser/test_pages.py looks at them in a browser."""

import pytest

from tools import site

HTML = {
    "[words](06_conclusions.ipynb)": 'href="06_conclusions.html"',
    "[words](00_background.ipynb#How-pictures-are-scored)": 'href="00_background.html#How-pictures-are-scored"',
    "[words](notebooks/01_baseline.ipynb)": 'href="01_baseline.html"',
    "[words](../sr_utils/models/weights/README.md)": 'href="card.html"',
    "[words](#Training)": 'href="#Training"',
    "[words](https://arxiv.org/abs/1501.00092)": 'href="https://arxiv.org/abs/1501.00092"',
    "see [the code](../sr_utils/filters.py)": "<p>see the code</p>",  # a file that the site lacks
    "It **does not hold**.": '<b class="verdict does not hold">does not hold</b>',
    "Let $x^2$ be": "<math",
    "$$\\frac{1}{N}\\sum_i y_i$$": "<mfrac>",
}


@pytest.mark.parametrize("markdown", HTML)
def test_links_stay_on_the_site_verdicts_are_marked_and_formulas_become_mathml(markdown):
    html = site.to_html(markdown)
    assert HTML[markdown] in html and "$" not in html
