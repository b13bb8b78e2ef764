"""`make bench`: measurements that are no tests. Each bench writes build/bench.json, and prints its table.

Times hold for this machine at this moment; ratios of two actions that take turns are more stable.
"""

import sys
from pkgutil import resolve_name

from bench import record
from sr_utils import StudyError
from tools import run

#: name -> where its function is.
BENCHES = {
    "calibration": "bench.calibration:calibration",
    "steps": "bench.steps:steps",
    "peers": "bench.peers:peers",
    "minutes": "bench.minutes:minutes",
    "rates": "bench.rates:rates",
    "close_rates": "bench.rates:close_rates",
    "schedules": "bench.schedules:schedules",
}
UNNAMED = ("calibration", "steps", "peers")  # what runs where none is named; the others take longer


def main(*names: str) -> None:
    """Run these benches; one that cannot run prints why. "publish" copies the record into the pages."""
    choices = (*BENCHES, "publish")
    for name in names:
        if name not in choices:
            raise StudyError(f"there is no bench {name!r}; choose from {', '.join(choices)}.")
    for name in names or UNNAMED:
        if name == "publish":
            record.publish_benches()
            continue
        measure = resolve_name(BENCHES[name])
        print(f"\n{name}: {measure.__doc__}", flush=True)
        try:
            print(record.TABLES[name](record.store(name, measure())))
        except StudyError as error:
            print(f"  left out: {error}")


if __name__ == "__main__":
    sys.exit(run("bench", main, *sys.argv[1:]))
