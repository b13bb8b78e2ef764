"""`make bench`, the benches that train: rates, close_rates, schedules, at `smoke` or shorter; and minutes."""

import sys

import pandas as pd
import pytest
from PIL import Image

from bench import minutes, rates, record, schedules
from sr_utils import StudyError, profiles
from sr_utils.models import ARMS
from sr_utils.models.arms import label

ARM = ("post_upsampling", "mse")


def row(rate, psnr, loss="mse", val_loss=1.0, seed=0):
    return {"arm": "srcnn", "loss": loss, "rate": rate, "seed": seed, "psnr": psnr, "val_loss": val_loss}


@pytest.mark.parametrize(("trials", "best"), [
    ([row(3e-4, 29.0), row(1e-3, 30.0), row(3e-3, 30.04)], 1e-3),  # a tie
    ([row(1e-3, 30.0), row(3e-3, 31.0, val_loss=float("nan"))], 1e-3),  # diverged
    ([row(1e-3, 30.0, "perceptual", 0.2), row(3e-3, 29.0, "perceptual", 0.1)], 3e-3),
    ([row(1e-3, 30.0), row(3e-3, 30.2), row(1e-3, 30.1, seed=1), row(3e-3, 29.7, seed=1)], 1e-3),  # means
])  # fmt: skip
def test_the_best_of_some_trials(trials, best):
    assert rates.best(trials) == best


@pytest.mark.parametrize(("peak", "tried"), [(1e-3, 3), (3e-3, 4), (1e-2, 5), (3e-4, 4)])
def test_the_search_goes_on_while_the_best_is_at_an_end(peak, tried, monkeypatch):
    order = rates.FURTHER.index(peak)
    monkeypatch.setattr(rates, "trial", lambda arm, loss, rate: row(rate, 30 - abs(rates.FURTHER.index(rate) - order)))
    trials = rates.search("srcnn", "mse")
    assert len(trials) == tried and rates.best(trials) == peak


@pytest.fixture
def small(tmp_path, picture):
    """A folder of ten small pictures, of which one is for validation."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(10):
        Image.fromarray(picture(48, 64, i)).save(folder / f"{i}.png")
    return str(folder)


def test_rates_and_close_rates_train(small, monkeypatch):
    monkeypatch.setattr(rates, "FURTHER", (1e-3, 3e-3))
    found = rates.rates([ARM], first=rates.FURTHER, profile="smoke", data=small)
    assert [trial["rate"] for trial in found["rows"]] == [1e-3, 3e-3]
    assert found["rows"][0]["psnr"] != found["rows"][1]["psnr"]
    assert found["chosen"] == [{"arm": ARM[0], "loss": ARM[1], "rate": rates.best(found["rows"])}]
    again = rates.close_rates(found["rows"], within=99, seeds=(1000, 1), profile="smoke", data=small)["rows"]
    kept = [trial for trial in again if trial["seed"] == 1000]
    assert all(trial in found["rows"] for trial in kept) and len(again) == 2 * len(kept) == 4
    with pytest.raises(StudyError, match="no arm's best two rates lie within -1 dB"):
        rates.close_rates(found["rows"], within=-1)


def test_arms_train_at_the_rates_that_the_record_chose_and_quick_is_one_of_candidates_that_cost_alike():
    chosen = record.committed()["rates"]["results"]["chosen"]
    assert {label(c["arm"], c["loss"]): c["rate"] for c in chosen} == {key: arm.rate for key, arm in ARMS.items()}
    pixels = [steps * batch * patch**2 for steps, batch, patch in schedules.CANDIDATES]
    assert max(pixels) / min(pixels) < 1.02
    quick = profiles.get("quick")
    assert (quick.total_steps, quick.batch, quick.patch) in schedules.CANDIDATES and quick.epochs == 20


def test_schedules_train_and_count_verdicts(small):
    """Whichever way an effect leans, one of two opposite references agrees with it."""
    told = []
    for verdict in ("holds", "does not hold"):
        reference = pd.DataFrame({"verdict": verdict, "family": ["primary", "secondary"]}, index=["10", "10a"])
        arms = (("srcnn", "mse"), ("srcnn_edge_input", "mse"))
        (found,) = schedules.schedules([(6, 4, 24)], epochs=2, arms=arms, data=small, decided=reference)["rows"]
        assert (found["steps"], found["decided"], found["primary decided"]) == (6, 2, 1) and found["minutes"] > 0
        told.append(found["told"])
    assert sum(told) == 2


def test_minutes_keeps_other_machines(monkeypatch):
    monkeypatch.setattr(record, "host", lambda: {"processor": "mine", "cores": 2, "precision": "float32", "keras": "3"})
    others = record.committed()["minutes"]["results"]["rows"]
    command = [sys.executable, "-c", "import os; assert not os.path.exists(os.environ['SR_RUNS'])"]
    *before, mine = minutes.minutes(command)["rows"]
    assert before == others and mine["processor"] == "mine" and 0 < mine["seconds"] < 60
