"""The answers at the end of pages 01 to 06: sentences made from what was measured, so that other numbers bring other
words. Pages 01 to 05 state effects and intervals; verdicts over all claims are `judge`'s.
"""

import numpy as np
import pandas as pd

from sr_utils.claims.derived import best_strengths
from sr_utils.claims.statistics import compare, signed
from sr_utils.claims.table import BY_ID
from sr_utils.claims.words import change, direction, versus
from sr_utils.data import SCALE
from sr_utils.filters import wave_gain
from sr_utils.models.arms import PLACES

NOTE = (
    "\n\n*In brackets: 95 % intervals over seeds and images; with one seed, over images alone. "
    "Not clear: the interval contains zero.*"
)


def answer(*sentences: str) -> str:
    """Markdown: a bullet for each sentence, its first letter a capital, and what the brackets hold."""
    return "\n".join(f"- {sentence[0].upper()}{sentence[1:]}" for sentence in sentences) + NOTE


def percent(number: float) -> str:
    """A share: "57 %"."""
    return f"{100 * number:.0f} %"


def means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """The mean of each arm over seeds and images."""
    return scores.groupby("arm", sort=False)[metric].mean()


def row(scores: pd.DataFrame, arm: str, reference: str, metric: str = "psnr") -> pd.Series:
    """One arm against another, as `compare` has it."""
    return compare(scores[scores.arm.isin((arm, reference))], reference, metric).loc[arm]


def gains(scores: pd.DataFrame, reference: str, arms: dict[str, str]) -> str:
    """What each arm has more PSNR than the reference, by the words that name it."""
    return ", ".join(f"{words} {change(row(scores, arm, reference))}" for arm, words in arms.items())


def baseline(scores: pd.DataFrame, learning: pd.DataFrame) -> str:
    """01, from the scores of bilinear, bicubic and SRCNN, and from its learning curves."""
    sharp, curve = means(scores, "sharpness"), learning[learning.arm == "srcnn"]
    return answer(
        f"{versus(row(scores, 'srcnn', 'bicubic'), 'SRCNN', 'bicubic interpolation')}. "
        f"{versus(row(scores, 'srcnn', 'bilinear'), 'SRCNN', 'bilinear interpolation')}.",
        f"SRCNN's pictures have {percent(sharp['srcnn'])} of HR's high-frequency power, those of bicubic interpolation "
        f"{percent(sharp['bicubic'])}. SRCNN's are {'' if sharp['srcnn'] < 1 else 'not '}smoother than HR.",
        f"{percent(curve.first_fifth.mean())} of the loss's fall happens in the first fifth of the schedule, and "
        f"{percent(curve.last_two_fifths.mean())} in its last two fifths.",
    )


def upsampling(scores: pd.DataFrame, costs: dict) -> str:
    """02, from scores with and without the skip, and `models.cost` by arm."""
    loss, psnr = means(scores, "loss"), means(scores, "psnr")
    order = sorted(PLACES, key=lambda place: loss[PLACES[place]])
    best, *_, worst = sorted(PLACES, key=lambda place: -psnr[PLACES[place]])
    added = {place: row(scores, f"{place}_skip", arm) for place, arm in PLACES.items()}
    least, *_, most = sorted(added, key=lambda place: added[place].difference)
    without, with_skip = spread(psnr)
    start = "most of the gap comes from the start of the training, not from the place"
    start = start if with_skip < without / 2 else "the place matters, with and without the skip"
    ratio = costs[PLACES["pre"]]["macs"] / costs[PLACES["post"]]["macs"]
    return answer(
        f"final loss, in grey levels²: {' < '.join(f'{place} ({loss[PLACES[place]]:.1f})' for place in order)}. "
        f"The original's order is {'the same' if order == list(PLACES) else ' < '.join(PLACES)}.",
        f"of the four places, {best} has the highest PSNR and {worst} the lowest: "
        f"{versus(row(scores, PLACES[best], PLACES[worst]), best, worst)}.",
        f"the global skip adds most PSNR to {most}, {change(added[most])}, and least to {least}, "
        f"{change(added[least])}. Without it the four lie within {without:.2f} dB, with it within {with_skip:.2f} dB: "
        f"{start}.",
        f"without the skip, {versus(row(scores, PLACES[best], 'srcnn'), best, 'the baseline')}. If both have the skip, "
        f"{versus(row(scores, f'{best}_skip', 'srcnn_skip'), best, 'the baseline')}.",
        f"pre needs {ratio:.0f} times as many multiply–adds as post.",
    )


def spread(psnr: pd.Series) -> tuple[float, float]:
    """How far apart the four placements lie in dB: without the global skip, and with it."""
    return np.ptp(psnr[list(PLACES.values())]), np.ptp(psnr[[f"{place}_skip" for place in PLACES]])


def architecture(scores: pd.DataFrame) -> str:
    """03, from the scores of both architectures and their controls."""
    names = {"residual": "the residual network", "inception": "the inception network"}
    whole = names | {"pre_upsampling": "pre-upsampling, their up-sampler with SRCNN's convolutions,"}
    narrow = {"residual_as_pre": "residual", "inception_as_pre": "inception"}
    return answer(
        f"PSNR against the baseline: {gains(scores, 'srcnn', whole)}.",
        f"PSNR against pre-upsampling: {gains(scores, 'pre_upsampling', names)}. At "
        f"pre-upsampling's cost, made narrow: {gains(scores, 'pre_upsampling', narrow)}.",
        f"{versus(row(scores, 'residual', 'plain'), 'the residual network', 'the same network without skips')}.",
        f"{versus(row(scores, 'residual', 'inception'), *names.values())}.",
    )


def loss(scores: pd.DataFrame) -> str:
    """04, from the scores of the three losses, and of the control where ImageNet's weights are at hand."""
    if "srcnn perceptual" not in set(scores.arm):
        return answer(
            f"PSNR against MSE: {gains(scores, 'srcnn', {'srcnn mae': 'MAE'})}.",
            "the perceptual loss was not trained, because ImageNet's weights are not here.",
        )
    losses = {"srcnn": "MSE", "srcnn mae": "MAE", "srcnn perceptual": "perceptual loss"}
    losses |= {"srcnn perceptual_random": "perceptual loss with random features"}
    sharp = means(scores, "sharpness")
    found = [signed(BY_ID[id].published, "+.2f") for id in ("9a", "9f")]
    gmsd, ssim = (row(scores, "srcnn perceptual", "srcnn", metric) for metric in ("gmsd", "ssim"))
    trained = row(scores, "srcnn perceptual", "srcnn perceptual_random", "gmsd")
    return answer(
        f"PSNR against MSE: {gains(scores, 'srcnn', dict(list(losses.items())[1:3]))}. "
        f"The original found {found[0]} and {found[1]} dB, on one image.",
        f"high-frequency power, as a share of HR's: "
        f"{', '.join(f'{words} {percent(sharp[arm])}' for arm, words in losses.items())}.",
        f"the perceptual loss changes GMSD against MSE by {change(gmsd, '', '+.4f')}, where lower is nearer to HR, and "
        f"SSIM by {change(ssim, '', '+.4f')}, where higher is nearer.",
        f"trained features change GMSD against random ones by {change(trained, '', '+.4f')}.",
    )


def enhancement(scores: pd.DataFrame, sweep: pd.DataFrame, response: pd.DataFrame) -> str:
    """05, from the scores of both inputs, the sweep of strengths after the network, and the response to ripples."""
    after = sweep.groupby(["arm", "strength"])[["psnr", "sharpness"]].mean()
    network, bicubic, best = after.loc["srcnn"], after.loc["bicubic"].psnr, best_strengths(sweep)
    gain = bicubic.max() - bicubic.iloc[0]
    none, full = network.iloc[0], network.iloc[-1]
    before = row(scores, "srcnn_edge_input", "srcnn")
    sentences = [
        f"before the network, the filter changes PSNR by {change(before, spec='+.3f')}.",
        f"after the network, at full strength, the filter changes PSNR by {signed(full.psnr - none.psnr, '+.2f')} dB. "
        f"High-frequency power goes from {percent(none.sharpness)} to {percent(full.sharpness)} of HR's.",
        f"after the network, the best strength is {best.psnr['srcnn']:g} by PSNR, {best.ssim['srcnn']:g} by SSIM and "
        f"{best.gmsd['srcnn']:g} by GMSD; sharpness comes nearest to HR's at {best.sharpness['srcnn']:g}. After "
        f"bicubic interpolation, {best.psnr['bicubic']:g} is best by PSNR: it gains {gain:.2f} dB.",
    ]
    if len(response):
        ripple = row(response, "srcnn_edge_input", "srcnn", "response")
        frequencies = np.array([float(c.removeprefix("gain ")) for c in response if c.startswith("gain ")])
        alone = np.mean(20 * np.log10(wave_gain(frequencies[frequencies <= 0.5 / SCALE])))
        sentences.insert(
            1,
            f"the filter alone changes ripples up to LR's Nyquist frequency by {signed(alone, '+.1f')} dB. The filter "
            f"and the network trained behind it, together, change them by {change(ripple)} against the baseline.",
        )
    return answer(*sentences)


#: What was changed, and the two arms that differ by it.
CHANGES = (
    ("SRCNN instead of bicubic interpolation", "srcnn", "bicubic"),
    ("a learnt up-sampler before SRCNN", "pre_upsampling", "srcnn"),
    ("residual blocks behind a learnt up-sampler", "residual", "pre_upsampling"),
    ("inception blocks behind a learnt up-sampler", "inception", "pre_upsampling"),
    ("a global skip that starts at zero, with post-upsampling", "post_skip", "post_upsampling"),
    ("MAE instead of MSE", "srcnn mae", "srcnn"),
    ("the perceptual loss instead of MSE", "srcnn perceptual", "srcnn"),
    ("edge enhancement before the network", "srcnn_edge_input", "srcnn"),
)


def conclusions(judged: pd.DataFrame, scores: pd.DataFrame, costs: pd.DataFrame) -> str:
    """06, in five sentences, from `judge`'s table, all scores, and `parameters` and `macs` by arm."""
    changes = [(words, row(scores, arm, before)) for words, arm, before in CHANGES if arm in set(scores.arm)]
    changes.sort(key=lambda each: -abs(each[1].difference))
    clear = [f"{words} {signed(each.difference, '+.2f')}" for words, each in changes if direction(each)]
    unclear = [words for words, each in changes if not direction(each)]
    without, with_skip = spread(means(scores, "psnr"))
    cost = costs.loc["combined"] / costs.loc["srcnn"]
    return answer(
        verdicts(judged[judged.family == "primary"]),
        f"changes of PSNR in dB, largest first: {', '.join(clear) or 'none is clear'}."
        + (f" Not clear: {', '.join(unclear)}." if unclear else ""),
        f"the four placements lie within {without:.2f} dB without the global skip, within {with_skip:.2f} dB with it.",
        f"full edge enhancement after the network changes PSNR by {signed(judged.effect['11b'], '+.2f')} dB.",
        f"{versus(row(scores, 'combined', 'srcnn'), 'the combined model', 'SRCNN')}. It takes {cost.macs:.2g} times "
        f"SRCNN's multiply–adds and {cost.parameters:.2g} times its parameters.",
    )


#: Verdicts as a sentence says them, of one claim and of several.
COUNTED = {
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "undecided": ("is undecided", "are undecided"),
    "no verdict": ("has no verdict", "have no verdict"),
    "not testable here": ("cannot be tested here", "cannot be tested here"),
}


def verdicts(primary: pd.DataFrame) -> str:
    """How many of the original's claims have which verdict, with their ids."""
    ids = {verdict: primary.index[primary.verdict == verdict] for verdict in COUNTED}
    counts = [f"{len(i)} {COUNTED[verdict][len(i) > 1]} ({', '.join(i)})" for verdict, i in ids.items() if len(i)]
    leaning = (primary.leans[ids["no verdict"]] == "for").sum()
    rest = (
        f" With one seed there are no verdicts; {leaning} effects are on the claim's side."
        if len(ids["no verdict"])
        else ""
    )
    return f"of the original's {len(primary)} claims, {', '.join(counts)}.{rest}"
