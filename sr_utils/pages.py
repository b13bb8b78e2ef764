"""What a notebook shows besides figures: source, sentences and tables."""

import inspect

import pandas as pd
from IPython.display import Markdown

from . import models, plots


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


def claims(rows: list[dict]) -> pd.DataFrame:
    """The claims table: text, effect, interval and verdict."""
    table = pd.DataFrame(rows).set_index("claim")
    interval = f"95 % interval ({table.covers.iloc[0]})"
    table[interval] = [f"{row.low:+.3f} … {row.high:+.3f}" for row in table.itertuples()]
    table["effect"] = [f"{row.effect:+.3f} {row.unit}" for row in table.itertuples()]
    shown = ["study"] if table.study.nunique() > 1 else []
    return table[[*shown, "expected", "effect", interval, "verdict"]].rename_axis(None)
