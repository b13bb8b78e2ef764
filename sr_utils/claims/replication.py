"""A reader's run beside the recorded ones: where do recorded seeds put the effect of a new seed?"""

import numpy as np
import pandas as pd
from scipy import stats

from sr_utils.claims.judging import judge

LEVEL = 0.95


def prediction(recorded: dict[str, pd.DataFrame], others: int = 1) -> pd.DataFrame:
    """Where the mean effect of `others` new seeds lies, by Student's prediction interval: a row per claim.

    `recorded` are tables as `record.tables` returns them. Columns `mean` of the recorded seeds' effects, `low`, `high`,
    `seeds`. Another run of the same experiment lies within `low` and `high` in 95 % of cases, whatever the effect; a
    confidence interval would be narrower, since it is about the mean. Claims that a single seed cannot answer are left
    out.
    """
    seeds = sorted(set(recorded["scores"].seed) - {-1})
    effects = pd.DataFrame({seed: judge(*_of(recorded, seed)).effect for seed in seeds}).dropna()
    count, spread = effects.shape[1], effects.std(axis=1, ddof=1)
    reach = stats.t.ppf((1 + LEVEL) / 2, max(1, count - 1)) * spread * np.sqrt(1 / count + 1 / others)
    mean = effects.mean(axis=1)
    return pd.DataFrame({"mean": mean, "low": mean - reach, "high": mean + reach, "seeds": count})


def _of(tables: dict[str, pd.DataFrame], seed: int) -> list[pd.DataFrame]:
    rows = [table[table.seed.isin((seed, -1))] for table in tables.values()]
    return [table[table.other_seed == seed] if "other_seed" in table else table for table in rows]


def beside(judged: pd.DataFrame, recorded: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The effects of a reader's run, `judge`'s table, beside `prediction`'s: a row per claim that both can answer.

    Columns `effect`, those of `prediction`, and `inside`. Rows are sorted by their distance from `mean`, in units of
    half the interval; the furthest is the first.
    """
    others = max(1, int(judged.seeds.max()))
    table = prediction(recorded, others).join(judged[["claim", "unit", "effect"]], how="inner").dropna()
    table["inside"] = table.effect.between(table.low, table.high)
    away = (table.effect - table["mean"]).abs() / (table.high - table.low).clip(lower=1e-12)
    return table.iloc[np.argsort(-away.to_numpy(), kind="stable")]


def sentence(table: pd.DataFrame, trainings: int) -> str:
    """One line: "21 trainings; 86 of 89 effects lie where five recorded seeds put them (expected: 85); furthest: …"."""
    seeds, inside = table.seeds.max(), int(table.inside.sum())
    first = table.iloc[0]
    return (
        f"{trainings} trainings; {inside} of {len(table)} effects lie where {seeds} recorded seeds put them "
        f"(expected: {LEVEL * len(table):.0f}); furthest: {table.index[0]}, {first.claim}: {first.effect:+.3g} where "
        f"{first.low:+.3g} to {first.high:+.3g} {first.unit} was expected"
    )
