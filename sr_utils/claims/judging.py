"""From observations to verdicts: every claim with its effect, interval, p-value and verdict."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from sr_utils import StudyError
from sr_utils.claims import statistics
from sr_utils.claims.derived import observed
from sr_utils.claims.metrics import METRICS
from sr_utils.claims.statistics import FIXED
from sr_utils.claims.table import CLAIMS, FURTHEST, Claim

ALPHA = 1 - statistics.LEVEL
ALONE = "one seed"  # why there is no verdict
ELSEWHERE = "judged among all claims in 06"


@dataclass(frozen=True)
class Trial:
    """A claim with an arm, and what was observed of it: `paired` (seeds × units), or `why` there is nothing."""

    claim: Claim
    paired: pd.DataFrame | None = None
    margin: float = 0.0
    why: str = ""

    @property
    def one_seed(self) -> bool:
        """Whether a second seed could have told another story; interpolations have none to vary."""
        return self.paired is not None and len(self.paired) == 1 and FIXED not in self.paired.index

    @property
    def measurable(self) -> bool:
        """Whether there is an interval at all."""
        return self.paired is not None and self.paired.size > 1

    def p_values(self) -> tuple[float, float]:
        """(p of "holds", p of "does not hold"), each up to 2; the smaller one is two-sided."""
        c = self.claim
        return statistics.p_values(statistics.estimate(self.paired), c.expect, c.null, self.margin)

    def without(self, seed=None, unit=None) -> "Trial":
        """The same without one seed, or without one unit, where it has them."""
        rest = self.paired
        if seed in rest.index and len(rest) > 1:
            rest = rest.drop(index=seed)
        if unit in rest.columns and rest.shape[1] > 1:
            place = rest.columns.get_loc(unit)
            left = np.delete(rest.to_numpy(), place, axis=1)
            rest = pd.DataFrame(left, rest.index, rest.columns.delete(place))
        return replace(self, paired=rest)


def gather(*observations: pd.DataFrame) -> dict[str, Trial]:
    """A trial for every claim that has an arm, by id. Raises `StudyError` for scores that cannot be compared."""
    seen = pd.concat([observed(table) for table in observations], ignore_index=True)
    return {c.id: _gather_one(c, seen) for c in CLAIMS if not c.parts}


def _gather_one(c: Claim, seen: pd.DataFrame) -> Trial:
    known = seen[seen[c.metric].notna()] if c.metric in seen else seen[:0]
    for arm in filter(None, (c.arm, c.reference)):
        if arm not in set(known.arm):
            return Trial(c, why=_absent(arm, c.metric, seen))
    margin = c.margin
    if c.metric == "loss":
        margin *= known.loss[known.arm == c.reference].mean()
    paired = statistics.paired(known, c.arm, c.reference, c.metric)
    if not np.isfinite(paired.to_numpy()).all():
        raise StudyError(
            f"{c.id} has a {METRICS[c.metric].name} that is not finite; an infinite PSNR means that SR equals HR."
        )
    return Trial(c, paired, margin, ALONE if len(paired) == 1 and FIXED not in paired.index else "")


def _absent(arm: str, metric: str, seen: pd.DataFrame) -> str:
    if arm == FURTHEST and METRICS[metric].ratio and arm in set(seen.arm):
        return "with one seed there is no distance between seeds"
    if arm in set(seen.arm):
        return f"{arm} has no {METRICS[metric].name}"
    made = any(word in arm for word in (" ~ ", " against ", FURTHEST))  # of other arms' runs
    return f"there are no curves or likeness of {arm}" if made else f"{arm} was not run"


def judge(*observations: pd.DataFrame, study: int | None = None) -> pd.DataFrame:
    """Every claim with its effect, interval and verdict: a row per claim, indexed by id.

    Parameters
    ----------
    observations : tables with the columns `arm`, `seed`, `set`, `image` and one per metric; `curves`, sweeps over
        `strength` and `likeness` are taken as they are (see `derived.observed`).
    study : only the rows of that notebook, without verdicts: a correction is over all claims, so verdicts stand in 06.

    Columns
    -------
    family : "primary" or "secondary". A primary row's `verdict` is by Holm's adjusted `p_holm` over all primary rows
        that were tested, a secondary one's by Benjamini and Hochberg's (1995) `q` over all secondary ones; 0.05 each.
    effect, low, high, p : the mean (of ratios the geometric one), its 95 % interval, and the two-sided p of whichever
        of "holds" and "does not hold" is nearer. An intersection (`parts`) holds with the largest p among its parts',
        and does not hold with the smallest of theirs times their number. It shows the effect and interval of its
        `binding` part: the one that speaks least for the claim.
    better_share : in which share of the seed × image pairs the difference is on the claim's side of `null`, or for
        "same" inside the margin.
    verdict : "holds", "does not hold", "undecided", "no verdict" (`why`: one seed) or "not testable here" (`why`).
    leans : whether the effect alone speaks "for" or "against" the claim; for runs without a verdict.
    seeds, units, covers : what the interval speaks of.
    parts : of an intersection, their ids with blanks between; `part_of` is the way back.
    null, margin, expect, metric, unit, quantity, claim, original, published, note, control, study : from the
        table of claims; `margin` is in the metric's unit, `quantity` says that `effect` is no difference.
    """
    trials = gather(*observations)
    whole = {part: c.id for c in CLAIMS for part in c.parts}
    rows, both = {}, {}
    for c in CLAIMS:
        if study not in (None, c.study) or (study and c.parts):
            continue
        rows[c.id], both[c.id] = _intersection(c, trials) if c.parts else _single(trials[c.id])
        rows[c.id]["part_of"] = whole.get(c.id, "")
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")
    decide = table.why == ""
    table["p"] = [min(1.0, *both[id]) if ok else np.nan for id, ok in decide.items()]
    table["p_holm"] = table["q"] = np.nan
    table["verdict"] = np.where(table.effect.notna(), "no verdict", "not testable here")
    if study:
        table["why"] = table.why.where(~decide, ELSEWHERE)
        return table
    for family, column, correct in (
        ("primary", "p_holm", statistics.holm),
        ("secondary", "q", stats.false_discovery_control),
    ):
        members = decide & (table.family == family)
        if members.any():
            table.loc[members, column] = correct(table.p[members].to_numpy())
    adjusted = table.p_holm.fillna(table.q)
    for id in table.index[decide]:
        table.loc[id, "verdict"] = decided(adjusted[id], *both[id])
    return table


def decided(adjusted: float, holds: float, fails: float) -> str:
    """The verdict of an adjusted p: which of the two p-values is smaller, where it is below 0.05."""
    return "undecided" if adjusted >= ALPHA else "holds" if holds < fails else "does not hold"


def primary_verdicts(trials: dict[str, Trial]) -> dict[str, str]:
    """The verdicts of the primary rows alone, by id, of those that can have one."""
    both = {}
    for c in CLAIMS:
        parts = [trials[id] for id in c.parts or (c.id,)] if c.original else []
        if parts and all(part.measurable and not part.one_seed for part in parts):
            both[c.id] = intersection(part.p_values() for part in parts)
    adjusted = statistics.holm([min(1.0, *pair) for pair in both.values()])
    return {id: decided(p, *pair) for (id, pair), p in zip(both.items(), adjusted, strict=True)}


def intersection(pairs) -> tuple[float, float]:
    """(p of "holds", p of "does not hold") of several claims at once, from those of each."""
    holds, fails = np.transpose(list(pairs))
    return float(holds.max()), float(fails.min() * len(fails))


def _single(trial: Trial) -> tuple[dict, tuple[float, float]]:
    c, row = trial.claim, _described(trial.claim) | {"margin": trial.margin, "why": trial.why}
    if trial.paired is None:
        return row, (np.nan, np.nan)
    d = trial.paired.to_numpy()
    row |= {"effect": float(d.mean()), "seeds": len(d), "units": d.shape[1], "covers": _covers(trial)}
    agrees = {"more": np.greater(d, c.null), "less": np.less(d, c.null), "same": np.abs(d) < trial.margin}[c.expect]
    mean = {"more": row["effect"] > c.null, "less": row["effect"] < c.null, "same": abs(row["effect"]) < trial.margin}
    row |= {"better_share": float(agrees.mean()), "leans": "for" if mean[c.expect] else "against"}
    both = (np.nan, np.nan)
    if trial.measurable:
        both, (_, row["low"], row["high"]) = trial.p_values(), statistics.interval(d)
    if METRICS[c.metric].ratio:
        row |= {key: float(2 ** row[key]) for key in ("effect", "low", "high")}
    return row, both


def _intersection(c: Claim, trials: dict[str, Trial]) -> tuple[dict, tuple[float, float]]:
    row, parts = _described(c), [trials[id] for id in c.parts]
    absent = next((part.why for part in parts if part.paired is None), "")
    if absent:
        return row | {"why": absent}, (np.nan, np.nan)
    pairs = [part.p_values() if part.measurable else (np.nan, np.nan) for part in parts]
    with np.errstate(divide="ignore"):
        against = [np.log(holds) - np.log(fails) for holds, fails in pairs]  # exact where either is tiny
    binding = int(np.nanargmax(against)) if not np.isnan(against).all() else 0
    shown = ("expect", "metric", "unit", "quantity", "null", "margin", "effect", "low", "high", "better_share")
    rows = [_single(part)[0] for part in parts]
    row |= {key: rows[binding][key] for key in (*shown, "seeds", "units", "covers")}
    row |= {"binding": c.parts[binding], "why": next((part.why for part in parts if part.why), "")}
    row["leans"] = "for" if all(r["leans"] == "for" for r in rows) else "against"
    return row, intersection(pairs)


def _described(c: Claim) -> dict:
    metric = METRICS[c.metric]
    words = {key: getattr(c, key) for key in ("family", "study", "original", "published", "note", "control", "expect")}
    numbers = dict.fromkeys(("effect", "low", "high", "better_share"), np.nan)
    return {
        **words, **numbers, "claim": c.text, "parts": " ".join(c.parts), "metric": c.metric, "unit": metric.unit,
        "quantity": not c.reference and c.metric != "epochs", "null": 2**c.null if metric.ratio else c.null,
        "margin": c.margin, "leans": "", "seeds": 0, "units": 0, "covers": "", "binding": "", "why": "",
    }  # fmt: skip


def _covers(trial: Trial) -> str:
    seeds, units = trial.paired.shape
    images = f"{units:,} images" if trial.claim.metric != "response" else f"{units:,} ripples"
    if FIXED in trial.paired.index:
        return images
    if units == 1:
        return f"{seeds} seeds" if seeds > 1 else ALONE
    return f"{seeds} seeds × {images}" if seeds > 1 else f"{images}, {ALONE}"
