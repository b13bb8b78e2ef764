"""What the six notebooks share. Data flows one way:

profiles -> data -> models + losses -> training -> evaluation -> plots / widgets -> notebooks
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs every start-up; readers need none of it
for name in ("stdout", "stderr"):
    stream = getattr(sys, name)
    if stream is None:  # closed by the caller (2>&-): the next file must not take its number
        setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    elif hasattr(stream, "reconfigure"):  # a terminal that cannot print × must not stop a command
        stream.reconfigure(errors="backslashreplace")


class StudyError(Exception):
    """A user's mistake or a machine's limit: one sentence that names the cause and what to do next.

    Jupyter shows only this sentence, without a traceback.
    """

    def _render_traceback_(self):  # IPython calls it instead of printing a traceback
        return [f"{type(self).__name__}: {self}"]


class Named(dict):
    """A dictionary of things of one kind by name, which raises `StudyError` for an unknown name."""

    def __init__(self, kind: str, entries):
        super().__init__(entries)
        self.kind = kind

    def __missing__(self, name):
        raise StudyError(f"There is no {self.kind} {name!r}; choose one of {', '.join(self)}.")
