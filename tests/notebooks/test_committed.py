"""The pages as they are committed: their form, parameters, links, exercises, and what they show of the record."""

import ast
import re

import pandas as pd
import papermill
import pytest

from sr_utils import paths, record
from sr_utils.claims import CLAIMS, judge
from sr_utils.claims.replication import confirmatory
from tests.notebooks.committed import PAGES, code, prose
from tools import readme
from tools.pages import RUN_CELL, run_line


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_clean(name):
    """The rules for a notebook in git; each failure names its cell."""
    page = PAGES[name]
    assert set(page.metadata) == {"kernelspec", "language_info"} and page.metadata.kernelspec.name == "python3"
    for cell in page.cells:
        assert re.fullmatch(r"[a-z][a-z0-9-]{1,63}", cell.id), cell.id
        assert not re.fullmatch(r"[0-9a-f]{8}(-.*)?", cell.id) and set(cell.metadata) <= {"tags", "jupyter"}, cell.id
        for output in cell.get("outputs", []):
            assert output.output_type != "error" and output.get("name") != "stderr", cell.id
            assert not any(path in str(output) for path in ("/home/", "/tmp/", str(paths.ROOT))), cell.id
    counts = [cell.execution_count for cell in code(page)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("name", PAGES)
def test_run_all_starts_from_the_defaults_which_need_no_network(name):
    """One cell of parameters, the defaults in it, no second one that overrides them, and a line that says the run."""
    study = {"profile": '"standard"', "data": '"bsds500"', "seeds": "[0, 1, 2, 3, 4]", "record": "True"}
    defaults = papermill.inspect_notebook(str(paths.NOTEBOOKS / f"{name}.ipynb"))
    assert {key: value["default"] for key, value in defaults.items()} == study
    assert all(value["help"] and value["inferred_type_name"] for value in defaults.values())
    tags = [tag for cell in PAGES[name].cells for tag in cell.metadata.get("tags", [])]
    assert tags.count("parameters") == 1 and "injected-parameters" not in tags
    others = "\n".join(cell.source for cell in code(PAGES[name]) if cell.id != "parameters")
    tree = ast.parse(others.replace("seeds = profiles.check_seeds(seeds)", ""))
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    assert not stored & set(defaults), "a later cell overrides a parameter"
    (line,) = (cell.source for cell in PAGES[name].cells if cell.id == RUN_CELL)
    assert line == run_line(readme.defaults(paths.NOTEBOOKS / f"{name}.ipynb"))


@pytest.mark.parametrize("name", [name for name in PAGES if name < "06"])
def test_a_page_opens_with_its_question_and_its_finding(name):
    """Between the two stands folded code only; nobody writes a number into a question by hand."""
    ids = [cell.id for cell in PAGES[name].cells]
    opening = PAGES[name].cells[: ids.index("finding") + 1]
    title, *between = opening
    assert title.id == "title" and "?" in title.source and not re.search(r"\d", title.source.split("\n", 1)[1])
    assert all(cell.cell_type == "code" and cell.metadata.jupyter.source_hidden for cell in between)
    assert [cell.id for cell in between if cell.outputs and not cell.metadata.get("tags")] in ([], ["finding"])


def test_only_progress_widgets_and_the_machines_features_are_exempt():
    exempt = {cell.id for page in PAGES.values() for cell in page.cells if cell.metadata.get("tags")}
    machine = {"train", "live", "runs", "common", "features"}
    assert exempt == {"parameters", "compare", "blind", "photograph"} | machine


def anchors(name):
    """What a heading is called in a link, in JupyterLab and on GitHub (which writes it in small letters)."""
    titles = re.findall(r"^#+ (.*)$", prose(name), re.M)
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-").lower() for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere_and_cited_claims_exist(name):
    """Claims are rows such as 4a or 6s."""
    assert set(re.findall(r"\b(?:row|claim)s? (\d{1,2}[a-z]{0,2})\b", prose(name))) <= {claim.id for claim in CLAIMS}
    text = re.sub(r"```.*?```", "", prose(name), flags=re.S)
    for target, anchor in re.findall(r"\]\(((?!http)[^)#]*)(?:#([^)]+))?\)", text):
        if target:
            assert (paths.NOTEBOOKS / target).exists(), target
        if anchor:
            other = target.removesuffix(".ipynb") or name
            assert re.sub(r"[^\w\- ]", "", anchor).lower() in anchors(other), f"{target}#{anchor}"


@pytest.mark.parametrize("name", [name for name in PAGES if name[:2] not in ("00", "07")])
def test_each_page_answers_its_question_and_asks_the_reader(name):
    """Sentences made from results, then exercises, each with a folded answer."""
    ids = [cell.id for cell in PAGES[name].cells]
    assert ids.index("answer") < ids.index("meaning") < ids.index("exercises") > ids.index("compare")
    assert "crops" in ids[ids.index("compare") - 2]  # it stands where the page shows its pictures
    (exercises,) = (cell.source for cell in PAGES[name].cells if cell.id == "exercises")
    questions = len(re.findall(r"^\*\*\d\.\*\*", exercises, re.M))
    assert 2 <= questions <= 3
    assert exercises.count("<details><summary>Answer</summary>\n\n") == exercises.count("\n\n</details>") == questions


def test_committed_tables_are_the_records():
    """Every effect and verdict follows from the record's rows; `make verify` compares what pages show."""
    tables = record.tables("standard", "bsds500", [0, 1, 2, 3, 4])
    paper = record.tables("paper", "bsds500").get("curves", pd.DataFrame())
    confirmed, _ = confirmatory(record.tables("standard", "bsds500"), paper)
    again = judge(*(confirmed or tables).values())
    kept = pd.read_csv(paths.ROOT / "figures/standard/claims.csv", index_col="id")
    assert again.verdict.tolist() == kept.verdict.tolist()
    ours, theirs = (table[["effect", "low", "high"]].to_numpy(float) for table in (again, kept))
    assert ours == pytest.approx(theirs, abs=1e-4, rel=1e-4, nan_ok=True)
