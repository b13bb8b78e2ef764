"""Tables and words for a page: source, costs, scores, findings, claims. Nothing here computes a result."""

import hashlib
import inspect
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown
from matplotlib.colors import to_hex
from pandas.io.formats.style import Styler

from sr_utils.claims import phrases
from sr_utils.plots.intervals import COLLAPSED
from sr_utils.plots.style import legible, name

BOLD = "font-weight: bold"
#: Colour (Okabe & Ito's) and marker of each verdict.
VERDICTS = {
    "holds": ("#0072B2", "o"),
    "does not hold": ("#D55E00", "X"),
    "undecided": ("#888888", "s"),
    "no verdict": ("#666666", "D"),
    "not testable here": ("#bbbbbb", ""),
}
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


text = Markdown  # for sentences made from results


class Table(Styler):
    """A styled table whose HTML and plain text (pandas' Styler has none) are the same on every run."""

    def __init__(self, table: pd.DataFrame):
        super().__init__(table, uuid=hashlib.sha256(table.to_csv().encode()).hexdigest()[:8])

    def __repr__(self):
        return self.data.to_string()

    def _repr_html_(self):
        """With each cell's style in the cell: of a notebook that is not trusted yet, JupyterLab drops style sheets."""
        sheet, table = super()._repr_html_().split("</style>")
        styles = {}
        for cells, style in re.findall(r"([^{}]+)\{([^}]+)\}", sheet):
            styles |= dict.fromkeys(re.findall(r"#(\w+)", cells), " ".join(style.split()))
        return re.sub(r'id="(\w+)"', lambda cell: f'style="{styles[cell[1]]}"' if cell[1] in styles else cell[0], table)


def table(frame: pd.DataFrame, digits: int = 2, missing: str = "") -> Table:
    """A table in the pages' style, its numbers with so many digits."""
    return Table(frame).format(precision=digits, na_rep=missing)


def folded(shown: Table, summary: str) -> HTML:
    """A table that is shown once the reader opens it, by a click on the summary."""
    return HTML(f"<details><summary>{summary}</summary>{shown._repr_html_()}</details>")


def cost_table(costs: Mapping[str, Mapping]) -> Table:
    """Parameters and multiply–adds per output pixel, a row per arm: `costs` maps labels to `models.cost`'s answers."""
    table = pd.DataFrame({name(label): cost for label, cost in costs.items()}).T
    return Table(table.set_axis(["parameters", "multiply–adds per output pixel"], axis=1)).format("{:,.0f}")


def each_seed(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores in which every seed of an arm has a name of its own where some collapsed: their mean is of no network."""
    of_seeds = scores.groupby(["arm", "seed"]).psnr.mean().groupby("arm")
    collapsed = scores.arm.map(of_seeds.max() - of_seeds.min() > COLLAPSED)
    return scores.assign(arm=scores.arm.mask(collapsed, scores.arm.map(name) + ", seed " + scores.seed.astype(str)))


def score_table(scores: pd.DataFrame, metrics=tuple(SCORES)) -> Table:
    """Means over images and seeds: a row per arm, the metrics side by side for each set; the best is bold."""
    scores = each_seed(scores)
    means = scores.pivot_table(index="arm", columns="set", values=list(metrics), sort=False).swaplevel(axis=1)
    means = means.loc[scores.arm.unique(), [(each, metric) for each in scores["set"].unique() for metric in metrics]]
    style = Table(means).format({column: SCORES[column[1]][1] for column in means}, na_rep="")
    style = style.highlight_max([column for column in means if SCORES[column[1]][2] == "max"], props=BOLD)
    style = style.highlight_min([column for column in means if SCORES[column[1]][2] == "min"], props=BOLD)
    style = style.format_index(name).format_index(lambda head: SCORES.get(head, [head])[0], axis=1)
    return style.hide(names=True).hide(names=True, axis=1)


def coloured(table: pd.DataFrame, verdicts) -> Table:
    """A table with the verdicts in these columns in the colours of the figures, and long texts wrapped at the left."""
    colours = {verdict: f"color: {to_hex(legible(colour))}" for verdict, (colour, _) in VERDICTS.items()}
    style = Table(table).map(lambda cell: colours.get(cell.split("\n")[0].split(" (")[0]), subset=verdicts)
    style = style.map_index(lambda id: "vertical-align: top").map_index(lambda head: "text-align: left", axis="columns")
    return style.set_properties(**{"text-align": "left", "white-space": "pre-wrap", "vertical-align": "top"})


def claim_table(table: pd.DataFrame) -> Table:
    """`claims.judge`'s table to its last row: by study, primary rows first and bold, verdicts in colour."""
    ordered = table.iloc[np.lexsort((table.family != "primary", table.study))]
    shown = phrases.readable(ordered)
    if ordered.study.nunique() > 1:
        shown.insert(0, "study", ordered.study.map("{:02d}".format))
    style = coloured(shown, shown.columns.intersection(["verdict"]))
    primary = ordered.index[ordered.family == "primary"]
    return style.set_properties((primary, shown.columns), **{"font-weight": "bold"}).hide(names=True)
