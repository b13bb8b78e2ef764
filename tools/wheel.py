"""`make wheel`: the package as a file in build/dist, with a README whose links lead to the repository."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sr_utils import paths
from tools import address, command

FILES = ("LICENSE", "README.md", "pyproject.toml", "sr_utils", "tools/photo")


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the tracked files, so that nothing else gets into it; returns its path."""
    listed = ["git", "ls-files", "-z", *FILES]
    names = subprocess.run(listed, cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as scratch:
        for name in names.strip("\0").split("\0"):
            target = Path(scratch) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, target)
        readme = Path(scratch) / "README.md"
        text = address.absolute(readme.read_text(encoding="utf-8"), address.address())
        readme.write_text(text, encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, scratch], check=True)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)


@command("wheel")
def main() -> int:
    print(f"wrote {build_wheel(paths.output() / 'dist')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
