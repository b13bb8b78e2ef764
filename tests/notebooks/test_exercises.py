"""The code in the answers to the exercises runs, after the page itself, at `smoke`."""

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


@pytest.mark.parametrize("name", [name for name in STUDIES if answers(name)])
def test_answers_run(name, executed, monkeypatch):
    for variable in ("runs", "figures", "build"):
        monkeypatch.setenv(f"SR_{variable.upper()}", str(executed[0] / variable))
    monkeypatch.delenv("SR_DATA", raising=False)
    book = nbformat.v4.new_notebook()
    for cell in PAGES[name].cells:
        if cell.cell_type == "code":
            kept = [line for line in cell.source.splitlines() if not line.startswith(SKIPPED)]
            source = "\n".join(kept).replace("plots.save(", "(lambda *drawn: None)(")
            if cell.id == "parameters":
                source = source.replace('"quick"', '"smoke"')
            if not any(word in source for word in SKIPPED):
                book.cells.append(nbformat.v4.new_code_cell(source, id=cell.id))
    for number, block in enumerate(answers(name), 1):
        book.cells.append(nbformat.v4.new_code_cell(block, id=f"answer-{number}"))
    client = NotebookClient(book, timeout=600, kernel_name="python3")
    client.execute()
    for cell in book.cells[-len(answers(name)) :]:
        assert cell.outputs and cell.outputs[-1].output_type == "execute_result", cell.source
