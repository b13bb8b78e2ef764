"""The repository as a visitor sees it: README, environment files, Makefile, address, installed package."""

import ast
import contextlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from PIL import Image

import sr_utils
from sr_utils import paths
from sr_utils.profiles import PROFILES
from tools import wheel
from tools.readme import fill, published

ROOT = paths.ROOT
README, CONTRIBUTING, MAKEFILE, PYPROJECT = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml")
)
PROJECT = tomllib.loads(PYPROJECT)["project"]
EXTRAS = PROJECT["optional-dependencies"]
HOME = "https://github.com/somebody/a-study"


def canonical(name):
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name)[0]).lower()


def with_extras(*names):
    """The dependencies of these extras; `test` asks for others."""
    for dependency in (dependency for name in names for dependency in EXTRAS[name]):
        inner = re.match(rf"{PROJECT['name']}\[(.*)\]", dependency)
        yield from with_extras(*inner[1].split(",")) if inner else [dependency]


#: What make env installs.
INSTALLED = PROJECT["dependencies"] + list(with_extras("tensorflow", "test"))


def test_lock_pins_every_dependency():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = {canonical(line) for line in lines if line and not line.lstrip().startswith("#")}
    assert all("==" in line for line in lines if line and not line.lstrip().startswith("#"))
    assert {canonical(d) for d in INSTALLED} <= pinned
    assert not {canonical(d) for d in EXTRAS["jax"] + EXTRAS["bench"]} & pinned


def test_every_import_is_declared():
    """pyproject.toml names each package that is imported; sr_utils needs the core and a backend, and no other extra."""
    core = {canonical(name) for name in PROJECT["dependencies"] + EXTRAS["tensorflow"] + EXTRAS["jax"]}
    declared = core | {canonical(name) for names in EXTRAS.values() for name in names}
    distributions = metadata.packages_distributions()
    assert "nothing" not in distributions and "numpy" in distributions
    for path in (path for folder in ("sr_utils", "tools", "bench", "tests") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            for module in {name.split(".")[0] for name in names} & set(distributions):  # extras need not be installed
                known = core if "sr_utils" in path.parts else declared
                own = module in ("sr_utils", "tools")
                assert own or known & {canonical(name) for name in distributions[module]}, (path.name, module)


def test_conda_and_citation_agree_with_pyproject():
    environment, cited = (yaml.safe_load((ROOT / name).open()) for name in ("environment.yml", "CITATION.cff"))
    python = f"python{PROJECT['requires-python']}"
    assert environment["dependencies"] == [python, "pip", {"pip": ["-e .[tensorflow,test]"]}]
    assert environment["name"] == PROJECT["name"] and cited["version"] == sr_utils.__version__


def test_every_dependency_is_explained():
    for dependency in INSTALLED + EXTRAS["jax"] + EXTRAS["bench"]:
        row = rf"^\| `{re.escape(canonical(dependency))}` \| .{{10,}} \|$"
        assert re.search(row, CONTRIBUTING, re.M | re.I), dependency


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_and_paths_exist(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text()):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_tables_of_the_readme_are_the_records(monkeypatch):
    monkeypatch.setenv("SR_FIGURES", str(ROOT / "figures"))
    assert fill(README, published(max(paths.NOTEBOOKS.glob("06*.ipynb")))) == README


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"standard"}))
def test_a_run_of_ones_own_writes_into_no_folder_of_git(profile):
    def told_by_git(*command):
        return subprocess.run(["git", *command, f"figures/{profile}/"], cwd=ROOT, capture_output=True, text=True).stdout

    assert told_by_git("check-ignore") and not told_by_git("ls-files")


def test_make_alone_explains_itself():
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[0].split()
    for word in (*targets, "PROFILE", "DATA", "SEEDS", "DEVICE", "SCHEDULER"):
        assert re.search(rf"^  {word}\b", printed, re.M), word


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_another_python_is_refused_in_a_sentence(tmp_path, version):
    python, check = tmp_path / "python", f"import sys; sys.exit(not (3, 11) <= {version} < (3, 14))"
    python.write_text(f"#!/bin/sh\nexec python3 -c '{check}'\n")
    python.chmod(0o755)
    command = ["make", "-C", str(ROOT), "env", f"PYTHON={python}", f"BIN={tmp_path}/bin"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0 and "is not Python 3.11, 3.12 or 3.13" in result.stdout


@pytest.mark.parametrize("variables", [(f"KERAS_BACKEND={b}", f"GPU={g}") for b in ("", "jax") for g in ("", "1")])
def test_recipes_are_shell_whatever_the_variables(tmp_path, variables):
    targets = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[0].split()
    command = ["make", "--always-make", "--just-print", *targets, "IMAGE=a.png", f"BIN={tmp_path}", *variables]
    recipes = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    subprocess.run(["sh", "-n"], input=recipes, text=True, check=True)
    installed = re.search(r"-m pip install .* (.*)$", recipes, re.M)[1]
    assert installed == ('".[jax,test]"' if "KERAS_BACKEND=jax" in variables else "requirements.lock")


def test_no_tracked_file_is_large():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        limit = 6_000_000 if name.startswith("record/") else 2_000_000  # a table of fifteen seeds
        assert not (ROOT / name).exists() or (ROOT / name).stat().st_size < limit, name


def test_every_file_has_the_address_of_pyproject():
    for path, text in wheel.written(wheel.address()).items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run make wheel"


def test_an_address_reaches_every_file_and_a_placeholder_none():
    for home in (HOME, None):
        texts = {path.name: text for path, text in wheel.written(home).items()}
        assert len(texts) > 8 and all((HOME in text) == bool(home) and "OWNER" not in text for text in texts.values())
    assert wheel.absolute("[a](b.md) ![c](d.png) [e](https://f)", HOME) == (
        f"[a]({HOME}/blob/main/b.md) ![c]({HOME}/raw/main/d.png) [e](https://f)"
    )


@pytest.mark.parametrize("changed", [False, True])
def test_the_first_cell_installs_what_is_missing(monkeypatch, changed):
    commands, number = [], metadata.version
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda command, check: commands.append(command))
    monkeypatch.setattr(metadata, "version", lambda name: number(name) + ("+new" if changed and commands else ""))
    monkeypatch.setattr(sys, "path", [*sys.path])
    with contextlib.nullcontext() if not changed else pytest.raises(SystemExit, match="Restart the session"):
        exec(wheel.install_cell(HOME), {})
    assert [HOME in commands[0], commands[1][1:3], sys.path[-1]] == [True, ["-m", "pip"], str(commands[0][-1])]
    with pytest.raises(ModuleNotFoundError, match="not installed here"):
        exec(wheel.install_cell(None), {})


@pytest.mark.skipif("CLONED" in os.environ, reason="this is the clone")
def test_a_clone_from_another_address_passes_these_tests(tmp_path):
    subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "clone"], check=True)
    subprocess.run(["git", "remote", "set-url", "origin", f"{HOME}.git"], cwd=tmp_path / "clone", check=True)
    command = [sys.executable, "-m", "pytest", "tests/test_repository.py", "-k", "not installed and not records"]
    environment = os.environ | {"CLONED": "1", "PYTHONPATH": str(tmp_path / "clone")}
    done = subprocess.run(command, cwd=tmp_path / "clone", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.fixture
def installed(tmp_path):
    """Call it with arguments of Python: it runs outside the checkout, on the study as a wheel of it is installed.

    With FRESH_INSTALL=1, as in CI, in an environment of its own; else on the packages of this one.
    """
    built, site = wheel.build_wheel(tmp_path), tmp_path / "site"
    listed = subprocess.run(["git", "ls-files", "sr_utils", "tools/photo"], cwd=ROOT, capture_output=True, text=True)
    files = {name for name in zipfile.ZipFile(built).namelist() if ".dist-info/" not in name}
    assert len(files) > 50 and files == set(listed.stdout.replace("tools/photo", "sr_upscale").splitlines())
    python, options = sys.executable, ["--no-deps", "--no-compile", "--target", site, built]
    if os.environ.get("FRESH_INSTALL"):
        subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
        python, options = str(tmp_path / "env/bin/python"), [f"{built}[tensorflow,photo]"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *options], check=True)
    (tmp_path / "work").mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SR_")} | {"PYTHONPATH": str(site)}

    def run(*arguments):
        command = [python, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path / "work", env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return run


def test_an_installed_package_works_and_writes_into_the_working_folder(installed, tmp_path, picture):
    code = "import sr_utils; from sr_utils import training, evaluation, widgets, plots, models; "
    code += "run = training.train('post_upsampling', 0, 'smoke', 'sample'); print(sr_utils.__version__, run.folder)"
    number, folder = installed("-c", code).split()
    assert number == metadata.version(PROJECT["name"]) == sr_utils.__version__
    assert Path(folder).is_relative_to(tmp_path / "work/runs")
    Image.fromarray(picture(24, 30)).save(tmp_path / "photo.png")
    start = "import sys; from importlib.metadata import entry_points as found; "
    start += "sys.exit(found(name='sr-upscale')['sr-upscale'].load()())"
    assert "photo_x4.png: 30×24 -> 120×96" in installed("-c", start, tmp_path / "photo.png")
