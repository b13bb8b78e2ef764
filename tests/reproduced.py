"""What `make reproduce PROFILE=smoke` needs in tests: a store of its own, and small pictures."""

import os
from pathlib import Path

#: Runs at a kernel's start: scoring whole pictures would be half of the pages' time.
CROPPED = """
from sr_utils.data import sets
sets.read_image = lambda path, read=sets.read_image: read(path)[:192, :192]
"""


def own_store(folder: Path) -> dict[str, str]:
    """The environment of `executed`: its folders, its pictures, and no data, which the default does not need."""
    environment = {**os.environ, **{f"SR_{n.upper()}": str(folder / n) for n in ("runs", "figures", "build")}}
    environment["IPYTHONDIR"] = str(folder / "ipython")
    environment.pop("SR_DATA", None)
    return environment
