"""What a notebook shows besides figures: source, sentences and tables."""

import inspect

import numpy as np
import pandas as pd
from IPython.display import Markdown

from sr_utils import models
from sr_utils.claims import table as judged
from sr_utils.claims.statistics import signed, span
from sr_utils.plots import charts as plots

pd.set_option("display.max_colwidth", None)  # a claim is read whole


def source(*objects) -> Markdown:
    """The source of functions or classes, highlighted in JupyterLab and on static pages alike."""
    return Markdown("```python\n" + "\n\n".join(inspect.getsource(o).rstrip() for o in objects) + "\n```")


def text(words: str) -> Markdown:
    """A sentence made from results."""
    return Markdown(words)


def cost_table(networks) -> pd.DataFrame:
    """Parameters and multiply–adds per output pixel of Keras models, one row each."""
    costs = pd.DataFrame({plots.name(network.name): models.cost(network) for network in networks}).T
    costs.columns = ["parameters", "multiply–adds per output pixel"]
    return costs.map("{:,.0f}".format)


def claims(table: pd.DataFrame) -> pd.DataFrame:
    """`claims.judge`'s table for reading: claim, what is expected, effect, interval, both verdicts."""
    shown = pd.DataFrame(index=table.index)
    shown["claim"] = np.where(table.control, "control: " + table.claim, table.claim)
    shown["expected"] = table.expected
    rows = list(table.itertuples())
    shown["effect"] = ["" if pd.isna(r.effect) else f"{signed(r.effect)} {r.unit}" for r in rows]
    shown["95 % interval"] = [span(r.low, r.high) for r in rows]
    shown["over"] = table.covers
    shown["verdict"] = [f"{r.verdict} ({r.why})" if r.why else r.verdict for r in rows]
    shown["after Holm"] = [r.corrected if pd.notna(r.p) else "" for r in rows]
    return shown


def links(table: pd.DataFrame) -> Markdown:
    """The same as sentences, with a link to the page that weighs all claims together."""
    return Markdown(
        f"{judged.sentences(table)}\n\nCorrected for this page's {table.p.notna().sum()} claims; "
        "[06](06_conclusions.ipynb#every-claim) weighs them among all of the study's."
    )
