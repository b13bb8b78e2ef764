"""The repository as a visitor sees it: README, environment files, Makefile."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
import yaml

from sr_utils import paths
from sr_utils.profiles import PROFILES
from tools.readme import fill

ROOT = paths.ROOT
README, CONTRIBUTING = ((ROOT / name).read_text() for name in ("README.md", "CONTRIBUTING.md"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()


#: What make env installs: the dependencies and some of the extras.
EXTRAS = PROJECT["optional-dependencies"]
INSTALLED = PROJECT["dependencies"] + EXTRAS["tensorflow"] + EXTRAS["cluster"] + EXTRAS["test"]


def canonical(name):
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", name)[0]).lower()


def test_lock_pins_every_dependency():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = {canonical(line) for line in lines if line and not line.lstrip().startswith("#")}
    assert all("==" in line for line in lines if line and not line.lstrip().startswith("#"))
    assert {canonical(d) for d in INSTALLED} <= pinned
    assert not {canonical(d) for d in EXTRAS["jax"] + EXTRAS["bench"]} & pinned


def test_every_import_is_declared():
    """pyproject.toml names each package that sr_utils, tools, bench and tests import."""
    declared = {canonical(name) for names in (PROJECT["dependencies"], *EXTRAS.values()) for name in names}
    imported = set()
    for path in (path for folder in ("sr_utils", "tools", "bench", "tests") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.split(".")[0] for name in names}
    own = {"sr_utils", "tools", "bench", "tests"}
    distributions = packages_distributions()
    for module in imported - own - set(sys.stdlib_module_names):
        if module in distributions:  # the extras need not be installed
            assert declared & {canonical(name) for name in distributions[module]}, module
    assert "nothing" not in distributions and "numpy" in distributions


def test_an_installation_has_every_file_of_sr_utils(tmp_path):
    pytest.importorskip("setuptools")
    command = [sys.executable, "-c", "import setuptools; setuptools.setup()", "--quiet"]
    command += ["egg_info", "--egg-base", str(tmp_path), "build_py", "--build-lib", str(tmp_path / "lib")]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    listed = subprocess.run(["git", "ls-files", "sr_utils"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {str(path.relative_to(tmp_path / "lib")) for path in (tmp_path / "lib").rglob("*") if path.is_file()}
    assert len(files) > 50 and files == set(listed.stdout.splitlines())


def test_conda_gets_the_same_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, rest = environment["dependencies"]
    assert (
        python == f"python{PROJECT['requires-python']}"
        and pip == "pip"
        and rest == {"pip": ["-e .[tensorflow,cluster,test]"]}
    )
    assert environment["name"] == PROJECT["name"]


def test_every_dependency_is_explained():
    for dependency in INSTALLED + EXTRAS["jax"] + EXTRAS["bench"] + EXTRAS["export"]:
        row = rf"^\| `{re.escape(canonical(dependency))}` \| .{{10,}} \|$"
        assert re.search(row, CONTRIBUTING, re.M | re.I), dependency


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_and_paths_exist(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / page).read_text()):
        if not target.startswith(("http", "../../")):  # those are the hosting site's
            assert (ROOT / target).exists(), target


def test_tables_of_the_readme_are_the_records(reference):
    assert fill(README, reference) == README


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


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_another_python_is_refused_in_a_sentence(tmp_path, version):
    python = tmp_path / "python"
    major, minor = version.split(".")
    python.write_text(
        f"#!/bin/sh\nexec python3 -c 'import sys; v = ({major}, {minor}); sys.exit(not (3, 11) <= v < (3, 14))'\n"
    )
    python.chmod(0o755)
    command = ["make", "-C", str(ROOT), "env", f"PYTHON={python}", f"BIN={tmp_path}/bin"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0 and "is not Python 3.11, 3.12 or 3.13" in result.stdout


@pytest.mark.parametrize(
    "variables",
    [("KERAS_BACKEND=",), ("KERAS_BACKEND=", "GPU=1"), ("KERAS_BACKEND=jax",), ("KERAS_BACKEND=jax", "GPU=1")],
)
def test_recipes_are_shell_whatever_the_variables(tmp_path, variables):
    targets = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[0].split()
    command = ["make", "--always-make", "--just-print", *targets, "IMAGE=a.png", f"BIN={tmp_path}", *variables]
    recipes = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    subprocess.run(["sh", "-n"], input=recipes, text=True, check=True)
    installed = re.search(r"-m pip install .* (.*)$", recipes, re.M)[1]
    assert installed == ('".[jax,cluster,test]"' if "KERAS_BACKEND=jax" in variables else "requirements.lock")


def test_no_tracked_file_is_large():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        limit = 4_000_000 if name.endswith("results.json") else 2_000_000  # a record has a row for each seed and image
        assert not (ROOT / name).exists() or (ROOT / name).stat().st_size < limit, name
