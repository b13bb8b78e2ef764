"""`make bench BENCHES=schedules`: which of the reference's verdicts a short training tells."""

import pandas as pd

from bench import schedules
from sr_utils import profiles


def test_a_verdict_is_told_by_an_effect_on_its_side():
    verdicts = ["holds", "holds", "does not hold", "undecided", "holds"]
    reference = pd.DataFrame({"verdict": verdicts, "family": "secondary"}, index=list("abcde"))
    judged = pd.DataFrame({"leans": ["for", "against", "against", "for"]}, index=list("abcd"))
    told = schedules.told(judged, reference)
    assert told.agrees.to_dict() == {"a": True, "b": False, "c": True, "e": False}  # e was not tested


def test_candidates_cost_alike_and_quick_is_one_of_them():
    pixels = [steps * batch * patch**2 for steps, batch, patch in schedules.CANDIDATES]
    assert max(pixels) / min(pixels) < 1.02
    quick = profiles.get("quick")
    assert (quick.total_steps, quick.batch, quick.patch) in schedules.CANDIDATES and quick.epochs == 20
