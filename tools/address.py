"""Where the study can be fetched: the address in pyproject.toml's `[project.urls]`, and all that repeats it.

`python -m tools.address` copies it into README's badges, CITATION.cff and the first code cell of each page. While it is
a placeholder, with OWNER in it, none of them names an address.
"""

import re
import sys
import tomllib

import nbformat

from sr_utils import paths
from tools import command

BADGES = re.compile(r"(?<=<!-- badges -->\n).*?(?=<!-- /badges -->)", re.DOTALL)
CITED = re.compile(r"^repository-code: .*\n", re.MULTILINE)

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


def address() -> str | None:
    """The study's address, or None while it is a placeholder."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = project["urls"]["Repository"].removesuffix("/").removesuffix(".git")
    return None if "OWNER" in found else found


def badges(home: str | None) -> str:
    """Markdown: where to open the study without installing it, if it is on GitHub, and where its tests run."""
    if not home or not home.startswith("https://github.com/"):
        return "\n"
    name = home.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{name}/blob/main/notebooks/01_baseline.ipynb"
    return (
        f"[![tests]({home}/actions/workflows/test.yml/badge.svg)]({home}/actions/workflows/test.yml) "
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Open in Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/{name}/main)\n"
    )


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
    readme, citation = ((paths.ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CITATION.cff"))
    cited = f"repository-code: {home}\n" if home else ""
    texts = {
        paths.ROOT / "README.md": BADGES.sub(lambda _: badges(home), readme),
        paths.ROOT / "CITATION.cff": CITED.sub("", citation).replace("license: MIT\n", f"license: MIT\n{cited}", 1),
    }
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        page = nbformat.read(path, as_version=4)
        for cell in page.cells:
            if cell.id == "install":
                cell.source = install_cell(home)
        texts[path] = nbformat.writes(page) + "\n"
    return texts


@command("address")
def main() -> int:
    for path, text in written(address()).items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
