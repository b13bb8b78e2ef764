"""What the notebooks share. Data flows one way:

profiles -> data -> models + losses -> training -> evaluation -> claims -> plots / widgets -> notebooks
"""

__version__ = "0.1.0"


class StudyError(Exception):
    """A user's mistake or a machine's limit: one sentence that names the cause and what to do next."""

    def _render_traceback_(self):  # all that Jupyter shows
        return [f"{type(self).__name__}: {self}"]


class Named(dict):
    """A dictionary of things of one kind by name, which raises `StudyError` for an unknown name."""

    def __init__(self, kind: str, entries):
        super().__init__(entries)
        self.kind = kind

    def __missing__(self, name):
        raise StudyError(f"There is no {self.kind} {name!r}; choose one of {', '.join(self)}.")
