"""The trials of learning rates, as page 06 shows them."""

import json

import numpy as np

from sr_utils import paths, plots
from sr_utils.claims import record


def test_trials_are_a_row_per_arm_and_a_column_per_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert record.trials().empty  # an installation without the repository
    rows = [
        {"arm": "srcnn", "loss": "mse", "rate": 1e-3, "psnr": 29.0},
        {"arm": "srcnn", "loss": "mse", "rate": 3e-4, "psnr": 28.0},
        {"arm": "srcnn", "loss": "mae", "rate": 1e-3, "psnr": 28.5},
    ]
    (tmp_path / "figures/bench").mkdir(parents=True)
    (tmp_path / "figures/bench/bench.json").write_text(json.dumps({"rates": {"results": {"rows": rows}}}))
    table = record.trials()
    assert list(table.index) == ["srcnn", "srcnn mae"] and list(table.columns) == [3e-4, 1e-3]
    assert table.loc["srcnn"].tolist() == [28, 29] and np.isnan(table.loc["srcnn mae", 3e-4])
    html = plots.trial_table(table).to_html()
    assert "SRCNN, MAE" in html and "font-weight: bold" in html and "nan" not in html
