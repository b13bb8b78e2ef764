"""What `make` runs, one file per command."""

import functools
import sys

from sr_utils import StudyError, streams

streams.mend()  # before a command loads its libraries, which open files


def command(name: str):
    """Decorate the `main` of `make <name>`: a `StudyError` becomes a sentence on stderr and the exit status 1, Ctrl-C
    a sentence and 130."""

    def decorate(main):
        @functools.wraps(main)
        def run(*arguments) -> int:
            try:
                return main(*arguments)
            except StudyError as error:
                print(f"make {name} stopped: {error}", file=sys.stderr)
                return 1
            except KeyboardInterrupt:
                print(f"\nmake {name} was interrupted; run the same command again.", file=sys.stderr)
                return 130

        return run

    return decorate
