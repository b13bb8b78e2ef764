"""`make bench`: what is measured rather than tested. Each bench prints a table and puts it into build/bench.json.

Timings are of this machine in this minute; ratios, whose two sides take turns in one run, last longer.
"""

import importlib
import sys

from bench import racing, record
from sr_utils import StudyError
from tools import one_sentence

#: Each is the function of that name in the file of that name.
BENCHES = ("calibration", "comparer", "survival", "steps", "inference", "tried", "growth", "shares", "peers")
NAMED = ("rates", "schedules")  # an hour and more: only when they are named


@one_sentence("bench")
def main(*names: str) -> int:
    """Run the named benches, or all; one that cannot run says why. "publish" puts the record into the pages."""
    known = (*BENCHES, *NAMED, "publish")
    for name in names:
        if name not in known:
            raise StudyError(f"there is no bench {name!r}; choose from {', '.join(known)}.")
    for name in names or BENCHES:
        if name == "publish":
            record.publish()
            continue
        print(f"\n{name}")
        try:
            measure = getattr(importlib.import_module(f"bench.{name}"), name)
            print(measure.__doc__)
            record.save(name, measure(), racing.host())
        except StudyError as error:
            print(f"  left out: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
