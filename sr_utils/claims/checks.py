"""How much a verdict depends on: one image, one seed, the method, the schedule; and what the experiment can decide."""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from sr_utils.claims import statistics
from sr_utils.claims.judging import ALPHA, Trial, gather, intersection, judge, primary_verdicts
from sr_utils.claims.metrics import MARGIN, MARGINS, OF_LOSS
from sr_utils.claims.statistics import FIXED, Estimate
from sr_utils.claims.table import BY_ID

CHANCE = 0.8  # of finding an effect: the power that is asked for
MOST = 1000  # seeds or images; more are never needed, says a table


def robustness(*observations: pd.DataFrame) -> pd.DataFrame:
    """How many verdicts turn when one seed, or one image, is left out: a row per primary claim that has a verdict.

    Columns: `verdict`; `seeds` and `images`, how many there are to leave out; `seeds_turn` and `images_turn`, how many
    of them turn the verdict; `which`, their names; `ranks`, the uncorrected p where Wilcoxon's signed-rank test of the
    images' mean differences, which does not need them to be normal, takes the place of Student's t. Seeds are not left
    out where there are only two of them.
    """
    trials = gather(*observations)
    verdicts = primary_verdicts(trials)
    members = {id: [trials[part] for part in BY_ID[id].parts or (id,)] for id in verdicts}
    every = [trial for group in members.values() for trial in group]
    seeds = sorted({seed for trial in every for seed in trial.paired.index} - {FIXED})
    units = list(dict.fromkeys(unit for trial in every if trial.paired.shape[1] > 1 for unit in trial.paired.columns))
    needed = {trial.claim.id: trial for trial in every}
    turned = {id: {"seed": [], "image": []} for id in verdicts}
    left_out = [("seed", seed) for seed in seeds if len(seeds) > 2] + [("image", unit) for unit in units]
    for kind, one in left_out:
        rest = {id: trial.without(**{"seed" if kind == "seed" else "unit": one}) for id, trial in needed.items()}
        for id, verdict in primary_verdicts(trials | rest).items():
            if verdict != verdicts[id]:
                turned[id][kind].append(f"seed {one}" if kind == "seed" else str(one[1]))
    rows = {}
    for id, verdict in verdicts.items():
        images = {unit for trial in members[id] if trial.paired.shape[1] > 1 for unit in trial.paired.columns}
        rows[id] = {
            "verdict": verdict,
            "seeds": len(seeds) if len(seeds) > 2 else 0,
            "seeds_turn": len(turned[id]["seed"]),
            "images": len(images),
            "images_turn": len(turned[id]["image"]),
            "which": ", ".join(turned[id]["seed"] + turned[id]["image"]),
            "ranks": _ranks(members[id]),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")


class Ranks:
    """The images' mean differences by Wilcoxon's signed-rank test, in `Estimate`'s words."""

    def __init__(self, trial: Trial):
        self.means = trial.paired.mean().to_numpy()

    def above(self, value) -> float:
        return stats.wilcoxon(self.means - value, alternative="greater").pvalue

    def below(self, value) -> float:
        return stats.wilcoxon(self.means - value, alternative="less").pvalue


def _ranks(trials: list[Trial]) -> float:
    """The two-sided p of the row with these parts by ranks; a part without images keeps its own."""
    if all(trial.paired.shape[1] == 1 for trial in trials):
        return np.nan
    pairs = []
    for trial in trials:
        c = trial.claim
        ranked = trial.paired.shape[1] > 1
        pairs.append(statistics.p_values(Ranks(trial), c.expect, c.null, trial.margin) if ranked else trial.p_values())
    return min(1.0, *intersection(pairs))


def margins(table: pd.DataFrame) -> pd.DataFrame:
    """What the intervals of `judge`'s equivalence rows say at `MARGINS` of PSNR: ids × dB, uncorrected verdicts.

    A margin on a loss is the share of the reference's mean that so many dB of PSNR are. Rows in other units are left
    out: their margin is not one of PSNR.
    """
    rows = table[
        (table.expect == "same") & table.metric.isin(("psnr", "loss")) & table.low.notna() & (table.binding == "")
    ]

    def at(row, decibels: float) -> str:
        share = (10 ** (decibels / 10) - 1) / OF_LOSS if row.metric == "loss" else decibels / MARGIN
        return statistics.verdict(row.low, row.high, "same", margin=row.margin * share)

    return pd.DataFrame({m: [at(row, m) for row in rows.itertuples()] for m in MARGINS}, index=rows.index)


def power(*observations: pd.DataFrame, alpha: float = ALPHA) -> pd.DataFrame:
    """What these seeds and images can decide: a row per claim that has a verdict, at the variances observed.

    Columns: `verdict`; `unit`; `gap`, from the effect to the null (or to the margin) that has to be told apart;
    `detectable`, the smallest gap that is found with a probability of 80 % at this two-sided `alpha`; and for undecided
    rows `seeds_needed` and `images_needed`, how many of the one, the other staying as they are, would find this gap so
    (infinite where a thousand would not). An intersection stands for its weakest part. Gaps of ratios are logarithms
    to base 2.
    """
    judged, trials, rows = judge(*observations), gather(*observations), {}
    for id, row in judged[judged.p.notna()].iterrows():
        trial = trials[row.binding or id]
        c, parts, (seeds, units) = trial.claim, _variances(trial), trial.paired.shape
        effect = float(trial.paired.to_numpy().mean())
        gap = abs(abs(effect) - trial.margin) if c.expect == "same" else abs(effect - c.null)
        rows[id] = {"verdict": row.verdict, "unit": row.unit, "gap": gap,
                    "detectable": _detectable(parts, seeds, units, alpha),
                    "seeds_needed": np.nan, "images_needed": np.nan}  # fmt: skip
        if row.verdict == "undecided":
            if FIXED not in trial.paired.index:
                rows[id]["seeds_needed"] = _needed(lambda n, p=parts, u=units: _detectable(p, n, u, alpha), gap)
            if units > 1:
                rows[id]["images_needed"] = _needed(lambda n, p=parts, s=seeds: _detectable(p, s, n, alpha), gap)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")


def _variances(trial: Trial) -> tuple[float, float, float]:
    """What the variance of a single difference is made of: (of seeds, of units, of both together)."""
    d = trial.paired.to_numpy()
    seeds, units = d.shape
    of_seeds, of_units = np.square(statistics.estimate(d).errors) * (seeds, units)
    rest = 0.0
    if min(seeds, units) > 1:
        residual = d - d.mean(1, keepdims=True) - d.mean(0, keepdims=True) + d.mean()
        rest = float(np.square(residual).sum() / ((seeds - 1) * (units - 1)))
    return max(of_seeds - rest / units, 0), of_units, rest


def _detectable(variances, seeds: int, units: int, alpha: float) -> float:
    of_seeds, of_units, rest = variances
    errors = np.sqrt([(of_seeds + rest / units) / seeds, of_units / units])
    found = Estimate(np.array(0.0), errors, (max(seeds - 1, 1), max(units - 1, 1)))
    return found.half_width(1 - alpha) + found.half_width(2 * CHANCE - 1)


def _needed(detectable, gap: float) -> float:
    """The smallest number from 2 on with detectable(number) ≤ gap, or infinity."""
    low, high = 2, MOST + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if detectable(middle) <= gap else (middle + 1, high)
    return float(low) if low <= MOST else np.inf


#: How a verdict can change from one table to another.
CHANGES = ("decided by the latter alone", "decided by the former alone", "reversed")


def turned(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Two tables of `judge` compared: a row per claim that both tested, with `before`, `after`, `change` ("" = stays).

    For another schedule, other learning rates, other images. A run with one seed has no verdicts: there the side on
    which its effect lies is compared with the other run's verdict, where that is decided.
    """
    rows = {}
    for id in after.index.intersection(before.index):
        old, new = _stand(before.loc[id]), _stand(after.loc[id])
        alike = before.claim[id] == after.claim[id]
        leaning = any(each.startswith("leans") for each in (old, new))
        if not (alike and old and new) or (leaning and "undecided" in (old, new)):
            continue
        sides = [each.replace("leans to ", "") for each in (old, new)]
        change = ""
        if sides[0] != sides[1]:
            change = CHANGES[0 if old == "undecided" else 1 if new == "undecided" else 2]
        rows[id] = {"claim": after.claim[id], "family": after.family[id], "before": old, "after": new, "change": change}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["claim", "family", "before", "after", "change"])


def _stand(row) -> str:
    if row.verdict == "no verdict":
        return "leans to holds" if row.leans == "for" else "leans to does not hold"
    return "" if row.verdict == "not testable here" else row.verdict


def survivors(tables: dict[str, pd.DataFrame]) -> str:
    """Markdown: from each run of `record.claims_by_run` to the next, how many verdicts stay, and which ones change."""
    lines = []
    for (small, before), (large, after) in itertools.pairwise(tables.items()):
        pair = turned(before, after)
        first, stay = pair.family == "primary", pair.change == ""
        lines.append(
            f"- **{small} → {large}**: {(first & stay).sum()} of {first.sum()} primary verdicts stay, and "
            f"{(~first & stay).sum()} of {(~first).sum()} secondary ones."
        )
        for change in CHANGES:
            rows = pair[pair.change == change]
            said = (f"{row.Index} *{row.claim}* ({row.before} → {row.after})" for row in rows.itertuples())
            if len(rows):
                lines.append(f"  - {len(rows)} {change}: {'; '.join(said)}.")
    return "\n".join(lines)
