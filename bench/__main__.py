"""`make bench`: measurements that are no tests. Each bench prints a table and writes it to build/bench.json.

Times hold for this machine at this moment; ratios of two actions that take turns are more stable.
"""

import importlib
import sys

from bench import racing, record
from sr_utils import StudyError
from tools import command

#: Each is the function of that name in the file of that name.
BENCHES = ("calibration", "comparer", "survival", "steps", "inference", "tried", "growth", "shares", "peers")
NAMED = ("rates", "schedules", "shares_float32")  # they take long, so that they run only when they are named


@command("bench")
def main(*names: str) -> int:
    """Run the named benches, or all; one that cannot run prints why. "publish" copies the record into the pages."""
    choices = (*BENCHES, *NAMED, "publish")
    for name in names:
        if name not in choices:
            raise StudyError(f"there is no bench {name!r}; choose from {', '.join(choices)}.")
    for name in names or BENCHES:
        if name == "publish":
            record.publish()
            continue
        print(f"\n{name}")
        try:
            measure = getattr(importlib.import_module(f"bench.{name}"), name)
            print(measure.__doc__)
            results, host = measure(), racing.host()
            if isinstance(results, dict):
                host |= results.pop("host", {})
            record.store(name, results, host)
        except StudyError as error:
            print(f"  left out: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
