"""Which seeds judge the claims, as record/registration.md has it."""

import re
from itertools import takewhile

import pandas as pd

from sr_utils import StudyError, paths, record
from sr_utils.claims.observations import AT_PAPER, measure
from sr_utils.claims.statistics import FIXED
from sr_utils.claims.table import CLAIMS, digests
from sr_utils.models.arms import ARMS

FIRST, LAST = 5, 9  # seeds that confirm: no verdict was looked at before the last was complete, and none is after it
REGISTERED = "standard", "bsds500"  # profile and images


def evidence(runs, sets, profile: str, data: str, seeds, recorded: bool) -> tuple[dict, dict, dict, str]:
    """(tables of what a page shows; those of the seeds that explore; those that confirm, if any; a sentence on these).

    Raises `StudyError` where fresh seeds alone are asked for, too early.
    """
    from sr_utils.training.recorded import stale  # tables alone are judged without Keras

    if not recorded:
        observed = measure(runs, sets)
        return observed, observed, {}, "by trainings of this machine"
    every, observed = (record.tables(profile, data, only, stale) for only in (None, seeds))
    old, fresh, said = of_seeds(observed, range(FIRST)), {}, "exploratory: only seeds of the registered run confirm"
    if (profile, data) == REGISTERED:
        paper = record.tables("paper", data, stale=stale).get("curves", pd.DataFrame())
        fresh, said = confirmatory(every, paper)
    if not fresh and min(seeds) >= FIRST:
        raise StudyError(f"Seeds from {FIRST} on are judged together: {said}; show seeds below {FIRST} until then.")
    return observed, old, fresh, said


def confirmatory(tables: dict[str, pd.DataFrame], paper: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], str]:
    """(tables of the seeds that confirm, or none yet; a sentence on them), from all that is recorded.

    `paper` has the curves at the original's schedule: they confirm whatever their seed, since none is older.
    """
    done = complete(tables["scores"])
    if LAST not in done:
        several = f"{len(done)} of {LAST - FIRST + 1} fresh seeds are recorded"
        return {}, f"exploratory: {several}; no verdict of theirs before seed {LAST}"
    fresh = of_seeds(tables, done) | ({"paper": paper.assign(arm=paper.arm + AT_PAPER)} if len(paper) else {})
    but = f"; changed since, and so exploratory: {', '.join(changed())}" if changed() else ""
    return fresh, f"confirmatory: by the fresh seeds {FIRST} to {LAST}, trained after the registration{but}"


def changed() -> list[str]:
    """Ids of the claims that are not, with all parts, as record/registration.md has them; of all where it is not."""
    file = paths.ROOT / "record/registration.md"
    lines = file.read_text(encoding="utf-8") if file.exists() else ""
    kept = dict(re.findall(r"^(\w+) ([0-9a-f]{12})$", lines, re.M))  # id -> digest of what was registered of the claim
    same = {id for id, digest in digests().items() if kept.get(id) == digest}
    return [claim.id for claim in CLAIMS if not {claim.id, *claim.parts} <= same]


def complete(scores: pd.DataFrame) -> list[int]:
    """The fresh seeds, without a gap, of which every network of a primary row is recorded."""
    needed = {arm for c in CLAIMS if c.original or c.part_of for arm in (c.arm, c.reference)} & set(ARMS)
    arms = scores.groupby("seed").arm.agg(set)
    return list(takewhile(lambda seed: needed <= arms.get(seed, set()), range(FIRST, LAST + 1)))


def of_seeds(tables: dict[str, pd.DataFrame], seeds) -> dict[str, pd.DataFrame]:
    """The rows of these seeds, and of interpolations; of distances, within a seed and to the next, in a circle."""
    chosen = {}
    for name, rows in tables.items():
        rows = rows[rows.seed.isin((*seeds, FIXED))]
        if "other_seed" in rows:
            here = sorted(set(rows.seed))
            following = rows.seed.map(dict(zip(here, here[1:] + here[:1], strict=True)))
            rows = rows[(rows.other_seed == rows.seed) | (rows.other_seed == following)]
        chosen |= {name: rows} if len(rows) else {}
    return chosen
