"""From observations to verdicts: every claim with its effect, interval, p-value and verdict."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from sr_utils import StudyError
from sr_utils.claims import statistics
from sr_utils.claims.derived import observed
from sr_utils.claims.statistics import FIXED
from sr_utils.claims.table import CLAIMS, FURTHEST, METRICS

ALPHA = 1 - statistics.LEVEL
ALONE = "one seed"  # why there is no verdict
ELSEWHERE = "judged among all claims in 06"
FAMILIES = (("primary", "p_holm", statistics.holm), ("secondary", "q", stats.false_discovery_control))


@dataclass(frozen=True)
class Trial:
    """A claim with an arm, and what was observed: `paired` (seeds × units). `why` it gets no verdict, if so."""

    claim: tuple  # a row of CLAIMS
    paired: pd.DataFrame | None = None
    margin: float = 0.0
    why: str = ""

    @property
    def measurable(self) -> bool:
        """Whether there is an interval."""
        return self.paired is not None and self.paired.size > 1

    def p_values(self) -> tuple[float, float]:
        """(p of "holds", p of "does not hold"), each up to 2; the smaller one is two-sided."""
        if not self.measurable:
            return np.nan, np.nan
        return statistics.p_values(statistics.estimate(self.paired), self.claim.expect, self.claim.null, self.margin)

    def without(self, label) -> "Trial":
        """The same without this seed or unit, where it has that and others."""
        d = self.paired
        for axis, labels in enumerate(d.axes):
            if label in labels and len(labels) > 1:  # DataFrame.drop is slow on many images
                d = pd.DataFrame(np.delete(d.to_numpy(), labels.get_loc(label), axis))
        return replace(self, paired=d)


def gather(*observations: pd.DataFrame) -> dict[str, Trial]:
    """A trial for every claim that has an arm, by id. Raises `StudyError` for scores that cannot be compared."""
    seen = pd.concat([observed(table) for table in observations], ignore_index=True)
    return {c.id: _trial(c, seen) for c in CLAIMS if not c.parts}


def _trial(c, seen: pd.DataFrame) -> Trial:
    known = seen[seen[c.metric].notna()] if c.metric in seen else seen[:0]
    arms = set(known.arm)
    for arm in filter(None, (c.arm, c.reference)):
        if arm not in arms:
            return Trial(c, why=_absent(arm, c.metric, set(seen.arm)))
    paired = statistics.paired(known, c.arm, c.reference, c.metric)
    if not np.isfinite(paired.to_numpy()).all():
        raise StudyError(
            f"{c.id} has a {METRICS[c.metric].name} that is not finite; an infinite PSNR means that SR equals HR."
        )
    margin = c.margin * (known.loss[known.arm == c.reference].mean() if c.metric == "loss" else 1)
    return Trial(c, paired, margin, ALONE if len(paired) == 1 and FIXED not in paired.index else "")


def _absent(arm: str, metric: str, arms: set) -> str:
    if arm in arms:
        alone = arm == FURTHEST and METRICS[metric].ratio
        return "with one seed there is no distance between seeds" if alone else f"{arm} has no {METRICS[metric].name}"
    made = any(word in arm for word in (" ~ ", " against ", FURTHEST))  # of other arms' runs
    return f"there are no curves or likeness of {arm}" if made else f"{arm} was not run"


def judge(*observations: pd.DataFrame, study: int | None = None) -> pd.DataFrame:
    """Every claim with its effect, interval and verdict: a row per claim, indexed by id, with all of `CLAIMS`' columns.

    `observations` are tables with the columns `arm`, `seed`, `set`, `image` and one per metric; `curves`, sweeps over
    `strength` and `likeness` are taken as they are (see `derived.observed`). `study` asks for the rows of that
    notebook only, without verdicts: a correction is over all claims, so verdicts stand in 06.

    Columns
    -------
    effect, low, high, p : the mean (of ratios the geometric one), its 95 % interval, and the two-sided p of whichever
        of "holds" and "does not hold" is nearer. An intersection (`parts`) holds with the largest p among its parts',
        and does not hold with the smallest of theirs times their number. It shows the effect and interval of its
        `binding` part: the one that speaks least for the claim.
    verdict : "holds", "does not hold", "undecided", "no verdict" (`why`: one seed) or "not testable here" (`why`). By
        Holm's `p_holm` over all primary rows that were tested, by Benjamini and Hochberg's (1995) `q` over all
        secondary ones; 0.05 each. `leans` says whether the effect alone speaks "for" or "against" the claim.
    better_share : in which share of the seed × image pairs the difference is on the claim's side of `null`, or for
        "same" inside the margin. `seeds`, `units` and `covers` say what the interval speaks of.
    null, margin, unit, quantity : as effects are printed; `quantity` says that `effect` is no difference.
    """
    trials = gather(*observations)
    chosen = [c for c in CLAIMS if study is None or (study == c.study and not c.parts)]
    rows = {c.id: _single(trials[c.id]) for c in chosen if not c.parts}
    both = {id: trials[id].p_values() for id in rows}
    for c in chosen:
        if c.parts:
            parts = [trials[id] for id in c.parts]
            rows[c.id] = _intersection(c, parts, [rows[id] for id in c.parts], [both[id] for id in c.parts])
            both[c.id] = intersection(both[id] for id in c.parts)
    table = pd.DataFrame([rows[c.id] for c in chosen], pd.Index([c.id for c in chosen], name="id"))
    decide = table.why == ""
    table["p"] = [min(1.0, *both[id]) if ok else np.nan for id, ok in decide.items()]
    table["p_holm"] = table["q"] = np.nan
    table["verdict"] = np.where(table.effect.notna(), "no verdict", "not testable here")
    if study:
        return table.assign(why=table.why.where(~decide, ELSEWHERE))
    for family, column, correct in FAMILIES:
        members = table.index[decide & (table.family == family)]
        if len(members):
            table.loc[members, column] = adjusted = correct(table.p[members].to_numpy())
            table.loc[members, "verdict"] = [decided(p, *both[id]) for id, p in zip(members, adjusted, strict=True)]
    return table


def decided(adjusted: float, holds: float, fails: float) -> str:
    """The verdict of an adjusted p: which of the two p-values is smaller, where it is below 0.05."""
    return "undecided" if adjusted >= ALPHA else "holds" if holds < fails else "does not hold"


def primary_verdicts(trials: dict[str, Trial]) -> dict[str, str]:
    """The verdicts of the primary rows alone, by id, of those that can have one."""
    both = {}
    for c in CLAIMS:
        parts = [trials[id] for id in c.parts or (c.id,)] if c.original else []
        if parts and all(part.measurable and not part.why for part in parts):
            both[c.id] = intersection(part.p_values() for part in parts)
    adjusted = statistics.holm([min(1.0, *pair) for pair in both.values()])
    return {id: decided(p, *pair) for (id, pair), p in zip(both.items(), adjusted, strict=True)}


def intersection(pairs) -> tuple[float, float]:
    """(p of "holds", p of "does not hold") of several claims at once, from those of each."""
    holds, fails = np.transpose(list(pairs))
    return float(holds.max()), float(fails.min() * len(fails))


def _row(c, **found) -> dict:
    """What the table says of every claim, and what was found of this one."""
    metric, nothing = METRICS[c.metric], dict.fromkeys(("effect", "low", "high", "better_share"), np.nan)
    words = {key: getattr(c, key) for key in ("family", "study", "original", "published", "note", "control", "expect")}
    return words | nothing | {
        "claim": c.claim, "parts": " ".join(c.parts), "metric": c.metric, "unit": metric.unit,
        "quantity": not c.reference and c.metric != "epochs", "null": 2**c.null if metric.ratio else c.null,
        "margin": c.margin, "leans": "", "seeds": 0, "units": 0, "covers": "", "binding": "", "why": "",
        "part_of": c.part_of,
    } | found  # fmt: skip


def _single(trial: Trial) -> dict:
    c = trial.claim
    if trial.paired is None:
        return _row(c, margin=trial.margin, why=trial.why)
    d = trial.paired.to_numpy()
    mean, *ends = statistics.interval(d) if trial.measurable else (d.mean(), np.nan, np.nan)
    *agrees, leans = _on_side(np.append(d, mean), c, trial.margin)
    effect, low, high = (2**x if METRICS[c.metric].ratio else x for x in (mean, *ends))
    return _row(
        c, margin=trial.margin, why=trial.why, effect=effect, low=low, high=high, better_share=float(np.mean(agrees)),
        leans="for" if leans else "against", seeds=len(d), units=d.shape[1], covers=_covers(trial),
    )  # fmt: skip


def _on_side(differences: np.ndarray, c, margin: float) -> np.ndarray:
    if c.expect == "same":
        return np.abs(differences) < margin
    return differences > c.null if c.expect == "more" else differences < c.null


def _intersection(c, parts: list[Trial], rows: list[dict], pairs: list[tuple]) -> dict:
    absent = next((part.why for part in parts if part.paired is None), "")
    if absent:
        return _row(c, why=absent)
    with np.errstate(divide="ignore"):
        against = [np.log(holds) - np.log(fails) for holds, fails in pairs]  # exact where either is tiny
    binding = int(np.nanargmax(against)) if not np.isnan(against).all() else 0
    shown = ("expect", "metric", "unit", "quantity", "null", "margin", "effect", "low", "high", "better_share")
    found = {key: rows[binding][key] for key in (*shown, "seeds", "units", "covers")}
    leans = "for" if all(row["leans"] == "for" for row in rows) else "against"
    why = next((part.why for part in parts if part.why), "")
    return _row(c, **found, binding=c.parts[binding], why=why, leans=leans)


def _covers(trial: Trial) -> str:
    seeds, units = trial.paired.shape
    images = f"{units:,} {'ripples' if trial.claim.metric == 'response' else 'images'}"
    if FIXED in trial.paired.index:
        return images
    if units == 1:
        return f"{seeds} seeds" if seeds > 1 else ALONE
    return f"{seeds} seeds × {images}" if seeds > 1 else f"{images}, {ALONE}"
