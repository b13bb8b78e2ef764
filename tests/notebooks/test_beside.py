"""Page 06's cell that sets a reader's run beside the recorded ones."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from sr_utils import claims, record
from sr_utils.claims.table import BY_ID
from tests import observations
from tests.notebooks.committed import PAGES, code


def beside(judged, data="sample"):
    runs = [SimpleNamespace(config=dict.fromkeys(record.SETUP, "other"))] * 21
    cells = {cell.id: cell.source for cell in code(PAGES["06_conclusions"])}
    names = {"judged": judged, "data": data, "profile": "quick", "seeds": [0], "record": False, "runs": runs}
    exec("\n".join(re.findall(r"^(?:from|import) .*", cells["imports"] + "\n" + cells["ladder"], re.M)), names)
    exec(cells["replication"], names := names | {"caption": "", "display": print})
    return names


@pytest.mark.parametrize(("data", "theirs", "count"), [("bsds500", "the other", 2), ("photos", "the", 3)])
def test_a_run_is_compared_with_recorded_seeds_that_are_not_its_own(data, theirs, count, monkeypatch):
    held = record.read("runs").query("data == 'bsds500'")
    monkeypatch.setattr(record, "read", lambda table, read=record.read: held if table == "runs" else read(table))
    said = beside(claims.judge(*record.tables("quick", "bsds500", [0]).values()), data)["shown"]
    assert said.startswith(f"Yours on {data}, seed 0, beside {theirs} recorded seeds of quick on bsds500: 21 trainings")
    assert f"where {count} recorded seeds put them" in said and "Yours is other other other, the recorded" in said


def test_a_new_seed_lies_where_recorded_ones_put_it(monkeypatch):
    tables = observations.everything(seeds=5, images=4, residual=0.5, combined=0.5)
    tables["distances"] = tables.pop("likeness").assign(other_seed=lambda rows: rows.seed)
    monkeypatch.setattr(record, "tables", lambda *_: tables)
    mine = observations.everything(seeds=1, images=4, residual=0.5, combined=0.9)
    ((table, _), predicted) = (beside(claims.judge(*mine.values()))[name] for name in ("found", "predicted"))
    means = tables["scores"].groupby(["arm", "seed"]).psnr.mean().unstack()
    effects = (means.loc["combined"] - means.loc["srcnn"])[range(5)]
    half = 2.7764451 * effects.std(ddof=1) * np.sqrt(1 / 5 + 1)
    by_hand = [effects.mean(), effects.mean() - half, effects.mean() + half]
    assert predicted(tables).loc["12a", ["mean", "low", "high"]].tolist() == pytest.approx(by_hand)
    assert "11f" not in table.index and not any(BY_ID[id].parts for id in table.index)  # another part can be weakest
    assert not table.inside["12a"] and table.inside.mean() > 0.5
