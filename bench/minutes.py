"""How long a first `make reproduce` takes: `quick` on `sample`, with nothing kept, the environment excluded."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import record
from bench.racing import seconds

COMMAND = (sys.executable, "-m", "tools", "reproduce", "--profile", "quick", "--data=sample", "--seeds", "0")


def minutes(command=COMMAND) -> dict:
    """How long a first `make reproduce` takes; machines that were timed before stay in the table."""
    with tempfile.TemporaryDirectory() as folder:
        own = {f"SR_{name.upper()}": str(Path(folder, name)) for name in ("runs", "figures", "build")}
        time = seconds(lambda: subprocess.run(command, env=os.environ | own, stdout=subprocess.DEVNULL, check=True))
    machine = {key: record.host()[key] for key in ("processor", "cores", "precision")}
    others = [row for row in record.committed()["minutes"]["results"]["rows"] if not machine.items() <= row.items()]
    return {"rows": [*others, {**machine, "seconds": time}]}
