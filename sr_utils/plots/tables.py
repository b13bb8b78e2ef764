"""Tables and words for a page: source, sentences, costs, scores, claims. Nothing here computes a result."""

import hashlib
import inspect
from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown
from matplotlib.colors import to_hex
from pandas.io.formats.style import Styler

from sr_utils.claims import words
from sr_utils.plots.style import legible, name
from sr_utils.plots.verdicts import VERDICTS

#: What each score is called, how it is written, and which value is best.
SCORES = {
    "psnr": ("PSNR / dB", "{:.2f}", "max"),
    "ssim": ("SSIM", "{:.3f}", "max"),
    "sharpness": ("sharpness", "{:.2f}", None),
    "gmsd": ("GMSD", "{:.3f}", "min"),
}


def source(*objects) -> Markdown:
    """The source of functions or classes, highlighted in JupyterLab and on static pages alike."""
    return Markdown("```python\n" + "\n\n".join(inspect.getsource(o).rstrip() for o in objects) + "\n```")


def text(markdown: str) -> Markdown:
    """A sentence made from results."""
    return Markdown(markdown)


def cost_table(costs: Mapping[str, Mapping]) -> pd.DataFrame:
    """Parameters and multiply–adds per output pixel, a row per arm: `costs` maps labels to `models.cost`'s answers."""
    table = pd.DataFrame({name(label): cost for label, cost in costs.items()}).T
    table.columns = ["parameters", "multiply–adds per output pixel"]
    return table.map("{:,.0f}".format)


class Table:
    """A styled table: HTML on a page, and plain text that is the same on every run (pandas' Styler has none)."""

    def __init__(self, style: Styler):
        self.style = style

    def __repr__(self):
        return self.style.data.to_string()

    def to_html(self) -> str:
        return self.style.to_html()

    _repr_html_ = to_html


def _uuid(table: pd.DataFrame) -> str:
    """An HTML id that is the same on every run, and another for every table on a page."""
    return hashlib.sha256(table.to_csv().encode()).hexdigest()[:8]


def score_table(scores: pd.DataFrame, metrics=("psnr", "ssim", "sharpness", "gmsd")) -> Table:
    """Means over images and seeds: a row per arm, the metrics side by side for each set; the best is bold.

    Sharpness has no best: 1 would be as sharp as HR, and noise is sharp too.
    """
    means = scores.pivot_table(index="arm", columns="set", values=list(metrics), sort=False)
    arms, sets = dict.fromkeys(scores.arm), dict.fromkeys(scores["set"])
    means = means.swaplevel(axis=1).loc[list(arms), [(each, metric) for each in sets for metric in metrics]]
    best = {axis: [c for c in means if SCORES[c[1]][2] == axis] for axis in ("max", "min")}
    style = means.style.set_uuid(_uuid(means)).format({c: SCORES[c[1]][1] for c in means}, na_rep="")
    style = style.highlight_max(best["max"], props="font-weight: bold")
    style = style.highlight_min(best["min"], props="font-weight: bold")
    heads = {metric: heading for metric, (heading, *_) in SCORES.items()}
    style = style.format_index(name, axis=0).format_index(lambda head: heads.get(head, head), axis=1)
    return Table(style.hide(names=True, axis=0).hide(names=True, axis=1))


def _coloured(verdicts) -> list[str]:
    """CSS of verdicts (with or without a reason in brackets), as figures colour them."""
    colours = {verdict: to_hex(legible(colour)) for verdict, (colour, *_) in VERDICTS.items()}
    return [f"color: {colours[each.split(' (')[0]]}" for each in verdicts]


def finding_table(table: pd.DataFrame) -> Table:
    """`claims.judge`'s table as findings: what the original says, what was measured here, the verdict."""
    found = words.findings(table)
    shown = pd.DataFrame(
        {"page": found.study.map("{:02d}".format), "the original says": found.original,
         "measured here": found.ours, "verdict": found.verdict}
    )  # fmt: skip
    style = shown.style.set_uuid(_uuid(shown)).apply(_coloured, subset=["verdict"])
    style = style.set_properties(subset=["verdict"], **{"font-weight": "bold"}).hide(names=True, axis=0)
    return Table(style.set_properties(**{"text-align": "left", "white-space": "normal", "vertical-align": "top"}))


def trial_table(trials: pd.DataFrame) -> Table:
    """`rates.trials`: arms × learning rates, PSNR in dB, the best of each arm bold, those not tried empty."""
    shown = trials.rename(index=name, columns="{:g}".format)
    style = shown.style.set_uuid(_uuid(shown)).format("{:.2f}", na_rep="")
    return Table(style.highlight_max(axis=1, props="font-weight: bold"))


def claim_table(table: pd.DataFrame) -> Table:
    """`claims.judge`'s table to its last row: by study, primary rows first and bold, verdicts in colour."""
    ordered = table.assign(second=table.family != "primary").sort_values(["study", "second"], kind="stable")
    shown = words.readable(ordered.drop(columns="second"))
    shown.insert(0, "study", ordered.study.map("{:02d}".format))
    primary = ordered.family == "primary"
    weight = pd.DataFrame("", shown.index, shown.columns)
    weight.loc[primary] = "font-weight: bold"
    style = shown.style.set_uuid(_uuid(shown)).apply(lambda _: weight, axis=None)
    if "verdict" in shown:
        style = style.apply(_coloured, subset=["verdict"])
    return Table(style.hide(names=True, axis=0).set_properties(**{"text-align": "left", "white-space": "normal"}))
