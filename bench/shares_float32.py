"""`make bench`, shares_float32: `shares` as on a machine that does not multiply in bfloat16."""

from bench.shares import shares

STARTUP = """from sr_utils import device
chosen = device._choose()
device._choose = lambda: chosen | {"precision": "float32"}
"""


def shares_float32(profile: str = "quick") -> dict:
    """Where a first `make reproduce` spends its wall time in float32. Takes as long as that command."""
    return shares(profile, STARTUP) | {"host": {"precision": "float32"}}
