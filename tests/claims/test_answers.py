import re

import numpy as np
import pandas as pd

from sr_utils.claims import answers, phrases
from tests import observations


def test_arms_are_named_with_their_difference_and_its_interval():
    scores = observations.scores(seeds=3, images=8, residual=0.5, noise=0.02)
    assert re.fullmatch(
        r"PSNR against SRCNN: residual \+0.5\d dB \(\+0.\d\d … \+0.\d\d\); bicubic −0.[56]\d dB \(−0.\d\d … −0.5\d\)",
        answers.against(scores, "srcnn", "residual", "bicubic"),
    )
    assert answers.against(scores, "srcnn", "residual", metric="gmsd").startswith("GMSD against SRCNN: residual −0.0")


def test_an_interval_keeps_its_order_and_says_where_it_is_not_clear():
    less = pd.Series({"difference": -0.4, "low": -0.6, "high": -0.2})
    assert phrases.change(less) == "−0.40 dB (−0.60 … −0.20)"
    assert phrases.change(pd.Series({"difference": 0.1, "low": np.nan, "high": np.nan})) == "+0.10 dB"
    around = pd.Series({"difference": -0.1, "low": -0.3, "high": 0.1})
    assert phrases.change(around) == "−0.10 dB (−0.30 … +0.10, not clear)"


def test_every_answer_is_a_list_of_sentences_with_a_note():
    text = answers.answer("one is so", "", "two is so")
    assert (
        text.startswith("- One is so.\n- Two is so.\n\n*In brackets: 95 % intervals")
        and answers.percent(0.567) == "57 %"
    )
