"""What goes on the site's pages; tests/browser/test_pages.py looks at them in a browser."""

import pytest

from sr_utils import StudyError
from tools import demo, site


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


def test_verdicts_are_marked():
    assert '<b class="verdict does not hold">does not hold</b>' in site.to_html("It **does not hold**.")


def test_npm_that_is_missing_is_told_in_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StudyError, match="needs npm, .* or set DEMO=0"):
        demo.add_demo(tmp_path)
