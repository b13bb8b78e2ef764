"""The pages as they are committed: their form, parameters, links, exercises, and what they show of the record."""

import ast
import re

import nbformat
import papermill
import pytest

from sr_utils import paths
from sr_utils.claims import CLAIMS
from tools.publish import RUN_CELL, run_shown

PAGES = {path.stem: nbformat.read(path, as_version=4) for path in sorted(paths.NOTEBOOKS.glob("0*.ipynb"))}
STUDIES = [name for name in PAGES if name[:2] != "00"]


def code(page):
    return [cell for cell in page.cells if cell.cell_type == "code"]


def prose(name):
    return "\n\n".join(cell.source for cell in PAGES[name].cells if cell.cell_type == "markdown")


def test_there_are_seven_pages():
    assert [name[:2] for name in PAGES] == ["00", "01", "02", "03", "04", "05", "06"]


def check_form(page, name):
    """The rules for a notebook in git; each failure names its cell."""
    assert set(page.metadata) == {"kernelspec", "language_info"}, name
    assert page.metadata.kernelspec.name == "python3"
    for cell in page.cells:
        where = f"{name}: {cell.id}"
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,63}", cell.id) and not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id), where
        assert set(cell.metadata) <= {"tags"}, where
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", where
            assert not any(path in str(output) for path in ("/home/", "/tmp/", str(paths.ROOT))), where
    counts = [cell.execution_count for cell in code(page)]
    executed = any(cell.outputs for cell in code(page))
    assert counts == list(range(1, len(counts) + 1)) if executed else not any(counts), name


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_clean(name):
    check_form(PAGES[name], name)
    assert (paths.NOTEBOOKS / f"{name}.ipynb").stat().st_size < 2_000_000


@pytest.mark.parametrize("name", PAGES)
def test_run_all_starts_from_the_defaults_which_need_no_network(name):
    """One cell of parameters, the defaults in it, and no second one that overrides them."""
    found = papermill.inspect_notebook(str(paths.NOTEBOOKS / f"{name}.ipynb"))
    assert {key: value["default"] for key, value in found.items()} == {
        "profile": '"quick"',
        "data": '"sample"',
        "seeds": "[0]",
    }
    assert all(value["help"] and value["inferred_type_name"] for value in found.values())
    tags = [tag for cell in PAGES[name].cells for tag in cell.metadata.get("tags", [])]
    assert tags.count("parameters") == 1 and "injected-parameters" not in tags
    stored = {
        node.id
        for cell in code(PAGES[name])
        if cell.id != "parameters"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    assert not stored & {"profile", "data", "seeds"}, "a later cell overrides a parameter"


@pytest.mark.parametrize("name", PAGES)
def test_the_line_under_the_title_says_which_run_is_shown(name):
    """All pages show one run; it is named if there are outputs, and only then."""
    page = PAGES[name]
    assert [cell.id for cell in page.cells[:2]] == ["title", RUN_CELL]
    assert bool(run_shown(page)) == any(cell.outputs for cell in code(page))
    assert run_shown(page) == run_shown(PAGES["06_conclusions"])


def test_only_progress_widgets_and_the_machines_features_are_exempt():
    """Every other cell's output is compared by `make verify`."""
    exempt = {cell.id for page in PAGES.values() for cell in page.cells if cell.metadata.get("tags")}
    assert exempt == {"parameters", "train", "runs", "compare", "features", "photograph"}


def anchors(name):
    """What a heading is called in a link, in JupyterLab and on GitHub (which writes it in small letters)."""
    titles = re.findall(r"^#+ (.*)$", prose(name), re.M)
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-").lower() for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target, anchor in re.findall(r"\]\(((?!http)[^)#]*)(?:#([^)]+))?\)", prose(name)):
        if target:
            assert (paths.NOTEBOOKS / target).exists(), target
        if anchor:
            other = target.removesuffix(".ipynb") or name
            assert re.sub(r"[^\w\- ]", "", anchor).lower() in anchors(other), f"{target}#{anchor}"


@pytest.mark.parametrize("name", STUDIES)
def test_each_page_answers_its_question_and_asks_the_reader(name):
    """Sentences made from results, then exercises, each with a folded answer."""
    ids = [cell.id for cell in PAGES[name].cells]
    assert ids.index("answer") < ids.index("meaning") < ids.index("exercises") < ids.index("compare")
    (exercises,) = (cell.source for cell in PAGES[name].cells if cell.id == "exercises")
    questions = len(re.findall(r"^\*\*\d\.\*\*", exercises, re.M))
    assert 2 <= questions <= 3
    assert exercises.count("<details><summary>Answer</summary>\n\n") == exercises.count("\n\n</details>") == questions


def test_claims_that_the_text_cites_exist():
    """Rows such as 4a or 6s, wherever prose names one."""
    known = {claim.id for claim in CLAIMS}
    for name in PAGES:
        cited = set(re.findall(r"\b(?:row|claim)s? (\d{1,2}[a-z]{0,2})\b", prose(name)))
        assert cited <= known, name
