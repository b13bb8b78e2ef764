"""Measured differences and verdicts in words. Other numbers, or another verdict, bring other words."""

import pandas as pd

from sr_utils.claims.statistics import differences, signed
from sr_utils.claims.table import METRICS
from sr_utils.models.arms import ARMS

NOTE = (
    "\n\n*In brackets: 95 % intervals over seeds and images; with one seed, over images alone. "
    "Not clear: the interval contains zero.*"
)
NAMES = {label: arm.name for label, arm in ARMS.items()}
SMALLEST = 1e-7  # of a p-value: the integral behind it ends at six standard deviations


def direction(row) -> int:
    """1 or −1 where the whole interval of a row of `differences` lies on that side of zero, else 0."""
    return int(row.low > 0) - int(row.high < 0)


def change(row, unit: str = " dB", spec: str = "+.2f") -> str:
    """A row of `differences` with its interval: "+0.40 dB (+0.24 … +0.58)", or "+0.10 dB (−0.2 … +0.4, not clear)"."""
    text = f"{signed(row.difference, spec)}{unit}"
    unclear = "" if direction(row) else ", not clear"
    return text if pd.isna(row.low) else f"{text} ({signed(row.low, spec)} … {signed(row.high, spec)}{unclear})"


def answer(*sentences: str) -> str:
    """Markdown: a bullet for each sentence, its first letter a capital, and what the brackets hold."""
    return "\n".join(f"- {sentence[0].upper()}{sentence[1:]}." for sentence in sentences if sentence) + NOTE


def percent(number: float) -> str:
    """A share: "57 %"."""
    return f"{100 * number:.0f} %"


def means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """The mean of each arm over seeds and images."""
    return scores.groupby("arm", sort=False)[metric].mean()


def against(scores: pd.DataFrame, reference: str, *arms: str, metric: str = "psnr", names=NAMES) -> str:
    """Arms against another, by these names: "PSNR against SRCNN: residual +0.22 dB (+0.05 … +0.39); inception …"."""
    unit, digits = (" dB", "+.2f") if metric in ("psnr", "response") else ("", "+.4f")
    table = differences(scores[scores.arm.isin((reference, *arms))], reference, metric)
    listed = (f"{names.get(arm, arm)} {change(table.loc[arm], unit, digits)}" for arm in arms)
    return f"{METRICS.name[metric]} against {names.get(reference, reference)}: {'; '.join(listed)}"


def value(row, number: float, unit: bool = True) -> str:
    """A number in the units of a row of `judge`'s table: "+0.62 dB", "81 % of the fall"; nothing for NaN."""
    if pd.isna(number):
        return ""
    percent = METRICS.scale[row.metric] == "percent" or row.estimator == "share"
    text = signed(100 * number if percent else number)
    text = text.lstrip("+") if row.quantity else text
    return f"{text} {'% ' * percent}{row.unit}".rstrip() if unit else text


def bare_unit(row) -> str:
    """The unit beside the metric's name: nothing for "in SSIM", and "points" for "points of SSIMULACRA2"."""
    return row.unit.replace(f"in {METRICS.name[row.metric]}", "").replace(f" of {METRICS.name[row.metric]}", "")


def interval_text(row, corrected: bool = False) -> str:
    """The 95 % or the corrected interval of a row of `judge`'s table, without unit, or nothing if there is none."""
    low, high = (row.corrected_low, row.corrected_high) if corrected else (row.low, row.high)
    return "" if pd.isna(low) else f"{value(row, low, False)} … {value(row, high, False)}"


def measured(row) -> str:
    """Effect and interval together, the corrected one where there is a verdict: "+0.62 dB (+0.5 … +0.74)"."""
    interval = interval_text(row, corrected=True) or interval_text(row)
    return f"{value(row, row.effect)} ({interval})" if interval else value(row, row.effect)


def told(table: pd.DataFrame, *ids: str, names=None) -> str:
    """These rows of `judge`'s table, where they were measured: "LPIPS: −0.12 (−0.13 … −0.11); …".

    `names` maps their references to what stands before the colon, in place of the metric's name.
    """
    rows, listed = table.loc[list(ids)], []
    for row in rows[rows.effect.notna()].itertuples():
        unclear = not row.quantity and row.low < 0 < row.high
        row = row if names else row._replace(unit=bare_unit(row))
        text = measured(row).removesuffix(")") + ", not clear)" if unclear else measured(row)
        listed.append(f"{names[row.reference] if names else METRICS.name[row.metric]}: {text}")
    return "; ".join(listed) or "not measured"


def p_text(p: float) -> str:
    """A p-value with two digits, "< 1e-7" where it is smaller, nothing where there is none."""
    return "" if pd.isna(p) else "< 1e-7" if p < SMALLEST else f"{p:.2g}"


def expected(row, unit: bool = True) -> str:
    """What a row of `judge`'s table expects: "> 0", "< 5 % of the fall", "within ±0.1 dB"; nothing if not measured."""
    if pd.isna(row.effect):
        return ""
    if row.expect == "same":
        return f"within ±{value(row, row.margin, unit).lstrip('+')}"
    side = ">" if row.expect == "more" or row.estimator == "share" else "<"
    return f"{side} {value(row, row.null, unit).lstrip('+') if row.null or row.quantity else 0}"


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """`judge`'s table for reading, primary rows as the original says them. Verdicts, if there are any, end it.

    An intersection shows its weakest part, the one named in its claim; what was not measured, why.
    """
    rows = list(table.itertuples())
    shown = pd.DataFrame({
        "claim": map(_claim, rows),
        "expected": map(expected, rows),
        "effect": [value(row, row.effect) or row.why for row in rows],
        "95 % interval": map(interval_text, rows),
        "over": [row.covers for row in rows],
        "as expected in": map(counted, rows),
    }, index=table.index)  # fmt: skip
    corrected = table.p_holm.fillna(table.q)
    if corrected.notna().any():
        shown["corrected interval"] = [interval_text(row, corrected=True) for row in rows]
        shown["corrected p"] = list(map(p_text, corrected))
        shown["verdict"] = [f"{row.verdict} ({row.why})" if row.why and row.covers else row.verdict for row in rows]
    return shown


def counted(row) -> str:
    """In how many seeds (of interpolations, images) the difference is as expected: "5 of 5 seeds"."""
    if pd.isna(row.as_expected):
        return ""
    of, what = (row.seeds, "seeds") if "seed" in row.covers else (row.units, "images")
    return f"{row.as_expected * of:.0f} of {of} {what}"


def _claim(row) -> str:
    if row.binding:
        return f"{row.original} (all of {row.parts.replace(' ', ', ')}; shown: {row.binding})"
    original = row.original if row.original not in ("", row.claim) else "control" if row.control else ""
    return f"{original}: {row.claim}" if original else row.claim


def findings(table: pd.DataFrame, brief: bool = False) -> pd.DataFrame:
    """The findings, a row per primary claim: `original` (what the original says), `ours` (with interval), `verdict`.

    `table` is `judge`'s, of all claims. `ours` names the part that speaks least for the claim; unless `brief`, in
    words, with the refuted parts and the original's own differences.
    """
    primary = table[table.family == "primary"]
    ours = [_ours(row, table, brief) for row in primary.itertuples()]
    return primary[["study", "original", "verdict", "figure", "note"]].assign(ours=ours).rename_axis("id")


def _ours(row, table: pd.DataFrame, brief: bool) -> str:
    if row.verdict == "not testable here":
        return row.why if brief else f"not testable here: {row.why}"
    parts = table[table.part_of == row.Index]
    said = measured(row) if brief else f"{table.claim[row.binding or row.Index]}: {measured(row)}"
    asked = (brief or row.metric == "loss") and (row.null or row.margin)  # the claim has a loss's margin in dB
    said += f"; asked {expected(row, unit=False)}" if asked else ""
    if brief and row.binding:
        said = f"{row.binding}, {said}"
    if len(parts) and row.verdict != "no verdict":
        refuted = parts.index[parts.verdict == "does not hold"]
        listed = f", refuted: {', '.join(refuted)}" if len(refuted) and not brief else ""
        weakest = f"weakest {said}" if brief else f"weakest: {said}"
        said = f"{(parts.verdict == 'holds').sum()} of {len(parts)} {'' if brief else 'parts '}hold{listed}; {weakest}"
    if row.verdict == "no verdict" and table.p.notna().any():
        said += f"; {row.why}"
    if row.verdict == "undecided" and row.p < 0.05:
        alone = "holds" if row.leans == "for" else "refuted"
        said += f"; {alone} alone"
        said += "" if brief else f", not after correcting for {table.p_holm.notna().sum()} rows"
    beside = parts[parts.published.notna() & parts.effect.notna()].itertuples()
    listed = "; ".join(f"{p.claim}, {value(p, p.effect)} ({value(p, p.published, False)})" for p in beside)
    return f"{said}. Ours (and the original's): {listed}" if listed and not brief else said
