"""The pages executed at `smoke` by `make reproduce`, and from the record by `make verify`."""

import nbformat
import pandas as pd

from sr_utils.claims import CLAIMS
from sr_utils.models.arms import label
from sr_utils.training import study
from tests.conftest import python
from tests.notebooks.committed import PAGES
from tests.reproduced import own_store


def test_reproduce_draws_every_figure_and_writes_its_tables(executed):
    folder, printed = executed
    figures = sorted(path.stem for path in (folder / "figures/smoke").glob("*.png"))
    assert len(figures) >= 20 and {name[:2] for name in figures} == {name[:2] for name in PAGES}
    scores, claims = (pd.read_csv(folder / f"figures/smoke/{name}.csv") for name in ("scores", "claims"))
    assert set(scores.arm) == {label(*arm) for arm in study()} | {"bilinear", "bicubic"}
    assert list(claims.id) == [claim.id for claim in CLAIMS]
    assert set(scores["image"]) == {"chelsea", "rocket", "ihc", "hubble_deep_field"}
    assert len(scores) == 4 * (len(study()) + 2)
    assert not scores.duplicated(["arm", "seed", "set", "image"]).any()
    assert all(arm in printed for arm in set(scores.arm)) and "this run stands alone" in printed


def test_without_imagenet_nothing_is_claimed_about_trained_features(executed):
    text = (executed[0] / "build/smoke/04_loss.ipynb").read_text()
    assert "random He-normal weights, not ImageNet" in text and "ImageNet weights (sha256" not in text
    assert text.count("SRCNN, VGG was not run") >= 6


def test_every_cell_that_shows_something_shows_it(executed):
    silent = {"install", "parameters", "imports", "arms", "train", "runs", "observations", "record", "likeness"}
    for path in (executed[0] / "build/smoke").glob("*.ipynb"):
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code" and len(c.id) < 36]
        assert {c.id for c in cells if not c.outputs and not c.metadata.get("tags")} - {"live-figure"} <= silent, path


def test_the_committed_pages_are_what_the_record_says(tmp_path):
    """Executed whole, every sentence, table and figure is as committed; nothing is trained or downloaded for it."""
    done = python("-m", "tools", "verify", **own_store(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.count("as committed") == len(PAGES)
