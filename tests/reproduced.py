"""What `make reproduce PROFILE=smoke` needs in tests: a store of its own, and small pictures."""

from pathlib import Path

#: Runs at a kernel's start: scoring whole pictures would be half of the pages' time.
CROPPED = """
from sr_utils.data import sets
sets.read_image = lambda path, read=sets.read_image: read(path)[:192, :192]
"""


#: `make reproduce` of the pages in the folder that is its first argument.
OF_FOLDER = """
import pathlib, sys
from sr_utils import paths
paths.NOTEBOOKS = pathlib.Path(sys.argv.pop(1)).resolve()
from tools import reproduce, run
sys.exit(run("reproduce", reproduce.main, *sys.argv[1:]))
"""


def own_store(folder: Path) -> dict[str, str]:
    """The settings of `executed`: its folders, its pictures, and no data, which the default does not need."""
    folders = {f"SR_{n.upper()}": str(folder / n) for n in ("runs", "figures", "build")}
    return folders | {"IPYTHONDIR": str(folder / "ipython"), "SR_DATA": str(folder / "none")}
