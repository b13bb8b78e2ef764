"""What `make` runs, one file per command; `python -m tools <name> …` is `make <name>`."""

import sys

from sr_utils import StudyError, streams

streams.mend()  # before a command loads its libraries, which open files


def run(name: str, main, *arguments) -> int:
    """The exit status of `make <name>`: 1 with a sentence on stderr for a `StudyError`, 130 for Ctrl-C."""
    try:
        return main(*arguments) or 0
    except StudyError as error:
        print(f"make {name} stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nmake {name} was interrupted; run the same command again.", file=sys.stderr)
        return 130
