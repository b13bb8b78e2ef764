"""How much a verdict depends on: one image, one seed, the margin, the schedule; and what the experiment can decide."""

import itertools
from bisect import bisect_left
from functools import partial

import numpy as np
import pandas as pd

from sr_utils.claims import statistics
from sr_utils.claims.judging import Trial, gather, judge, verdicts
from sr_utils.claims.statistics import FIXED, Estimate
from sr_utils.claims.table import BY_ID, share_of_mse

MARGINS = (0.05, 0.1, 0.2)  # dB of PSNR; at which equivalence is shown
CHANCE = 0.8  # of finding an effect: the power that is asked for
MOST = 1000  # seeds or images; more are never needed, says a table


def robustness(*observations: pd.DataFrame) -> pd.DataFrame:
    """How many verdicts turn when one seed, or one image, is left out: a row per primary claim that has a verdict.

    Columns: `verdict`; `seeds` and `images`, how many there are to leave out (no seeds where there are only two);
    `seeds_turn` and `images_turn`, how many of them turn the verdict; `which`, their names.
    """
    trials = {
        id: parts for id, parts in gather(*observations).items()
        if BY_ID[id].original and not any(part.why for part in parts)
    }  # fmt: skip
    if not trials:
        return pd.DataFrame()
    frames = [part.paired for parts in trials.values() for part in parts]
    seeds = sorted({seed for frame in frames for seed in frame.index} - {FIXED})
    seeds = seeds if len(seeds) > 2 else []
    images = list(dict.fromkeys(unit for frame in frames if frame.shape[1] > 1 for unit in frame.columns))
    names = [f"seed {seed}" for seed in seeds] + [str(image) for _, image in images]
    verdict = verdicts(trials).verdict
    again = [
        verdicts({id: [part.without(one) for part in parts] for id, parts in trials.items()}).verdict
        for one in seeds + images
    ]
    turned = pd.DataFrame(again, columns=verdict.index).ne(verdict, axis=1).reset_index(drop=True)
    return pd.DataFrame({
        "verdict": verdict,
        "seeds": len(seeds),
        "seeds_turn": turned[: len(seeds)].sum(),
        "images": {id: len(set().union(*map(_images, parts))) for id, parts in trials.items()},
        "images_turn": turned[len(seeds) :].sum(),
        "which": turned.apply(lambda each: ", ".join(itertools.compress(names, each))),
    }).rename_axis("id")  # fmt: skip


def _images(trial: Trial) -> list:
    return list(trial.paired.columns) if trial.paired.shape[1] > 1 else []


def margins(table: pd.DataFrame) -> pd.DataFrame:
    """What the intervals of `judge`'s equivalences of PSNR or loss say at `MARGINS`: ids × dB, uncorrected verdicts."""
    rows = table[table.metric.isin(("psnr", "loss")) & (table.expect == "same") & (table.binding == "")]
    rows = rows[rows.low.notna()]
    shown = pd.DataFrame(index=rows.index)
    for decibels in MARGINS:
        of_loss = share_of_mse(decibels) / share_of_mse(0.1)
        margin = rows.margin * np.where(rows.metric == "loss", of_loss, decibels / 0.1)
        inside, outside = (-margin < rows.low) & (rows.high < margin), (rows.low > margin) | (rows.high < -margin)
        shown[decibels] = np.select([inside, outside], ["holds", "does not hold"], "undecided")
    return shown


def power(*observations: pd.DataFrame) -> pd.DataFrame:
    """What these seeds and images can decide: a row per claim that has a verdict, at the variances observed.

    Columns: `verdict`; `unit`; `gap`, from the effect to the null (or to the margin) that has to be told apart;
    `detectable`, the smallest gap that is found with a probability of 80 % at a two-sided p of 0.05; and for undecided
    rows `seeds_needed` and `images_needed`, how many of the one, the other staying as they are, would find this gap so
    (infinite where a thousand would not). An intersection stands for its weakest part; gaps of ratios are base-2 logs.
    """
    judged, trials, rows = judge(*observations), gather(*observations), {}
    for id, row in judged[judged.p.notna()].iterrows():
        (trial,) = trials[row.binding or id]  # a part has one trial
        effect, (seeds, units) = float(trial.paired.to_numpy().mean()), trial.paired.shape
        gap = abs(abs(effect) - trial.margin) if row.expect == "same" else abs(effect - trial.null)
        detectable = partial(_detectable, _variances(trial.paired.to_numpy()))
        rows[id] = {"verdict": row.verdict, "unit": row.unit, "gap": gap, "detectable": detectable(seeds, units)}
        rows[id] |= {"seeds_needed": np.nan, "images_needed": np.nan}
        if row.verdict == "undecided" and FIXED not in trial.paired.index:
            rows[id]["seeds_needed"] = _needed(gap, partial(detectable, units=units))
        if row.verdict == "undecided" and units > 1:
            rows[id]["images_needed"] = _needed(gap, partial(detectable, seeds))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")


def _variances(d: np.ndarray) -> tuple[float, float, float]:
    """What the variance of a single difference is made of: (of seeds, of units, of both together)."""
    of_seeds, of_units = np.square(statistics.estimate(d).errors) * d.shape
    rest = float(statistics.interaction(d)) if min(d.shape) > 1 else 0.0
    return max(of_seeds - rest / d.shape[1], 0), of_units, rest


def _detectable(variances, seeds: int, units: int) -> float:
    of_seeds, of_units, rest = variances
    errors = np.sqrt([(of_seeds + rest / units) / seeds, of_units / units])
    chance = Estimate(np.array(0.0), errors, (max(seeds - 1, 1), max(units - 1, 1)))
    return chance.half_width() + chance.half_width(2 * CHANCE - 1)


def _needed(gap: float, detectable) -> float:
    """The smallest number from 2 on with detectable(number) ≤ gap, or infinity."""
    numbers = range(2, MOST + 1)
    place = bisect_left(numbers, True, key=lambda n: detectable(n) <= gap)
    return float(numbers[place]) if place < len(numbers) else np.inf


def turned(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Two tables of `judge` compared: a row per claim that both tested, with `before`, `after` and whether it `stays`.

    For another schedule, other learning rates, other images. A run with one seed has no verdicts: there the side on
    which its effect lies is compared with the other run's verdict, where that is decided.
    """
    pair = before[["claim", "family"]].assign(before=_stand(before)).join(_stand(after).rename("after"), how="inner")
    pair = pair[(pair.claim == after.claim[pair.index])]
    stands = pair[["before", "after"]]
    leaning = stands.apply(lambda each: each.str.startswith("leans")).any(axis=1)
    untold = stands.eq("not testable here").any(axis=1) | (leaning & stands.eq("undecided").any(axis=1))
    stands = stands[~untold].replace("leans to ", "", regex=True)
    return pair[~untold].assign(stays=stands.before == stands.after)


def _stand(table: pd.DataFrame) -> pd.Series:
    leans = table.leans.map({"for": "leans to holds", "against": "leans to does not hold"})
    return table.verdict.mask(table.verdict == "no verdict", leans)


def survivors(tables: dict[str, pd.DataFrame]) -> str:
    """Markdown: from each run of `record.claims_by_run` to the next, how many verdicts stay, and which ones turn."""
    lines = []
    for (small, before), (large, after) in itertools.pairwise(tables.items()):
        pair = turned(before, after)
        stay = pair.groupby("family").stays
        kept = [f"{stay.sum().get(each, 0)} of {stay.size().get(each, 0)} {each}" for each in ("primary", "secondary")]
        turns = pair[~pair.stays]
        newly, no_longer = turns.before == "undecided", turns.after == "undecided"
        opposite, lost = (", ".join(turns.index[rows]) or "none" for rows in (~newly & ~no_longer, no_longer))
        lines.append(
            f"- **{small} → {large}**: {' and '.join(kept)} verdicts stay. Turned into the opposite: {opposite}. "
            f"No longer decided: {lost}. Newly decided: {newly.sum()}."
        )
    return "\n".join(lines)
