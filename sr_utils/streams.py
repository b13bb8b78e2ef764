"""What a command prints to."""

import os
import sys


def mend() -> None:
    """Open closed output streams onto nothing, and let those that cannot print × print an escape in its place."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller (2>&-): the next file must not take its number
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
