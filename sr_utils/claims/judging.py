"""From observations to verdicts: every claim with its effect, interval, p-value and verdict."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sr_utils.claims import statistics
from sr_utils.claims.observations import observed
from sr_utils.claims.statistics import FIXED, LEVEL
from sr_utils.claims.table import CLAIMS, FURTHEST, METRICS
from sr_utils.models.arms import ARMS

ALPHA = 1 - LEVEL
ONE_SEED = "one seed"  # why there is no verdict
FAMILIES = (("primary", "p_holm", statistics.holm), ("secondary", "q", stats.false_discovery_control))


@dataclass(frozen=True)
class Trial:
    """A claim with an arm, and what was observed of it. Of ratios, `paired` and `null` are base-2 logarithms."""

    claim: tuple  # a row of CLAIMS
    paired: pd.DataFrame | None = None  # seeds × units
    null: float = 0.0
    margin: float = 0.0  # of "same", in the metric's unit
    why: str = ""  # it gets no verdict

    def p_values(self) -> tuple[float, float]:
        """(p of "holds", p of "does not hold"), each up to 2; the smaller one is two-sided."""
        if self.claim.estimator == "share":
            return tuple(2 * self._counted(side).pvalue for side in ("greater", "less"))
        return statistics.p_values(statistics.estimate(self._rows()), self.claim.expect, self.null, self.margin)

    def interval(self, level: float = LEVEL) -> tuple[float, float, float]:
        """(effect, low, high) as they are printed: of ratios the geometric mean, of shares the exact interval."""
        if self.claim.estimator == "share":
            test = self._counted()
            return test.statistic, *(test.proportion_ci(level) if test.n > 1 else (np.nan, np.nan))
        interval = statistics.interval(self._rows(), level)
        return tuple(2**x for x in interval) if METRICS.scale[self.claim.metric] == "ratio" else interval

    def _rows(self) -> np.ndarray:
        d = self.paired.to_numpy()
        return statistics.pseudo_values(d) if self.claim.estimator == "jackknife" else d

    def _counted(self, alternative: str = "two-sided"):
        """SciPy's binomial test of how many seeds are as expected, against half of them."""
        as_expected = self.agrees(self.paired.mean(axis=1))
        return stats.binomtest(int(as_expected.sum()), len(as_expected), alternative=alternative)

    def agrees(self, differences) -> np.ndarray:
        """Which of these are on the claim's side of `null`, or within the margin."""
        if self.claim.expect == "same":
            return np.abs(differences) < self.margin
        return differences > self.null if self.claim.expect == "more" else differences < self.null

    def as_expected(self) -> float:
        """In which share of the seeds the mean difference agrees; without seeds, of the units."""
        each = self.paired.loc[FIXED] if FIXED in self.paired.index else self.paired.mean(axis=1)
        return float(np.mean(self.agrees(each)))

    def leans(self) -> bool:
        """Whether the effect alone speaks for the claim."""
        if self.claim.estimator == "share":
            return self.as_expected() > 0.5
        return bool(self.agrees(self.paired.to_numpy().mean()))

    def covers(self) -> str:
        """What the interval speaks of: "5 seeds × 119 images"."""
        seeds, units = self.paired.shape
        images = f"{units:,} {'ripples' if self.claim.metric == 'response' else 'images'}"
        if FIXED in self.paired.index:
            return images
        named = f"{seeds} seeds" if seeds > 1 else ONE_SEED
        if units == 1 or self.claim.estimator == "share":
            return named
        return f"{named} × {images}" if seeds > 1 else f"{images}, {named}"


def gather(*observations: pd.DataFrame) -> dict[str, list[Trial]]:
    """The trials of every claim by id: one, or those of its parts. Raises `StudyError` for what cannot be compared."""
    every = pd.concat([observed(table) for table in observations], ignore_index=True)
    arms = dict(list(every.groupby("arm", sort=False)))
    one_seed = every.seed[every.seed != FIXED].nunique() == 1
    trials = {c.id: _trial(c, arms, one_seed) for c in CLAIMS if not c.parts}
    return {c.id: [trials[id] for id in c.parts or (c.id,)] for c in CLAIMS}


def _trial(c, arms: dict[str, pd.DataFrame], one_seed: bool) -> Trial:
    named = [arm for arm in (c.arm, c.reference) if arm]
    for arm in named:
        if arm not in arms or c.metric not in arms[arm] or arms[arm][c.metric].isna().all():
            return Trial(c, why=_absent(arm, c.metric, arms))
    paired, null = statistics.paired(pd.concat([arms[arm] for arm in named]), c.arm, c.reference, c.metric), c.null
    if METRICS.scale[c.metric] == "ratio":
        paired, null = np.log2(paired), np.log2(null)
    margin = c.margin * (arms[c.reference].loss.mean() if c.metric == "loss" else 1)
    if c.expect != "same":
        null, margin = null + (margin if c.expect == "more" else -margin), 0.0
    why = "one image" if paired.size == 1 else ""
    why = "two seeds" if c.estimator == "jackknife" and len(paired) < 3 else why
    why = ONE_SEED if one_seed or (len(paired) == 1 and FIXED not in paired.index) else why
    return Trial(c, paired, null, margin, why)


def _absent(arm: str, metric: str, arms) -> str:
    network = max((label for label in ARMS if arm.startswith(label)), key=len, default="")
    named = arm.replace(network, ARMS[network].name) if network else arm
    if arm not in arms:
        return "the pictures were not compared" if " ~ " in arm or arm == FURTHEST else f"{named} was not run"
    if arm == FURTHEST:
        return "one seed has no distance between two seeds"
    reached = metric.startswith("epochs_") and metric in arms[arm] and "area" in arms[arm]
    return f"no run of {named} came down to it" if reached else f"{METRICS.name[metric]} of {named} was not measured"


def judge(*observations: pd.DataFrame, study: int | None = None) -> pd.DataFrame:
    """Every claim with its effect, interval and verdict: a row per claim, indexed by id, with all of `CLAIMS`' columns.

    `observations` are tables that `observations.observed` reads. `study` asks for the rows of that notebook only,
    without verdicts: a correction is over all claims.

    Columns
    -------
    effect, low, high, p : the mean (of ratios the geometric one), its 95 % interval, and the two-sided p of whichever
        of "holds" and "does not hold" is nearer. An intersection (`parts`) holds with the largest p among its parts',
        and fails with the smallest of theirs times their number. It shows its `binding` part, its weakest.
    verdict : "holds", "does not hold", "undecided", "no verdict" (`why`: one seed) or "not testable here" (`why`). By
        Holm's `p_holm` over all primary rows that were tested, by Benjamini and Hochberg's (1995) `q` over all
        secondary ones; 0.05 each. `leans`: the effect alone speaks "for" or "against" the claim.
    level, corrected_low, corrected_high : the interval that decides as the corrected p does.
    as_expected : the share of the seeds whose difference is as claimed. `covers`: what the interval speaks of.
    null, margin, unit, quantity : as effects are printed; `quantity` says that `effect` is no difference.
    """
    trials = gather(*observations)
    table = pd.DataFrame([_row(c, trials[c.id]) for c in CLAIMS]).set_index("id")
    table[["p_holm", "q", "level", "corrected_low", "corrected_high"]] = np.nan
    table["verdict"] = np.where(table.effect.notna(), "no verdict", "not testable here")
    if study is not None:
        return table[(table.study == study) & (table.parts == "")]
    for family, column, correct in FAMILIES:
        members = table.index[table.p.notna() & (table.family == family)]
        if len(members):
            found = verdicts({id: trials[id] for id in members}, correct)
            table.loc[members, [column, "verdict", "level"]] = found.to_numpy()
            for id, level in found.level.items():
                table.loc[id, ["corrected_low", "corrected_high"]] = weakest(trials[id]).interval(level)[1:]
    return table.astype(dict.fromkeys(["p_holm", "q", "level"], float))


def verdicts(trials: dict[str, list[Trial]], correct=statistics.holm) -> pd.DataFrame:
    """`adjusted` p and `verdict` of a family: that of the smaller of the two p-values, where it is below 0.05.

    An interval at `level` decides in the same way: an intersection is refuted by one part, tested at its share.
    """
    both = pd.DataFrame([intersection(t.p_values() for t in parts) for parts in trials.values()], index=list(trials))
    smaller = both.min(axis=1).clip(upper=1).to_numpy()
    adjusted = correct(smaller)
    verdict = np.where(adjusted >= ALPHA, "undecided", np.where(both[0] < both[1], "holds", "does not hold"))
    parts = np.where(both[0] < both[1], 1, [len(each) for each in trials.values()])
    level = 1 - statistics.tested_at(smaller, adjusted, ALPHA, correct is statistics.holm) / parts
    return pd.DataFrame({"adjusted": adjusted, "verdict": verdict, "level": level}, index=both.index)


def intersection(pairs) -> tuple[float, float]:
    """(p of "holds", p of "does not hold") of several claims at once, from those of each."""
    holds, fails = np.transpose(list(pairs))
    return float(holds.max()), float(fails.min() * len(fails))


def weakest(parts: list[Trial]) -> Trial:
    """The part that speaks least for the claim; without p-values, one whose effect alone speaks against it."""
    with np.errstate(divide="ignore"):
        holds, fails = np.log(np.transpose([part.p_values() for part in parts]))  # exact where either is tiny
    unknown = [-np.inf if part.leans() else np.inf for part in parts]
    return parts[int(np.where(np.isnan(holds - fails), unknown, holds - fails).argmax())]


def _row(c, parts: list[Trial]) -> dict:
    row = c._asdict() | {"parts": " ".join(c.parts), "leans": "", "seeds": 0, "units": 0, "covers": "", "binding": ""}
    row |= dict.fromkeys(("effect", "low", "high", "as_expected", "p"), np.nan)
    absent = [part.why for part in parts if part.paired is None]
    if absent:
        return row | {"why": absent[0]}
    shown, why = weakest(parts), next((part.why for part in parts if part.why), "")
    row |= {key: getattr(shown.claim, key) for key in ("expect", "metric", "unit", "quantity", "estimator")}
    row |= zip(("effect", "low", "high"), shown.interval(), strict=True)
    null = {"share": 0.5}.get(shown.claim.estimator, shown.null)
    ratio = METRICS.scale[shown.claim.metric] == "ratio"
    return row | {
        "null": 2**null if ratio else null, "margin": shown.margin, "as_expected": shown.as_expected(),
        "seeds": len(shown.paired), "units": shown.paired.shape[1], "covers": shown.covers(), "why": why,
        "binding": shown.claim.id if c.parts else "",
        "leans": "for" if all(part.leans() for part in parts) else "against",
        "p": np.nan if why else min(1.0, *intersection(part.p_values() for part in parts)),
    }  # fmt: skip
