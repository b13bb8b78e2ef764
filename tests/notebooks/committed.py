"""The committed pages, for the tests of this folder."""

import re

import nbformat

from sr_utils import paths

PAGES = {path.stem: nbformat.read(path, as_version=4) for path in sorted(paths.NOTEBOOKS.glob("0*.ipynb"))}
STUDIES = [name for name in PAGES if name[:2] not in ("00", "07")]


def code(page):
    return [cell for cell in page.cells if cell.cell_type == "code"]


def prose(name):
    return "\n\n".join(cell.source for cell in PAGES[name].cells if cell.cell_type == "markdown")


def answers(name):
    """The Python blocks of a page's exercises, at `smoke`, where they say `quick`."""
    text = "".join(cell.source for cell in PAGES[name].cells if cell.id == "exercises")
    return [block.replace('"quick"', '"smoke"') for block in re.findall(r"```python\n(.*?)```", text, re.S)]


def check_form(page, name):
    """The rules for a notebook in git; each failure names its cell."""
    assert set(page.metadata) == {"kernelspec", "language_info"}, name
    assert page.metadata.kernelspec.name == "python3"
    for cell in page.cells:
        where = f"{name}: {cell.id}"
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,63}", cell.id) and not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), where
        assert set(cell.metadata) <= {"tags", "jupyter"}, where
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", where
            assert not any(path in str(output) for path in ("/home/", "/tmp/", str(paths.ROOT))), where
    counts = [cell.execution_count for cell in code(page)]
    executed = any(cell.outputs for cell in code(page))
    assert counts == list(range(1, len(counts) + 1)) if executed else not any(counts), name
