"""The answers at the end of pages 01 to 06: sentences made from what was measured, so that other numbers bring other
words. Pages 01 to 05 state effects and intervals; verdicts over all claims are `judge`'s.
"""

import numpy as np
import pandas as pd

from sr_utils.claims.observations import best_strengths
from sr_utils.claims.phrases import change, direction
from sr_utils.claims.statistics import differences, signed
from sr_utils.claims.table import BY_ID, METRICS
from sr_utils.data import SCALE
from sr_utils.filters import wave_gain
from sr_utils.models.arms import ARMS, PLACES

SKIPS = {place: f"{place}_skip" for place in PLACES}
NOTE = (
    "\n\n*In brackets: 95 % intervals over seeds and images; with one seed, over images alone. "
    "Not clear: the interval contains zero.*"
)


def answer(*sentences: str) -> str:
    """Markdown: a bullet for each sentence, its first letter a capital, and what the brackets hold."""
    return "\n".join(f"- {sentence[0].upper()}{sentence[1:]}." for sentence in sentences) + NOTE


def percent(number: float) -> str:
    """A share: "57 %"."""
    return f"{100 * number:.0f} %"


def means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """The mean of each arm over seeds and images."""
    return scores.groupby("arm", sort=False)[metric].mean()


def against(scores: pd.DataFrame, reference: str, *arms: str, metric: str = "psnr") -> str:
    """Arms against another: "PSNR against SRCNN: residual +0.22 dB (+0.05 … +0.39); inception …"."""
    unit, digits = (" dB", "+.2f") if metric in ("psnr", "response") else ("", "+.4f")
    table = differences(scores[scores.arm.isin((reference, *arms))], reference, metric)
    listed = (f"{_name(arm)} {change(table.loc[arm], unit, digits)}" for arm in arms)
    return f"{METRICS.name[metric]} against {_name(reference)}: {'; '.join(listed)}"


def _name(label: str) -> str:
    return ARMS[label].name if label in ARMS else label


def baseline(scores: pd.DataFrame, learning: pd.DataFrame) -> str:
    """01, from the scores of bilinear, bicubic and SRCNN, and from its learning curves."""
    sharp, curve = means(scores, "sharpness"), learning[learning.arm == "srcnn"]
    return answer(
        f"{against(scores, 'bicubic', 'srcnn')}. {against(scores, 'bilinear', 'srcnn')}",
        f"SRCNN's pictures have {percent(sharp['srcnn'])} of HR's high-frequency power, those of bicubic interpolation "
        f"{percent(sharp['bicubic'])}. SRCNN's are {'' if sharp['srcnn'] < 1 else 'not '}smoother than HR",
        f"{percent(curve.first_fifth.mean())} of the loss's fall happens in the first fifth of the schedule, and "
        f"{percent(curve.last_two_fifths.mean())} in its last two fifths",
    )


def upsampling(scores: pd.DataFrame, costs: dict) -> str:
    """02, from scores with and without the skip, and `models.cost` by arm."""
    loss, (without, with_skip) = means(scores, "loss"), placement_spread(scores)
    order = sorted(PLACES, key=lambda place: loss[PLACES[place]])
    start = "most of the gap comes from the start of the training, not from the place"
    start = start if with_skip < without / 2 else "the place matters, with and without the skip"
    ratio = costs[PLACES["pre"]]["macs"] / costs[PLACES["post"]]["macs"]
    return answer(
        f"final loss, in grey levels²: {' < '.join(f'{place} ({loss[PLACES[place]]:.1f})' for place in order)}. "
        f"The original's order is {'the same' if order == list(PLACES) else ' < '.join(PLACES)}",
        against(scores, "srcnn", *PLACES.values()),
        f"with the global skip in all, {against(scores, 'srcnn_skip', *SKIPS.values())}",
        f"the four places lie within {without:.2f} dB without the skip, within {with_skip:.2f} dB with it: {start}",
        f"pre needs {ratio:.0f} times as many multiply–adds as post",
    )


def placement_spread(scores: pd.DataFrame) -> tuple[float, float]:
    """How far apart the four placements lie in dB: without the global skip, and with it."""
    psnr = means(scores, "psnr")
    return np.ptp(psnr[list(PLACES.values())]), np.ptp(psnr[list(SKIPS.values())])


def architecture(scores: pd.DataFrame) -> str:
    """03, from the scores of both architectures and their controls."""
    narrow = ("residual_as_pre", "inception_as_pre")
    return answer(
        against(scores, "srcnn", "residual", "inception", "pre_upsampling"),
        f"{against(scores, 'pre_upsampling', 'residual', 'inception', *narrow)}. All have the same up-sampler",
        against(scores, "plain", "residual"),
        against(scores, "inception", "residual"),
    )


def loss(scores: pd.DataFrame) -> str:
    """04, from the scores of the three losses, and of the control where ImageNet's weights are at hand."""
    if "srcnn perceptual" not in set(scores.arm):
        untrained = "the perceptual loss was not trained, because ImageNet's weights are not here"
        return answer(against(scores, "srcnn", "srcnn mae"), untrained)
    mae, perceptual = (signed(BY_ID[id].published, "+.2f") for id in ("9a", "9f"))
    losses = ("srcnn", "srcnn mae", "srcnn perceptual", "srcnn perceptual_random")
    sharp = "; ".join(f"{_name(arm)} {percent(share)}" for arm, share in means(scores, "sharpness")[[*losses]].items())
    return answer(
        f"{against(scores, 'srcnn', 'srcnn mae', 'srcnn perceptual')}. The original found {mae} dB for MAE and "
        f"{perceptual} dB for the perceptual loss, on one image",
        f"high-frequency power, as a share of HR's: {sharp}",
        f"{against(scores, 'srcnn', 'srcnn perceptual', metric='gmsd')}. Lower is nearer to HR",
        f"{against(scores, 'srcnn', 'srcnn perceptual', metric='ssim')}. Higher is nearer to HR",
        f"{against(scores, 'srcnn perceptual_random', 'srcnn perceptual', metric='gmsd')}. Lower is nearer to HR",
    )


def enhancement(scores: pd.DataFrame, sweep: pd.DataFrame, response: pd.DataFrame) -> str:
    """05, from the scores of both inputs, the sweep of strengths after the network, and the response to ripples."""
    after, best = sweep.groupby(["arm", "strength"])[["psnr", "sharpness"]].mean(), best_strengths(sweep)
    none, full = after.loc["srcnn"].iloc[[0, -1]].itertuples(index=False)
    bicubic = after.loc["bicubic"].psnr
    sentences = [
        against(scores, "srcnn", "srcnn_edge_input"),
        f"after the network, at full strength, the filter changes PSNR by {signed(full.psnr - none.psnr, '+.2f')} dB. "
        f"High-frequency power goes from {percent(none.sharpness)} to {percent(full.sharpness)} of HR's",
        f"after the network, the best strength is {best.psnr['srcnn']:g} by PSNR, {best.ssim['srcnn']:g} by SSIM and "
        f"{best.gmsd['srcnn']:g} by GMSD; sharpness comes nearest to HR's at {best.sharpness['srcnn']:g}",
        f"after bicubic interpolation, the best strength by PSNR is {best.psnr['bicubic']:g}: it gains "
        f"{bicubic.max() - bicubic.iloc[0]:.2f} dB",
    ]
    if len(response):
        frequencies = np.array([float(c.removeprefix("gain ")) for c in response if c.startswith("gain ")])
        alone = np.mean(20 * np.log10(wave_gain(frequencies[frequencies <= 0.5 / SCALE])))
        network = against(response, "srcnn", "srcnn_edge_input", metric="response")
        sentences.insert(1, f"{network}. The filter alone would add {signed(alone, '+.1f')} dB")
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
    changes = {
        what: differences(scores[scores.arm.isin((arm, before))], before).loc[arm]
        for what, arm, before in CHANGES
        if arm in set(scores.arm)
    }
    largest = sorted(changes, key=lambda what: -abs(changes[what].difference))
    clear = [f"{what} {signed(changes[what].difference, '+.2f')}" for what in largest if direction(changes[what])]
    unclear = [what for what in largest if not direction(changes[what])]
    (without, with_skip), cost = placement_spread(scores), costs.loc["combined"] / costs.loc["srcnn"]
    return answer(
        count_verdicts(judged[judged.family == "primary"]),
        f"changes of PSNR in dB, largest first: {'; '.join(clear) or 'none is clear'}"
        + (f". Not clear: {'; '.join(unclear)}" if unclear else ""),
        f"the four placements lie within {without:.2f} dB without the global skip, within {with_skip:.2f} dB with it",
        f"full edge enhancement after the network changes PSNR by {signed(judged.effect['11b'], '+.2f')} dB",
        f"{against(scores, 'srcnn', 'combined')}. It takes {cost.macs:.2g} times SRCNN's multiply–adds and "
        f"{cost.parameters:.2g} times its parameters",
    )


#: Verdicts as a sentence says them, of one claim and of several.
COUNTED = {
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "undecided": ("is undecided", "are undecided"),
    "no verdict": ("has no verdict", "have no verdict"),
    "not testable here": ("cannot be tested here", "cannot be tested here"),
}


def count_verdicts(primary: pd.DataFrame) -> str:
    """How many of the original's claims have which verdict, with their ids."""
    ids = {verdict: primary.index[primary.verdict == verdict] for verdict in COUNTED}
    counts = [f"{len(i)} {COUNTED[verdict][len(i) > 1]} ({', '.join(i)})" for verdict, i in ids.items() if len(i)]
    text = f"of the original's {len(primary)} claims, {', '.join(counts)}"
    if ids["no verdict"].empty:
        return text
    leaning = (primary.leans[ids["no verdict"]] == "for").sum()
    return f"{text}. With one seed there are no verdicts. Effects on the claim's side: {leaning}"
