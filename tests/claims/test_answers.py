"""The answers at the end of the pages: other numbers bring other words."""

import re

import numpy as np
import pandas as pd
import pytest

from sr_utils import filters
from sr_utils.claims import answers
from sr_utils.models.arms import PLACES

IMAGES = 8


def scores(**arms):
    """Three seeds and eight images of each arm: the mean PSNR as given, images one dB apart, and a little scatter."""
    rng = np.random.default_rng(0)
    rows = []
    for arm, psnr in arms.items():
        scatter = rng.normal(0, 0.02, (3, IMAGES))
        scatter -= scatter.mean()
        rows += [
            {"arm": arm.replace("__", " "), "seed": seed, "set": "s", "image": str(i), "psnr": psnr + i + x}
            for seed, images in enumerate(scatter)
            for i, x in enumerate(images)
        ]
    table = pd.DataFrame(rows)
    return table.assign(ssim=table.psnr / 50, gmsd=1 / table.psnr, sharpness=table.psnr / 60, loss=1000 / table.psnr)


def test_arms_are_named_with_their_difference_and_its_interval():
    said = answers.against(scores(srcnn=30, residual=30.5, bicubic=29), "srcnn", "residual", "bicubic")
    assert re.fullmatch(
        r"PSNR against SRCNN: residual \+0.50 dB \(\+0.4\d … \+0.5\d\); bicubic −1.00 dB \(−1.0\d … −0.9\d\)", said
    )


def test_an_interval_keeps_its_order_and_says_where_it_is_not_clear():
    less = pd.Series({"difference": -0.4, "low": -0.6, "high": -0.2})
    assert answers.change(less) == "−0.40 dB (−0.60 … −0.20)"
    assert answers.change(pd.Series({"difference": 0.1, "low": np.nan, "high": np.nan})) == "+0.10 dB"
    around = pd.Series({"difference": -0.1, "low": -0.3, "high": 0.1})
    assert answers.change(around) == "−0.10 dB (−0.30 … +0.10, not clear)"


def test_every_answer_is_a_list_of_sentences_with_a_note():
    text = answers.answer("one is so", "two is so")
    assert text.startswith("- One is so.\n- Two is so.\n\n*In brackets: 95 % intervals")


@pytest.mark.parametrize(
    ("psnr", "words"), [(31, "SRCNN's are smoother than HR"), (62, "SRCNN's are not smoother than HR")]
)
def test_01_says_gain_smoothness_and_speed(psnr, words):
    learning = pd.DataFrame({"arm": ["srcnn", "srcnn"], "first_fifth": [0.8, 0.82], "last_two_fifths": [0.01, 0.03]})
    text = answers.baseline(scores(bilinear=28, bicubic=29, srcnn=psnr), learning)
    assert "PSNR against bicubic: SRCNN +" in text and words in text
    assert "81 % of the loss's fall happens in the first fifth" in text and "2 % in its last two fifths" in text


def placements(*values, skip=(30, 30, 30, 30)):
    arms = dict(zip(PLACES.values(), values, strict=True)) | dict(zip((f"{p}_skip" for p in PLACES), skip, strict=True))
    return scores(srcnn=29, srcnn_skip=29.5, **arms)


COSTS = {arm: {"macs": macs} for arm, macs in zip(PLACES.values(), (44_000, 3000, 2000, 1000), strict=True)}


def test_02_says_the_order_and_tells_place_from_start():
    same = answers.upsampling(placements(29.6, 29.4, 29.2, 28.9), COSTS)
    assert "pre (" in same and "The original's order is the same." in same
    assert "most of the gap comes from the start of the training, not from the place" in same
    assert (
        "With the global skip in all, PSNR against SRCNN + skip: pre + skip +0.5" in same
        and "Pre needs 44 times as many multiply–adds as post" in same
    )
    other = answers.upsampling(placements(28.9, 29.4, 29.2, 29.6, skip=(30, 30, 30, 31)), COSTS)
    assert (
        "The original's order is pre < progressive" in other and "the place matters, with and without the skip" in other
    )
    assert "PSNR against SRCNN: pre-upsampling −0.1" in other and "post-upsampling +0.6" in other


def test_03_splits_the_gain():
    arms = {"srcnn": 29, "pre_upsampling": 29.15, "residual": 29.4, "inception": 29.15, "residual_as_pre": 29.3}
    text = answers.architecture(scores(**arms, inception_as_pre=29.0, plain=28.0))
    base, pre, plain, inception = text.split("\n")[:4]
    assert base.startswith("- PSNR against SRCNN: residual +0.4") and "; pre-upsampling +0.1" in base
    assert pre.startswith("- PSNR against pre-upsampling: residual +0.2") and "inception, pre's cost −0.1" in pre
    assert pre.count("not clear") == 1 and pre.endswith("All have the same up-sampler.")
    assert plain.startswith("- PSNR against plain, no skips: residual +1.4") and "against inception: " in inception


def test_04_says_which_measure_prefers_which_loss():
    arms = {"srcnn": 29, "srcnn__mae": 28.9, "srcnn__perceptual": 28.5, "srcnn__perceptual_random": 27.8}
    text = answers.loss(scores(**arms))
    assert "SRCNN, MAE −0.10 dB" in text and "SRCNN, perceptual −0.50 dB" in text
    assert "The original found −0.07 dB for MAE and −0.64 dB for the perceptual loss" in text
    assert (
        "GMSD against SRCNN: SRCNN, perceptual +0.0005" in text
        and "SSIM against SRCNN: SRCNN, perceptual −0.01" in text
    )
    assert "GMSD against SRCNN, random features: SRCNN, perceptual −0.0007" in text
    without = answers.loss(scores(srcnn=29, srcnn__mae=28.9))
    assert "was not trained, because ImageNet's weights are not here" in without


def test_05_says_before_and_after():
    steps = [(0, 29), (0.1, 29.2), (1, 25)]
    sweep = pd.concat(
        [scores(srcnn=p, bicubic=p - 1).assign(strength=s, sharpness=0.5 + s) for s, p in steps], ignore_index=True
    )
    rows = [
        {"arm": arm, "seed": seed, "set": "response", "image": str(i), "response": gain + i / 100}
        for arm, gain in (("srcnn", 1.0), ("srcnn_edge_input", 1.2))
        for seed in (0, 1)
        for i in range(4)
    ]
    response = pd.DataFrame(rows).assign(**{"gain 0.125": 1.0})
    text = answers.enhancement(scores(srcnn=29, srcnn_edge_input=29), sweep, response)
    assert "Gain of a fine ripple against SRCNN: SRCNN, edge-enhanced input +0.20 dB" in text
    alone = 20 * np.log10(filters.wave_gain(0.125))
    assert f"The filter alone would add +{alone:.1f} dB." in text
    assert "changes PSNR by −4.00 dB. High-frequency power goes from 50 % to 150 % of HR's" in text
    assert "the best strength is 0.1 by PSNR" in text and "it gains 0.20 dB" in text


def judged(**verdicts):
    table = pd.DataFrame({"verdict": verdicts, "family": "primary", "leans": "for", "effect": -4.3})
    return table


def test_06_counts_verdicts_and_ranks_what_moves_psnr():
    arms = {"bicubic": 28, "srcnn": 29, "srcnn__mae": 28.9, "srcnn_edge_input": 29, "combined": 30.5}
    arms |= {"pre_upsampling": 29.2, "residual": 29.5, "inception": 29.4}
    others = placements(29.2, 29.1, 29.0, 28.5)
    table = pd.concat([scores(**arms), others[~others.arm.isin(arms)]])
    costs = pd.DataFrame({"parameters": [69_251, 620_336], "macs": [69_152, 38_700]}, index=["srcnn", "combined"])
    claims = judged(**{"1": "holds", "2": "undecided", "3": "holds", "11b": "holds"})
    text = answers.conclusions(claims, table, costs)
    assert "Of the original's 4 claims, 3 hold (1, 3, 11b), 1 is undecided (2)." in text
    first = text.index("a global skip that starts at zero, with post-upsampling +1.5")
    assert first < text.index("SRCNN instead of bicubic interpolation +1.0") < text.index("MAE instead of MSE −0.1")
    assert "Not clear: edge enhancement before the network." in text
    assert (
        "after the network changes PSNR by −4.30 dB" in text
        and "0.56 times SRCNN's multiply–adds and 9 times its parameters" in text
    )


def test_06_gives_no_verdicts_for_one_seed():
    claims = judged(**{"1": "no verdict", "2": "no verdict"})
    claims.loc["2", "leans"] = "against"
    assert answers.count_verdicts(claims) == (
        "of the original's 2 claims, 2 have no verdict (1, 2). "
        "With one seed there are no verdicts. Effects on the claim's side: 1"
    )
