"""From observations to verdicts: every claim with its effect, interval, p-value and verdict."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

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
    """A claim with an arm, and what was observed: `paired` (seeds × units). `why` it gets no verdict, if so.

    Of ratios, `paired` and `null` are base-2 logarithms. `margin` is in the metric's unit.
    """

    claim: tuple  # a row of CLAIMS
    paired: pd.DataFrame | None = None
    null: float = 0.0
    margin: float = 0.0
    why: str = ""

    def p_values(self) -> tuple[float, float]:
        """(p of "holds", p of "does not hold"), each up to 2; the smaller one is two-sided."""
        if self.paired is None:
            return np.nan, np.nan
        return statistics.p_values(statistics.estimate(self.paired), self.claim.expect, self.null, self.margin)

    def agrees(self, differences) -> np.ndarray:
        """Which of these are on the claim's side of `null`, or within the margin."""
        if self.claim.expect == "same":
            return np.abs(differences) < self.margin
        return differences > self.null if self.claim.expect == "more" else differences < self.null

    def leans(self) -> bool:
        """Whether the mean alone speaks for the claim."""
        return bool(self.agrees(self.paired.to_numpy().mean()))

    def without(self, label) -> "Trial":
        """The same without this seed or unit, where it has that and others."""
        d = self.paired
        for axis, labels in enumerate(d.axes):
            if label in labels and len(labels) > 1:  # DataFrame.drop is slow on many images
                d = pd.DataFrame(np.delete(d.to_numpy(), labels.get_loc(label), axis))
        return replace(self, paired=d)


def gather(*observations: pd.DataFrame) -> dict[str, list[Trial]]:
    """The trials of every claim by id: one, or those of its parts. Raises `StudyError` for what cannot be compared."""
    every = pd.concat([observed(table) for table in observations], ignore_index=True)
    arms = dict(list(every.groupby("arm", sort=False)))
    alone = every.seed[every.seed != FIXED].nunique() == 1
    trials = {c.id: _trial(c, arms, alone) for c in CLAIMS if not c.parts}
    return {c.id: [trials[id] for id in c.parts or (c.id,)] for c in CLAIMS}


def _trial(c, arms: dict[str, pd.DataFrame], alone: bool) -> Trial:
    named = [arm for arm in (c.arm, c.reference) if arm]
    for arm in named:
        if arm not in arms or c.metric not in arms[arm] or arms[arm][c.metric].isna().all():
            return Trial(c, why=_absent(arm, c.metric, arms))
    paired, null = statistics.paired(pd.concat([arms[arm] for arm in named]), c.arm, c.reference, c.metric), c.null
    if METRICS.scale[c.metric] == "ratio":
        paired, null = np.log2(paired), np.log2(null)
    margin = c.margin * (arms[c.reference].loss.mean() if c.metric == "loss" else 1)
    why = "one image" if paired.size == 1 else ""
    return Trial(c, paired, null, margin, ALONE if alone or (len(paired) == 1 and FIXED not in paired.index) else why)


def _absent(arm: str, metric: str, arms) -> str:
    if arm == FURTHEST:
        return "one seed has no distance between two seeds" if arm in arms else "the pictures were not compared"
    if arm in arms:
        return f"{METRICS.name[metric]} of {arm} was not measured"
    if " ~ " in arm:
        return "the pictures were not compared"
    return f"there are no curves of {arm.replace(' against ', ' and ')}" if " against " in arm else f"{arm} was not run"


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
    table = pd.DataFrame([_row(c, trials[c.id]) for c in CLAIMS]).set_index("id")
    if study is not None:
        table = table[(table.study == study) & (table.parts == "")]
    table["p_holm"] = table["q"] = np.nan
    table["verdict"] = np.where(table.effect.notna(), "no verdict", "not testable here")
    if study is not None:
        return table.assign(why=table.why.where(table.p.isna(), ELSEWHERE))
    for family, column, correct in FAMILIES:
        members = table.index[table.p.notna() & (table.family == family)]
        if len(members):
            table.loc[members, [column, "verdict"]] = verdicts({id: trials[id] for id in members}, correct).to_numpy()
    return table.astype({"p_holm": float, "q": float})


def verdicts(trials: dict[str, list[Trial]], correct=statistics.holm) -> pd.DataFrame:
    """`adjusted` p and `verdict` of a family: that of the smaller of the two p-values, where it is below 0.05."""
    both = pd.DataFrame([intersection(t.p_values() for t in parts) for parts in trials.values()], index=list(trials))
    adjusted = correct(both.min(axis=1).clip(upper=1).to_numpy())
    verdict = np.where(adjusted >= ALPHA, "undecided", np.where(both[0] < both[1], "holds", "does not hold"))
    return pd.DataFrame({"adjusted": adjusted, "verdict": verdict}, index=both.index)


def intersection(pairs) -> tuple[float, float]:
    """(p of "holds", p of "does not hold") of several claims at once, from those of each."""
    holds, fails = np.transpose(list(pairs))
    return float(holds.max()), float(fails.min() * len(fails))


def _row(c, parts: list[Trial]) -> dict:
    """What the table says of a claim: its line of claims.csv, and what was found of it, or of its weakest part."""
    row = c._asdict() | {"parts": " ".join(c.parts), "leans": "", "seeds": 0, "units": 0, "covers": "", "binding": ""}
    row |= dict.fromkeys(("effect", "low", "high", "better_share", "p"), np.nan)
    absent = [part.why for part in parts if part.paired is None]
    if absent:
        return row | {"why": absent[0]}
    pairs = np.array([part.p_values() for part in parts])
    with np.errstate(divide="ignore"):
        against = np.log(pairs[:, 0]) - np.log(pairs[:, 1])  # exact where either is tiny
    weakest = parts[int(np.where(np.isnan(against), -np.inf, against).argmax())]
    why, d = next((part.why for part in parts if part.why), ""), weakest.paired.to_numpy()
    interval, ratio = statistics.interval(d), METRICS.scale[weakest.claim.metric] == "ratio"
    row |= {key: getattr(weakest.claim, key) for key in ("expect", "metric", "unit", "quantity", "null")}
    row |= zip(("effect", "low", "high"), (2**x if ratio else x for x in interval), strict=True)
    return row | {
        "margin": weakest.margin, "better_share": float(weakest.agrees(d).mean()), "seeds": len(d), "units": d.shape[1],
        "covers": _covers(weakest), "binding": weakest.claim.id if c.parts else "", "why": why,
        "leans": "for" if all(part.leans() for part in parts) else "against",
        "p": np.nan if why else min(1.0, *intersection(pairs)),
    }  # fmt: skip


def _covers(trial: Trial) -> str:
    seeds, units = trial.paired.shape
    images = f"{units:,} {'ripples' if trial.claim.metric == 'response' else 'images'}"
    if FIXED in trial.paired.index:
        return images
    if units == 1:
        return f"{seeds} seeds" if seeds > 1 else ALONE
    return f"{seeds} seeds × {images}" if seeds > 1 else f"{images}, {ALONE}"
