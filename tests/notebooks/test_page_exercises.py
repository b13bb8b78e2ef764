"""The code in the answers to the exercises runs, after the page itself, at `smoke`.

Workers take files in the order of their names, so that this one starts when `test_executed` has made its runs.
"""

import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.committed import PAGES, STUDIES

SKIPPED = ("plots.save(", "widgets.", "record.write(", "claims.robustness(", "claims.power(")  # no answer needs them


def answers(name):
    """The Python blocks of a page's exercises, at `smoke`, where they say `quick`."""
    (text,) = (cell.source for cell in PAGES[name].cells if cell.id == "exercises")
    return [block.replace('"quick"', '"smoke"') for block in re.findall(r"```python\n(.*?)```", text, re.S)]


@pytest.fixture(scope="module")
def kernel(executed):
    """A client with a running kernel, which finds the runs of `executed`; one for all pages."""
    folders = {f"SR_{name.upper()}": str(executed[0] / name) for name in ("runs", "figures", "build")}
    environment = {**os.environ, **folders}
    for variable in ("SR_DATA", "COVERAGE_PROCESS_CONFIG"):  # the default needs no data; `executed` is counted
        environment.pop(variable, None)
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=600, kernel_name="python3")
    with client.setup_kernel(env=environment):
        yield client


@pytest.mark.parametrize("name", [name for name in STUDIES if answers(name)])
def test_answers_run(name, kernel):
    sources = ["%reset -f"]  # a page must not rely on another's names
    for cell in PAGES[name].cells:
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if not line.startswith(SKIPPED)]
            source = "\n".join(lines).replace("plots.save(", "(lambda *drawn: None)(")
            if cell.id == "parameters":
                source = source.replace('"quick"', '"smoke"')
            if not any(call in source for call in SKIPPED):
                sources.append(source)
    book = kernel.nb
    book.cells = [nbformat.v4.new_code_cell(source) for source in [*sources, *answers(name)]]
    for index, cell in enumerate(book.cells):
        kernel.execute_cell(cell, index)
    for cell in book.cells[-len(answers(name)) :]:
        assert cell.outputs and cell.outputs[-1].output_type == "execute_result", cell.source
