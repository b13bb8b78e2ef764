"""What the six notebooks share. Data flows one way:

profiles -> data -> models + losses -> training -> evaluation -> plots / widgets -> notebooks
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up chatter is not for readers
for stream in (sys.stdout, sys.stderr):
    if hasattr(stream, "reconfigure"):  # a terminal without × shall not stop a command
        stream.reconfigure(errors="backslashreplace")


class StudyError(Exception):
    """A user's mistake or a machine's limit, told in one sentence with what to do next.

    Jupyter shows the sentence alone, without a traceback.
    """

    def _render_traceback_(self):  # IPython asks the exception itself how it wants to be shown
        return [f"{type(self).__name__}: {self}"]
