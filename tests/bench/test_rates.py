"""`make bench BENCHES=rates`: the choice of the best trial, and the end of the search."""

import json

import pytest

from bench import rates
from sr_utils import paths
from sr_utils.models import ARMS
from sr_utils.models.arms import label


def row(rate, psnr, loss="mse", val_loss=1.0):
    return {"arm": "srcnn", "loss": loss, "rate": rate, "psnr": psnr, "val_loss": val_loss}


@pytest.mark.parametrize(
    ("trials", "best"),
    [
        ([row(3e-4, 29.0), row(1e-3, 30.0), row(3e-3, 29.9)], 1e-3),
        ([row(3e-4, 29.0), row(1e-3, 30.0), row(3e-3, 30.04)], 1e-3),  # a tie
        ([row(1e-3, 30.0), row(3e-3, 31.0, val_loss=float("nan"))], 1e-3),  # diverged
        ([row(1e-3, 30.0, "perceptual", 0.2), row(3e-3, 29.0, "perceptual", 0.1)], 3e-3),
    ],
)
def test_the_best_of_some_trials(trials, best):
    assert rates.best(trials) == best


@pytest.mark.parametrize(("peak", "tried"), [(1e-3, 3), (3e-3, 4), (1e-2, 5), (3e-4, 4)])
def test_the_search_goes_on_while_the_best_is_at_an_end(peak, tried, monkeypatch):
    order = rates.FURTHER.index(peak)
    monkeypatch.setattr(rates, "trial", lambda arm, loss, rate: row(rate, 30 - abs(rates.FURTHER.index(rate) - order)))
    trials = rates.search("srcnn", "mse")
    assert len(trials) == tried and rates.best(trials) == peak


def test_arms_train_at_the_rates_that_the_record_chose():
    record = json.loads((paths.ROOT / "figures/bench/bench.json").read_text())["rates"]["results"]
    assert {label(c["arm"], c["loss"]): c["rate"] for c in record["chosen"]} == {k: a.rate for k, a in ARMS.items()}
