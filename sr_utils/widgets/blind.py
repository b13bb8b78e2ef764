"""A blind comparison: the reader chooses between two pictures before he knows which is which."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import anywidget
from traitlets import List, Unicode

from sr_utils.data.windows import telling_window
from sr_utils.plots.style import name
from sr_utils.widgets.comparer import png

SIDE = 96  # HR pixels


class Blind(anywidget.AnyWidget):
    """The widget that `blind` returns. The reader's choices stay in the browser."""

    _esm = Path(__file__).with_name("blind.js")
    _css = Path(__file__).with_name("comparer.css")

    titles = List(Unicode(), help="the two names").tag(sync=True)
    pairs = List(help="for each place the two pictures, as PNG").tag(sync=True)

    def __repr__(self):
        return f"Which looks better, {' or '.join(self.titles)}? The question is live in JupyterLab and on the site."


def blind(images: Mapping, first: str, second: str, places: int = 6) -> Blind:
    """Ask which of two arms looks better, in windows with edges and with texture in turn; count at the end.

    `images` is as `evaluation.pictures` returns it; `first` and `second` are labels. The two change sides at random.
    """
    pairs = []
    for each, texture in itertools.islice(itertools.product(images.values(), (False, True)), places):
        y, x = telling_window(each["lr"], each["hr"], SIDE, texture)
        pairs.append([png(each[label][y : y + SIDE, x : x + SIDE]) for label in (first, second)])
    return Blind(titles=[name(first), name(second)], pairs=pairs)
