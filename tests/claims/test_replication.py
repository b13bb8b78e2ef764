"""Which seeds judge, and where recorded seeds put a new one."""

import pandas as pd
import pytest

from sr_utils import StudyError, claims, record
from sr_utils.claims import replication
from tests import observations

EFFECTS = {"residual": 0.5, "combined": 0.5}


def recorded(seeds, **effects):
    """Tables of so many seeds as the record holds them; the fresh ones differ from the old."""
    tables = observations.everything(seeds=seeds, images=4, **EFFECTS | effects)
    distances = tables.pop("likeness")
    selves = distances.arm == distances.other
    distances["other_seed"] = distances.seed + selves
    circles = [distances[selves & (distances.seed == 4)].assign(other_seed=0)]
    circles += [distances[selves & (distances.seed >= 9)].assign(other_seed=5)]
    distances = pd.concat([distances[distances.other_seed < seeds], *circles])
    paper = tables.pop("paper").replace({"srcnn at paper": "srcnn"})
    for table in tables.values():
        table.loc[table.seed >= 5, table.columns.intersection(["psnr", "val_mse"])] *= 1.1
    return tables | {"distances": distances}, paper


@pytest.fixture
def as_recorded(monkeypatch):
    """Set what the record holds, and ask what pages judge by."""

    def ask(tables, paper, seeds=range(5)):
        def read(profile, data, seeds=None, stale=None):
            if profile == "paper":
                return {"curves": paper}
            rows = {name: table[table.seed.isin([-1, *(seeds or range(15))])] for name, table in tables.items()}
            return rows | {"distances": rows["distances"][rows["distances"].other_seed.isin(seeds or range(15))]}

        monkeypatch.setattr(record, "tables", read)
        runs = observations.runs(seeds=1)
        return replication.evidence(runs, {}, "standard", "bsds500", list(seeds), recorded=True)

    return ask


@pytest.mark.parametrize(("seeds", "count"), [(6, 1), (9, 4)])
def test_fresh_seeds_change_nothing_before_the_fifth_of_them(as_recorded, seeds, count):
    """Rows of one fresh seed, or of four, beside the old five: the same verdicts, and a sentence that says why."""
    _, old, fresh, said = as_recorded(*recorded(seeds))
    five = {name: rows[rows.seed < 5] for name, rows in recorded(seeds)[0].items()}
    five["distances"] = five["distances"][five["distances"].other_seed < 5]
    assert fresh == {} and f"{count} of 5 fresh seeds are recorded; no verdict of theirs before seed 9" in said
    found = claims.judge(*old.values())
    pd.testing.assert_frame_equal(found, claims.judge(*five.values()))
    assert found.why["2"] == "SRCNN at paper was not run"
    with pytest.raises(StudyError, match="Seeds from 5 on are judged together"):
        as_recorded(*recorded(seeds), seeds=[5])


def test_fresh_seeds_confirm_once_seed_9_is_complete_and_a_later_one_changes_nothing(as_recorded, monkeypatch):
    tables, paper = recorded(12)
    _, old, fresh, said = as_recorded(tables, paper)
    assert "confirmatory: by the fresh seeds 5 to 9" in said
    found = claims.judge(*fresh.values())
    assert found.seeds[["12a", "3", "8a"]].eq(5).all() and claims.judge(*old.values()).seeds["12a"] == 5
    assert found.seeds["2c"] == 12  # none of the original's schedule is older than the registration
    rows = tables["scores"]
    gap = tables | {"scores": rows[(rows.seed != 6) | (rows.arm != "plain")]}
    assert "1 of 5 fresh seeds" in as_recorded(gap, paper)[-1]
    monkeypatch.setattr(replication, "digests", lambda: {"1": "0"})  # no row is as it was registered
    assert f"exploratory: {', '.join(found.index)}" in as_recorded(tables, paper)[-1]
    monkeypatch.setattr(replication, "REGISTERED", ("standard", "other images"))
    assert as_recorded(tables, paper)[-1].startswith("exploratory")
