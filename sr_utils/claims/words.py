"""Measured differences and verdicts in words. Other numbers, or a verdict that turns, bring other words."""

import pandas as pd

from sr_utils.claims.statistics import signed
from sr_utils.claims.table import METRICS


def direction(row) -> int:
    """1 or −1 where the whole interval of a row of `differences` lies on that side of zero, else 0."""
    return int(row.low > 0) - int(row.high < 0)


def change(row, unit: str = " dB", spec: str = "+.2f") -> str:
    """A row of `differences` with its interval: "+0.40 dB (+0.24 … +0.58)", or "+0.10 dB (−0.2 … +0.4, not clear)"."""
    text = f"{signed(row.difference, spec)}{unit}"
    unclear = "" if direction(row) else ", not clear"
    return text if pd.isna(row.low) else f"{text} ({signed(row.low, spec)} … {signed(row.high, spec)}{unclear})"


def value(row, number: float, unit: bool = True) -> str:
    """A number in the units of a row of `judge`'s table: "+0.62 dB", "81 % of the fall", "1.7 × that of two seeds"."""
    percent = METRICS.scale[row.metric] == "percent"
    text = signed(100 * number if percent else number)
    text = text.lstrip("+") if row.quantity else text
    return f"{text} {'% ' * percent}{row.unit}" if unit else text


def effect_text(row) -> str:
    """The effect of a row of `judge`'s table, or nothing where there is none."""
    return "" if pd.isna(row.effect) else value(row, row.effect)


def interval_text(row) -> str:
    """The 95 % interval of a row of `judge`'s table, without its unit, or nothing where there is none."""
    return "" if pd.isna(row.low) else f"{value(row, row.low, False)} … {value(row, row.high, False)}"


def measured(row) -> str:
    """Effect and interval together: "+0.62 dB (+0.5 … +0.74)"."""
    return f"{effect_text(row)} ({interval_text(row)})" if interval_text(row) else effect_text(row)


def expected(row) -> str:
    """What a row of `judge`'s table expects: "> 0", "< 5 % of the fall", "within ±0.1 dB"; nothing if not measured."""
    if pd.isna(row.effect):
        return ""
    if row.expect == "same":
        return f"within ±{value(row, row.margin).lstrip('+')}"
    return f"{'>' if row.expect == 'more' else '<'} {value(row, row.null).lstrip('+') if row.quantity else 0}"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """`judge`'s table for reading, primary rows as the original says them. Without `study`, it ends with the verdicts.

    An intersection shows its weakest part, the one named in its claim. "as expected in" counts seed × image pairs.
    """
    rows = list(table.itertuples())
    shown = pd.DataFrame({
        "claim": map(_claim, rows),
        "expected": map(expected, rows),
        "effect": map(effect_text, rows),
        "95 % interval": map(interval_text, rows),
        "over": [row.covers for row in rows],
        "as expected in": [
            "" if pd.isna(row.better_share) else f"{100 * row.better_share:.0f} % of {row.seeds * row.units:,}"
            for row in rows
        ],
    }, index=table.index)  # fmt: skip
    corrected = table.p_holm.fillna(table.q)
    if corrected.notna().any():
        shown["corrected p"] = ["" if pd.isna(p) else f"{p:.2g}" for p in corrected]
    if not (table.verdict == "no verdict").all():
        shown["verdict"] = [f"{row.verdict} ({row.why})" if row.why else row.verdict for row in rows]
    return shown


def _claim(row) -> str:
    if row.binding:
        return f"{row.original} (all of {row.parts.replace(' ', ', ')}; shown: {row.binding})"
    original = row.original if row.original not in ("", row.claim) else "control" if row.control else ""
    return f"{original}: {row.claim}" if original else row.claim


def findings(table: pd.DataFrame, brief: bool = False) -> pd.DataFrame:
    """The findings, a row per primary claim: `original` (what the original says), `ours` (with interval), `verdict`.

    `table` is `judge`'s, of all claims. `ours` names the parts that decide: the weakest of a claim that holds, those
    that fail of a claim that does not, those that are open of one that is undecided. If `brief`, it names one of them.
    """
    primary = table[table.family == "primary"]
    ours = [_ours(row, table, brief) for row in primary.itertuples()]
    return primary[["study", "original", "verdict", "note"]].assign(ours=ours).rename_axis("id")


def _ours(row, table: pd.DataFrame, brief: bool) -> str:
    if row.verdict == "not testable here":
        return f"not testable here: {row.why}"
    if not row.binding:
        return f"{row.claim}: {measured(row)}"
    parts = table[table.part_of == row.Index]
    held, refuted = (parts.index[parts.verdict == each] for each in ("holds", "does not hold"))
    deciding = parts[parts.verdict == row.verdict].sort_index(key=lambda ids: ids != row.binding, kind="stable")
    label, more = {"does not hold": "Refuted", "undecided": "Undecided"}.get(row.verdict, "Weakest"), ""
    if row.verdict == "undecided" and len(refuted) and not brief:
        more = f", refuted: {', '.join(refuted)}"
    if row.verdict == "undecided" and deciding.empty:
        label = "Weakest"
        more = more or (f", {len(refuted)} refuted" if len(refuted) else ", but not together")
    if label == "Weakest":
        deciding = parts.loc[[row.binding]]
    named = [f"{part.claim}{':' if brief else ','} {measured(part)}" for part in deciding.itertuples()]
    count = "" if row.verdict == "no verdict" else f"{len(held)} of {len(parts)} parts hold{more}"
    if brief:
        return "; ".join(filter(None, (count, named[0])))
    text = f"{count}. {label}: {'; '.join(named)}".removeprefix(". ")
    published = table[table.index.str.fullmatch(f"{row.Index}[a-z]") & table.published.notna() & table.effect.notna()]
    beside = [f"{p.claim}, {effect_text(p)} ({value(p, p.published, False)})" for p in published.itertuples()]
    return f"{text}. Ours (and the original's): {'; '.join(beside)}" if beside else text
