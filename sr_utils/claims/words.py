"""Measured differences and verdicts in words. Other numbers, or a verdict that turns, bring other words."""

import numpy as np
import pandas as pd

from sr_utils.claims.statistics import signed
from sr_utils.claims.table import METRICS


def direction(row) -> int:
    """1 or −1 where the whole interval of a row of `compare` lies on that side of zero, else 0."""
    return int(row.low > 0) - int(row.high < 0)


def size(row, unit: str = "dB", spec: str = ".2f") -> str:
    """How large a difference is, without its sign, and its interval: "0.40 dB (0.24 … 0.58)"."""
    sign = -1 if row.difference < 0 else 1
    low, high = sorted((sign * row.low, sign * row.high))
    words = f"{abs(row.difference):{spec}} {unit}".strip()
    return words if np.isnan(row.low) else f"{words} ({signed(low, spec)} … {signed(high, spec)})"


def versus(row, a: str, b: str, unit: str = "dB", spec: str = ".2f", verbs=("beats", "loses to")) -> str:
    """`a` against `b` in words: "a beats b by 0.40 dB (0.24 … 0.58)", or that no difference is clear."""
    if direction(row) == 0:
        return f"between {a} and {b} no difference is clear: {size(row, unit, spec)}"
    return f"{a} {verbs[direction(row) < 0]} {b} by {size(row, unit, spec)}"


def value(row, number: float, unit: bool = True) -> str:
    """A number in the units of a row of `judge`'s table: "+0.62 dB", "81 % of the fall", "1.7 × that of two seeds"."""
    percent = METRICS[row.metric].percent
    text = signed(100 * number if percent else number)
    text = text.lstrip("+") if row.quantity else text
    return f"{text} {'% ' * percent}{row.unit}" if unit else text


def effect(row) -> str:
    """The effect of a row of `judge`'s table, or nothing where there is none."""
    return "" if pd.isna(row.effect) else value(row, row.effect)


def interval(row) -> str:
    """The 95 % interval of a row of `judge`'s table, without its unit, or nothing where there is none."""
    return "" if pd.isna(row.low) else f"{value(row, row.low, False)} … {value(row, row.high, False)}"


def measured(row) -> str:
    """Effect and interval together: "+0.62 dB (+0.5 … +0.74)"."""
    return f"{effect(row)} ({interval(row)})" if interval(row) else effect(row)


def expected(row) -> str:
    """What a row of `judge`'s table expects: "> 0", "< 5 % of the fall", "within ±0.1 dB"."""
    if row.parts and not row.binding:
        return ""
    if row.expect == "same":
        return f"within ±{value(row, row.margin).lstrip('+')}"
    return f"{'>' if row.expect == 'more' else '<'} {value(row, row.null).lstrip('+') if row.quantity else 0}"


def share(row) -> str:
    """In how many of the seed × image pairs the arm is on the claim's side."""
    return "" if pd.isna(row.better_share) else f"{100 * row.better_share:.0f} % of {row.seeds * row.units:,}"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """`judge`'s table for reading, primary rows as the original says them. Without `study`, it ends with the verdicts.

    An intersection shows its weakest part, the one named in its claim.
    """
    columns = {"claim": _claim, "expected": expected, "effect": effect, "95 % interval": interval}
    columns |= {"over": lambda row: row.covers, "single ones agree": share}
    rows = list(table.itertuples())
    shown = pd.DataFrame({head: map(words, rows) for head, words in columns.items()}, index=table.index)
    if table.p_holm.notna().any() or table.q.notna().any():
        shown["corrected p"] = ["" if pd.isna(p) else f"{p:.2g}" for p in table.p_holm.fillna(table.q)]
    if not (table.verdict == "no verdict").all():
        shown["verdict"] = [f"{row.verdict} ({row.why})" if row.why else row.verdict for row in rows]
    return shown


def _claim(row) -> str:
    if row.binding:
        return f"{row.original} (all of {row.parts.replace(' ', ', ')}; shown: {row.binding})"
    said = row.original if row.original not in ("", row.claim) else "control" if row.control else ""
    return f"{said}: {row.claim}" if said else row.claim


def findings(table: pd.DataFrame) -> pd.DataFrame:
    """The findings, a row per primary claim: `original` (what the original says), `ours` (with interval), `verdict`.

    `table` is `judge`'s, of all claims. `ours` names the parts that decide: the weakest of a claim that holds, those
    that fail of a claim that does not, those that are open of one that is undecided.
    """
    rows = {id: _finding(row, table) for id, row in table[table.family == "primary"].iterrows()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")


def _finding(row, table: pd.DataFrame) -> dict:
    found = {"study": row.study, "original": row.original, "verdict": row.verdict}
    parts = table[table.part_of == row.name]
    if row.verdict == "not testable here":
        ours = f"not testable here: {row.why}"
    elif not row.binding:
        ours = f"{row.claim}: {measured(row)}"
    else:
        deciding = parts[parts.verdict == row.verdict] if row.verdict in ("does not hold", "undecided") else parts[:0]
        if deciding.empty:
            deciding = parts.loc[[row.binding]]
        held = int((parts.verdict == "holds").sum())
        counted = f"{held} of {len(parts)} parts hold; " if (parts.verdict != "no verdict").all() else ""
        least = "least clear: " if row.verdict not in ("does not hold", "no verdict") else ""
        ours = counted + least + "; ".join(f"{part.claim}: {measured(part)}" for part in deciding.itertuples())
    beside = parts[parts.published.notna() & parts.effect.notna()]
    if len(beside):
        pairs = ", ".join(f"{effect(p)} ({value(p, p.published, False)})" for p in beside.itertuples())
        ours += f". Ours beside the original's: {pairs}"
    return found | {"ours": ours, "note": row.note}
