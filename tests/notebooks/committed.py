"""The committed pages, for the tests of this folder."""

import re

import nbformat

from sr_utils import paths

PAGES = {path.stem: nbformat.read(path, as_version=4) for path in sorted(paths.NOTEBOOKS.glob("0*.ipynb"))}


def code(page):
    return [cell for cell in page.cells if cell.cell_type == "code"]


def prose(name):
    return "\n\n".join(cell.source for cell in PAGES[name].cells if cell.cell_type == "markdown")


def answers(name):
    """The Python blocks of a page's exercises, at `smoke`, where they say `quick`."""
    text = "".join(cell.source for cell in PAGES[name].cells if cell.id == "exercises")
    return [block.replace('"quick"', '"smoke"') for block in re.findall(r"```python\n(.*?)```", text, re.S)]
