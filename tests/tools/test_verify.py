"""What `make verify` runs the pages beside; tests/notebooks/test_executed.py runs it whole."""

import os

import pandas as pd

from sr_utils import paths
from tools import verify


def test_records_of_ones_own_do_not_change_what_a_page_shows(monkeypatch):
    for name in ("SR_FIGURES", "SR_DATA"):
        monkeypatch.setenv(name, os.environ.get(name, str(paths.figures().parent / "data")))
    for folder in ("smoke", "quick", "quick-bsds500", "standard"):
        (paths.figures() / folder).mkdir(parents=True)
        (paths.figures() / folder / "results.json").write_text(folder)
    run = {"scores": pd.DataFrame({"set": ["sample"]}), "runs": [{"data": "sample"}]}
    verify.prepare({"standard": run})
    copies = {path.parent.name: path.read_text() for path in paths.figures().glob("*/results.json")}
    assert copies == {name: name for name in ("quick-bsds500", "standard")}
