"""Tables and words for a page: source, sentences, costs, scores, claims. Nothing here computes a result."""

import hashlib
import inspect
from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown
from matplotlib.colors import to_hex
from pandas.io.formats.style import Styler

from sr_utils.claims import words
from sr_utils.plots.intervals import VERDICTS, by_study
from sr_utils.plots.style import legible, name

BOLD = "font-weight: bold"
#: What each score is called, how it is written, and which value is best. Noise is sharp too: sharpness has no best.
SCORES = {
    "psnr": ("PSNR / dB", "{:.2f}", "max"),
    "ssim": ("SSIM", "{:.3f}", "max"),
    "sharpness": ("sharpness", "{:.2f}", ""),
    "gmsd": ("GMSD", "{:.3f}", "min"),
}


def source(*objects) -> Markdown:
    """The source of functions or classes, highlighted in JupyterLab and on static pages alike."""
    return Markdown("```python\n" + "\n\n".join(inspect.getsource(o).rstrip() for o in objects) + "\n```")


def text(markdown: str) -> Markdown:
    """A sentence made from results."""
    return Markdown(markdown)


class Table:
    """A styled table: HTML on a page, and plain text that is the same on every run (pandas' Styler has none)."""

    def __init__(self, style: Styler):
        self.style = style

    def __repr__(self):
        return self.style.data.to_string()

    def to_html(self) -> str:
        return self.style.to_html()

    _repr_html_ = to_html


def styled(table: pd.DataFrame) -> Styler:
    """pandas' Styler with an HTML id that is the same on every run, and another for every table on a page."""
    return table.style.set_uuid(hashlib.sha256(table.to_csv().encode()).hexdigest()[:8])


def cost_table(costs: Mapping[str, Mapping]) -> pd.DataFrame:
    """Parameters and multiply–adds per output pixel, a row per arm: `costs` maps labels to `models.cost`'s answers."""
    table = pd.DataFrame({name(label): cost for label, cost in costs.items()}).T
    return table.set_axis(["parameters", "multiply–adds per output pixel"], axis=1).map("{:,.0f}".format)


def score_table(scores: pd.DataFrame, metrics=tuple(SCORES)) -> Table:
    """Means over images and seeds: a row per arm, the metrics side by side for each set; the best is bold."""
    means = scores.pivot_table(index="arm", columns="set", values=list(metrics), sort=False).swaplevel(axis=1)
    means = means.loc[scores.arm.unique(), [(each, metric) for each in scores["set"].unique() for metric in metrics]]
    style = styled(means).format({column: SCORES[column[1]][1] for column in means}, na_rep="")
    style = style.highlight_max([column for column in means if SCORES[column[1]][2] == "max"], props=BOLD)
    style = style.highlight_min([column for column in means if SCORES[column[1]][2] == "min"], props=BOLD)
    style = style.format_index(name).format_index(lambda head: SCORES.get(head, [head])[0], axis=1)
    return Table(style.hide(names=True).hide(names=True, axis=1))


def trial_table(trials: pd.DataFrame) -> Table:
    """`record.trials`: arms × learning rates, PSNR in dB, the best of each arm bold, those not tried empty."""
    style = styled(trials.rename(index=name, columns="{:g}".format)).format("{:.2f}", na_rep="")
    return Table(style.highlight_max(axis=1, props=BOLD))


def _judged(style: Styler) -> Styler:
    """Verdicts in the colours of the figures, long texts wrapped at the left."""
    colours = {verdict: f"color: {to_hex(legible(colour))}" for verdict, (colour, *_) in VERDICTS.items()}
    verdicts = [column for column in style.columns if column == "verdict"]
    style = style.map(lambda verdict: colours[verdict.split(" (")[0]], subset=verdicts)
    return style.set_properties(**{"text-align": "left", "white-space": "normal", "vertical-align": "top"})


def finding_table(table: pd.DataFrame) -> Table:
    """`claims.judge`'s table as findings: what the original says, what was measured here, the verdict."""
    found = words.findings(table).assign(page=lambda each: each.study.map("{:02d}".format))
    heads = {"page": "page", "original": "the original says", "ours": "measured here", "verdict": "verdict"}
    style = _judged(styled(found[list(heads)].rename(columns=heads)))
    return Table(style.set_properties(subset=["verdict"], **{"font-weight": "bold"}))


def claim_table(table: pd.DataFrame) -> Table:
    """`claims.judge`'s table to its last row: by study, primary rows first and bold, verdicts in colour."""
    ordered = by_study(table)
    shown = words.readable(ordered)
    shown.insert(0, "study", ordered.study.map("{:02d}".format))
    primary = ordered.index[ordered.family == "primary"]
    style = _judged(styled(shown)).set_properties(subset=(primary, shown.columns), **{"font-weight": "bold"})
    return Table(style.hide(names=True))
