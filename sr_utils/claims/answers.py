"""The answers at the end of pages 01 to 05: sentences made from what was measured, so that other numbers bring other
words. They state effects and intervals; verdicts over all claims are `judge`'s.
"""

import numpy as np
import pandas as pd

from sr_utils.claims.derived import best_strengths
from sr_utils.claims.statistics import compare, signed
from sr_utils.claims.words import direction, size, versus
from sr_utils.data import SCALE
from sr_utils.filters import wave_gain
from sr_utils.models.arms import PLACES

PLURAL = ("beat", "lose to")
NOTE = "\n\n*In brackets: 95 % intervals over seeds and images; with one seed, over images alone.*"


def answer(*sentences: str) -> str:
    """Markdown: a bullet for each sentence, its first letter a capital, and what the brackets hold."""
    return "\n".join(f"- {sentence[0].upper()}{sentence[1:]}" for sentence in sentences) + NOTE


def share(values, spec: str = ".0%") -> str:
    """A mean share: "57 %"."""
    return format(float(np.mean(values)), spec).replace("%", " %")


def means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """The mean of each arm over seeds and images."""
    return scores.groupby("arm", sort=False)[metric].mean()


def baseline(scores: pd.DataFrame, learning: pd.DataFrame) -> str:
    """01, from the scores of bilinear, bicubic and SRCNN, and from its learning curves."""
    psnr, sharp = means(scores, "psnr"), means(scores, "sharpness")
    curve = learning[learning.arm == "srcnn"]
    smoother = "still smoother than HR" if sharp["srcnn"] < 1 else "no smoother than HR"
    return answer(
        f"{versus(compare(scores, 'bicubic').loc['srcnn'], 'SRCNN', 'bicubic interpolation')}, "
        f"and {versus(compare(scores, 'bilinear').loc['srcnn'], 'it', 'bilinear')}. "
        f"Means over all images: {psnr['srcnn']:.2f}, {psnr['bicubic']:.2f} and {psnr['bilinear']:.2f} dB.",
        f"SRCNN has {share(sharp['srcnn'])} of HR's high-frequency power, bicubic {share(sharp['bicubic'])}: "
        f"its pictures are {smoother}.",
        f"{share(curve.first_fifth)} of the loss's whole fall happens in the first fifth of the schedule; "
        f"{share(curve.last_two_fifths)} is left after three fifths.",
    )


def upsampling(scores: pd.DataFrame, costs: dict) -> str:
    """02, from scores with and without the skip, and `models.cost` by arm."""
    final = means(scores, "loss")
    order = sorted(PLACES, key=lambda place: final[PLACES[place]])
    listed = " < ".join(f"{place} ({final[PLACES[place]]:.1f})" for place in order)
    psnr, skips = means(scores, "psnr"), {place: f"{place}_skip" for place in PLACES}
    ranked = sorted(PLACES, key=lambda place: -psnr[PLACES[place]])
    best, worst = PLACES[ranked[0]], PLACES[ranked[-1]]
    gains = {place: compare(scores, PLACES[place]).loc[skips[place]] for place in PLACES}
    most, least = (choose(gains, key=lambda place: gains[place].difference) for choose in (max, min))
    dear, cheap = (costs[PLACES[place]]["macs"] for place in ("pre", "post"))
    ranges = [np.ptp([psnr[arm] for arm in arms.values()]) for arms in (PLACES, skips)]
    start = "most of the gap is the start's, not the place's" if ranges[1] < ranges[0] / 2 else (
        "the place matters, whatever the start")  # fmt: skip
    return answer(
        f"by final loss, in grey levels²: {listed}. "
        f"That is {'also' if order == list(PLACES) else 'not'} the original's order.",
        f"the best place against the worst: {versus(compare(scores, worst).loc[best], ranked[0], ranked[-1])} of PSNR.",
        f"the global skip changes {most} by {signed(gains[most].difference, '+.2f')} dB, the most of the four, and "
        f"{least} by {signed(gains[least].difference, '+.2f')} dB, the least. Without it the four lie within "
        f"{ranges[0]:.2f} dB, with it within {ranges[1]:.2f} dB: {start}.",
        f"{versus(compare(scores, 'srcnn').loc[best], f'{ranked[0]}, the best of the four,', 'the baseline')}; "
        f"under the skip, {versus(compare(scores, 'srcnn_skip').loc[skips[ranked[0]]], 'it', 'the baseline')}.",
        f"post needs {dear / cheap:.0f} times fewer multiply–adds than pre.",
    )


def architecture(scores: pd.DataFrame) -> str:
    """03, from the scores of both architectures and their controls."""
    base, pre = compare(scores, "srcnn"), compare(scores, "pre_upsampling")
    plain, inception = compare(scores, "plain"), compare(scores, "inception")
    return answer(
        f"as a whole, {versus(base.loc['residual'], 'the residual network', 'the baseline')}, "
        f"and {versus(base.loc['inception'], 'the inception network', 'the baseline')}.",
        f"the learnt up-sampler alone: {versus(base.loc['pre_upsampling'], 'it', 'the baseline')}. Behind it, "
        f"{versus(pre.loc['residual'], 'the residual blocks', 'three convolutions', verbs=PLURAL)}, "
        f"and {versus(pre.loc['inception'], 'the inception blocks', 'three convolutions', verbs=PLURAL)}.",
        f"at equal cost, {versus(pre.loc['residual_as_pre'], 'narrow residual blocks', 'them', verbs=PLURAL)}, "
        f"and {versus(pre.loc['inception_as_pre'], 'narrow inception blocks', 'them', verbs=PLURAL)}.",
        f"with skips or without: {versus(plain.loc['residual'], 'residual', 'the same depth without skips')}.",
        f"depth or width: {versus(inception.loc['residual'], 'residual', 'inception')}.",
    )


def loss(scores: pd.DataFrame) -> str:
    """04, from the scores of the three losses, and of the control where ImageNet's weights are at hand."""
    if "srcnn perceptual" not in set(scores.arm):
        mae = versus(compare(scores, "srcnn").loc["srcnn mae"], "MAE", "MSE")
        return answer(f"{mae} of PSNR.", "the perceptual loss was not trained: ImageNet's weights are not here.")
    against = {metric: compare(scores, "srcnn", metric) for metric in ("psnr", "ssim", "sharpness", "gmsd")}
    mine = {metric: table.loc["srcnn perceptual"] for metric, table in against.items()}
    random = {m: compare(scores, "srcnn perceptual_random", m).loc["srcnn perceptual"] for m in ("sharpness", "gmsd")}
    mae = against["psnr"].loc["srcnn mae"]
    sharp = means(scores, "sharpness")
    nearer = ("farther from", "no clearly nearer to", "nearer to")
    return answer(
        f"PSNR against MSE: MAE {signed(mae.difference, '+.2f')} dB, the perceptual loss "
        f"{signed(mine['psnr'].difference, '+.2f')} dB. The original found −0.07 and −0.64 dB, on one image.",
        f"the perceptual loss gives {share(sharp['srcnn perceptual'])} of HR's high-frequency power, "
        f"MSE {share(sharp['srcnn'])}, MAE {share(sharp['srcnn mae'])}.",
        f"by edges (GMSD) the perceptual picture is {nearer[1 - direction(mine['gmsd'])]} HR than MSE's, "
        f"a difference of {size(mine['gmsd'], '', '.4f')}; by structure (SSIM) it is "
        f"{nearer[1 + direction(mine['ssim'])]} HR, {size(mine['ssim'], '', '.4f')}.",
        f"random features give {share(sharp['srcnn perceptual_random'])} of HR's high-frequency power. By edges (GMSD) "
        f"trained features come {nearer[1 - direction(random['gmsd'])]} HR than random ones, "
        f"{size(random['gmsd'], '', '.4f')}.",
    )


def enhancement(scores: pd.DataFrame, sweep: pd.DataFrame, response: pd.DataFrame) -> str:
    """05, from the scores of both inputs, the sweep of strengths after the network, and the response to ripples."""
    before = compare(scores, "srcnn").loc["srcnn_edge_input"]
    after = sweep[sweep.arm == "srcnn"].groupby("strength")[["psnr", "sharpness"]].mean()
    best, full = best_strengths(sweep), after.iloc[-1] - after.iloc[0]
    bicubic = sweep[sweep.arm == "bicubic"].groupby("strength").psnr.mean()
    return answer(
        f"before the network, the filter changes PSNR by {signed(before.difference, '+.3f')} dB "
        f"({signed(before.low, '+.3f')} … {signed(before.high, '+.3f')}).",
        *_ripples(response),
        f"after the network, at full strength, it changes PSNR by {signed(full.psnr, '+.2f')} dB and takes sharpness "
        f"from {after.sharpness.iloc[0]:.2f} to {after.sharpness.iloc[-1]:.2f} of HR's.",
        f"after the network, the best strength is {best.psnr['srcnn']:g} by PSNR, {best.ssim['srcnn']:g} by SSIM, "
        f"{best.gmsd['srcnn']:g} by GMSD and {best.sharpness['srcnn']:g} by sharpness (nearest to HR's); after bicubic "
        f"interpolation it is {best.psnr['bicubic']:g} by PSNR, a gain of {bicubic.max() - bicubic.iloc[0]:.2f} dB.",
    )


def _ripples(response: pd.DataFrame) -> list[str]:
    if response.empty:
        return []
    ripple = compare(response, "srcnn", "response").loc["srcnn_edge_input"]
    return [
        f"ripples up to LR's Nyquist frequency come out at {signed(ripple.difference, '+.2f')} dB against the baseline "
        f"({signed(ripple.low, '+.2f')} … {signed(ripple.high, '+.2f')}); the filter alone would lift them by "
        f"{signed(filter_alone(response), '+.1f')} dB."
    ]


def filter_alone(response: pd.DataFrame) -> float:
    """What edge enhancement alone does to the ripples of a response table: mean gain in dB up to LR's Nyquist."""
    frequencies = np.array([float(c.removeprefix("gain ")) for c in response if c.startswith("gain ")])
    return float(np.mean(20 * np.log10(wave_gain(frequencies[frequencies <= 0.5 / SCALE]))))


#: What was changed, and the two arms that differ by it.
CHANGES = (
    ("SRCNN for bicubic interpolation", "srcnn", "bicubic"),
    ("a learnt up-sampling before SRCNN", "pre_upsampling", "srcnn"),
    ("residual blocks behind it", "residual", "pre_upsampling"),
    ("inception blocks behind it", "inception", "pre_upsampling"),
    ("a global skip from zero, with post-upsampling", "post_skip", "post_upsampling"),
    ("MAE for MSE", "srcnn mae", "srcnn"),
    ("the perceptual loss for MSE", "srcnn perceptual", "srcnn"),
    ("edge enhancement before the network", "srcnn_edge_input", "srcnn"),
)
COUNTED = {"holds": "hold", "does not hold": "do not hold", "undecided": "are undecided"}


def conclusions(judged: pd.DataFrame, scores: pd.DataFrame, costs: pd.DataFrame) -> str:
    """06, in five sentences, from `judge`'s table, all scores, and `parameters` and `macs` by arm."""
    changes = {
        words: compare(scores[scores.arm.isin((arm, before))], before).loc[arm]
        for words, arm, before in CHANGES
        if arm in set(scores.arm)
    }
    moved = sorted(changes, key=lambda words: -abs(changes[words].difference))
    clear = [f"{words} {signed(changes[words].difference, '+.2f')}" for words in moved if direction(changes[words])]
    unclear = [words for words in moved if not direction(changes[words])]
    psnr = means(scores, "psnr")
    plain, skips = ([psnr[arm] for arm in arms] for arms in (PLACES.values(), (f"{p}_skip" for p in PLACES)))
    combined = compare(scores[scores.arm.isin(("combined", "srcnn"))], "srcnn").loc["combined"]
    cost, size_of = costs.loc["combined"] / costs.loc["srcnn"], costs.loc["combined"].parameters
    after = judged.loc["11b"]
    return answer(
        verdicts(judged[judged.family == "primary"]),
        f"what moves PSNR, in dB, largest first: {', '.join(clear) or 'nothing clearly'}."
        + (f" Not clear: {', '.join(unclear)}." if unclear else ""),
        f"the four placements lie within {np.ptp(plain):.2f} dB without a global skip, and within "
        f"{np.ptp(skips):.2f} dB with it.",
        f"edge enhancement at full strength after the network changes PSNR by {signed(after.effect, '+.2f')} dB.",
        f"{versus(combined, 'the combined model', 'SRCNN')}, with {cost.macs:.2g} times its multiply–adds and "
        f"{size_of:,.0f} parameters.",
    )


def verdicts(primary: pd.DataFrame) -> str:
    """How many of the original's claims hold, do not hold and stay open, with their ids."""
    ids = {verdict: list(rows.index) for verdict, rows in primary.groupby("verdict")}
    counts = [f"{len(ids[v])} {words} ({', '.join(ids[v])})" for v, words in COUNTED.items() if v in ids]
    rest = primary[~primary.verdict.isin(COUNTED)]
    if len(rest):
        side = (rest.leans == "for").sum()
        counts.append(f"{len(rest)} have no verdict; of these, {side} effects speak for the claim")
    return f"of the original's {len(primary)} claims, {', '.join(counts)}."
