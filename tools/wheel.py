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

import jinja2
import nbformat

from sr_utils import paths
from tools.readme import fill

FILES = ("LICENSE", "README.md", "pyproject.toml", "sr_utils", "tools/photo")
TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).with_name("template")))


def address() -> str | None:
    """The study's address, or None while it is a placeholder."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = project["urls"]["Repository"].removesuffix("/").removesuffix(".git")
    return None if "OWNER" in found else found


def filled(template: str, home: str | None) -> str:
    """A template of tools/template with this address: "badges.md", or "install.py", the code of the cell `install`."""
    return TEMPLATES.get_template(f"{template}.j2").render(home=home)


def written(home: str | None) -> dict:
    """{path: text} of each file that repeats the address, as it should be."""
    readme, cited = paths.ROOT / "README.md", paths.ROOT / "CITATION.cff"
    source = f"license: MIT\nrepository-code: {home}\n" if home else "license: MIT\n"
    licence = re.sub(r"(?m)^license: MIT\n(repository-code: .*\n)?", source, cited.read_text(encoding="utf-8"))
    badges = fill(readme.read_text(encoding="utf-8"), home, {"badges": lambda home: filled("badges.md", home)})
    texts = {readme: badges, cited: licence}
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        page = nbformat.read(path, as_version=4)
        for cell in page.cells:
            if cell.id == "install":
                cell.source = filled("install.py", home)
        texts[path] = nbformat.writes(page) + "\n"
    return texts


def absolute(markdown: str, home: str) -> str:
    """Markdown whose relative links and pictures lead to the repository, for a package index."""
    whole = re.sub(r"\]\((?!https?:|#)([^)]+\.(?:png|svg))\)", rf"]({home}/raw/main/\1)", markdown)
    return re.sub(r"\]\((?!https?:|#)([^)]+)\)", rf"]({home}/blob/main/\1)", whole)


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the tracked files, so that nothing else gets into it; returns its path."""
    names = subprocess.run(["git", "ls-files", *FILES], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in names.stdout.splitlines():
            target = Path(scratch) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, target)
        if home := address():
            readme = Path(scratch) / "README.md"
            readme.write_text(absolute(readme.read_text(encoding="utf-8"), home), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, scratch], check=True)
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)


def main() -> None:
    for path, text in written(address()).items():
        path.write_text(text, encoding="utf-8")
    print(f"wrote {build_wheel(paths.output() / 'dist')}")
