"""What `make` runs, one file per command."""

import functools
import os
import sys

from sr_utils import StudyError

for name in ("stdout", "stderr"):  # before a command loads its libraries, which open files
    stream = getattr(sys, name)
    if stream is None:  # closed by the caller (2>&-): the next file must not take its number
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    elif hasattr(stream, "reconfigure"):  # a terminal that cannot print × must not stop a command
        stream.reconfigure(errors="backslashreplace")


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
