"""`make wheel`: the package as a file in build/dist; and the address of the study in all that repeats it.

The address stands in pyproject.toml's `[project.urls]`. `make wheel` copies it into README's badges, CITATION.cff and
the first code cell of each page. While it is a placeholder, with OWNER in it, none of them names an address.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat

from sr_utils import paths
from tools import command

FILES = ("LICENSE", "README.md", "pyproject.toml", "sr_utils", "tools/photo")
#: The cell `install`, where the address is known and where it is not.
INSTALL = """\
import subprocess
import sys
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

if not find_spec("sr_utils"):  # on Colab, for example: fetch the study, and install what is missing
    packages = [names[0] for module, names in packages_distributions().items() if module in sys.modules]
    loaded = {{name: version(name) for name in packages}}
    study = Path("super-resolution-study").resolve()
    if not study.exists():
        subprocess.run(["git", "clone", "--quiet", "--depth=1", "{address}", study], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "-e", f"{{study}}[tensorflow]"], check=True)
    sys.path.append(str(study))
    if changed := [name for name in loaded if version(name) != loaded[name]]:
        raise SystemExit(f"Restart the session (its menu is Runtime), and run this page again: {{changed}} changed.")\
"""
ABSENT = """\
from importlib.util import find_spec

if not find_spec("sr_utils"):
    raise ModuleNotFoundError("The study is not installed here; run pip install -e .[tensorflow] in its checkout.")\
"""
#: Where to open the study without installing it, if it is on GitHub, and where its tests run.
BADGES = """\
[![tests]({home}/actions/workflows/test.yml/badge.svg)]({home}/actions/workflows/test.yml) \
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]\
(https://colab.research.google.com/github/{name}/blob/main/notebooks/01_baseline.ipynb) \
[![Open in Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/{name}/main)"""


def address() -> str | None:
    """The study's address, or None while it is a placeholder."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = project["urls"]["Repository"].removesuffix("/").removesuffix(".git")
    return None if "OWNER" in found else found


def install_cell(home: str | None) -> str:
    """The code of the cell `install`."""
    return INSTALL.format(address=home) if home else ABSENT


def absolute(markdown: str, home: str | None) -> str:
    """Markdown whose relative links and pictures lead to the repository, for readers who do not see it there."""

    def lead(link: re.Match) -> str:
        return f"]({home}/{'raw' if link[1].endswith(('.png', '.svg')) else 'blob'}/main/{link[1]})"

    return re.sub(r"\]\((?!https?:|#)([^)]+)\)", lead, markdown) if home else markdown


def written(home: str | None) -> dict:
    """{path: text} of each file that repeats the address, as it should be."""
    _, on_github, name = (home or "").partition("https://github.com/")
    badges = BADGES.format(home=home, name=name) if on_github else ""
    cited = f"license: MIT\nrepository-code: {home}\n" if home else "license: MIT\n"
    texts = {}
    for file, pattern, text in (
        ("README.md", r"(?<=<!-- badges -->\n).*?(?=<!-- /badges -->)", f"{badges}\n"),
        ("CITATION.cff", r"^license: MIT\n(repository-code: [^\n]*\n)?", cited),
    ):
        before = (paths.ROOT / file).read_text(encoding="utf-8")
        texts[paths.ROOT / file] = re.sub(pattern, lambda _, text=text: text, before, flags=re.DOTALL | re.MULTILINE)
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        page = nbformat.read(path, as_version=4)
        for cell in page.cells:
            if cell.id == "install":
                cell.source = install_cell(home)
        texts[path] = nbformat.writes(page) + "\n"
    return texts


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the tracked files, so that nothing else gets into it; returns its path."""
    names = subprocess.run(["git", "ls-files", *FILES], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in names.stdout.splitlines():
            target = Path(scratch) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, target)
        readme = Path(scratch) / "README.md"
        readme.write_text(absolute(readme.read_text(encoding="utf-8"), address()), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, scratch], check=True)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)


@command("wheel")
def main() -> int:
    for path, text in written(address()).items():
        path.write_text(text, encoding="utf-8")
    print(f"wrote {build_wheel(paths.output() / 'dist')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
