"""The repository as a visitor sees it: README, environment files, Makefile, address, installed package."""

import ast
import contextlib
import os
import re
import socket
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


#: What make env installs: the extra `test` begins with the other extras that it asks for.
ASKED = ["tensorflow", "test", *re.search(r"\[(.*)\]", EXTRAS["test"][0])[1].split(",")]
INSTALLED = PROJECT["dependencies"] + [each for extra in ASKED for each in EXTRAS[extra] if "study[" not in each]


def test_every_dependency_is_pinned_and_explained():
    lines = re.findall(r"^\s*([^\s#].*)$", (ROOT / "requirements.lock").read_text(), re.M)
    pinned, others = {canonical(line) for line in lines}, EXTRAS["jax"] + EXTRAS["bench"]
    assert all("==" in line for line in lines) and {canonical(each) for each in INSTALLED} <= pinned
    assert not {canonical(each) for each in others} & pinned
    for dependency in INSTALLED + others:
        row = rf"^\| `{re.escape(canonical(dependency))}` \| .{{10,}} \|$"
        assert re.search(row, CONTRIBUTING, re.M | re.I), dependency


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_every_import_is_declared():
    """pyproject.toml names each package that is imported; sr_utils needs the core and a backend, and no other extra."""
    core = {canonical(name) for name in PROJECT["dependencies"] + EXTRAS["tensorflow"] + EXTRAS["jax"]}
    declared = core | {canonical(name) for names in EXTRAS.values() for name in names}
    installed = metadata.packages_distributions()  # extras need not be
    for path in (path for folder in ("sr_utils", "tools", "bench", "tests") for path in (ROOT / folder).rglob("*.py")):
        known = core if "sr_utils" in path.parts else declared
        for module in {*imported(path)} & {*installed} - {"sr_utils", "tools"}:
            assert known & {canonical(name) for name in installed[module]}, (path.name, module)


def test_conda_and_citation_agree_with_pyproject():
    environment, cited = (yaml.safe_load((ROOT / name).open()) for name in ("environment.yml", "CITATION.cff"))
    python = f"python{PROJECT['requires-python']}"
    assert environment["dependencies"] == [python, "pip", {"pip": ["-e .[tensorflow,test]"]}]
    assert environment["name"] == PROJECT["name"] and cited["version"] == sr_utils.__version__


def test_links_exist_and_tables_of_the_readme_are_the_records(monkeypatch):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", README + CONTRIBUTING):
        assert target.startswith("http") or (ROOT / target).exists(), target
    monkeypatch.setenv("SR_FIGURES", str(ROOT / "figures"))
    assert fill(README, published(max(paths.NOTEBOOKS.glob("06*.ipynb")))) == README


def git(*command):
    return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_run_of_ones_own_writes_into_no_folder_of_git():
    own = [f"figures/{profile}/" for profile in PROFILES if profile != "standard"]
    assert git("check-ignore", *own) == own and not git("ls-files", *own)


def make(*arguments):
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout


TARGETS = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[0].split()


def test_make_alone_explains_itself():
    assert {*TARGETS, "PROFILE", "DATA", "SEEDS", "DEVICE", "SCHEDULER"} <= {*re.findall(r"^  (\w+)", make(), re.M)}


def test_another_python_and_a_port_in_use_are_refused_in_a_sentence(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    said = make("env", f"PYTHON={python}", f"BIN={tmp_path}/bin")
    assert "is not Python 3.11, 3.12 or 3.13; name one that is: make env PYTHON=" in said
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = f"PORT={taken.getsockname()[1]}", f"BIN={Path(sys.executable).parent}", "ENV="
        said = make("lab", *settings, "-o", ".venv/bin/.installed")
    assert re.search("port [0-9]+ is in use; name another: make lab PORT=[0-9]+", said)


@pytest.mark.parametrize("variables", [(f"KERAS_BACKEND={b}", f"GPU={g}") for b in ("", "jax") for g in ("", "1")])
def test_recipes_are_shell_whatever_the_variables(tmp_path, variables):
    recipes = make("--always-make", "--just-print", *TARGETS, "IMAGE=a.png", f"BIN={tmp_path}", *variables)
    subprocess.run(["sh", "-n"], input=recipes, text=True, check=True)
    installed = re.search(r"-m pip install .* (.*)$", recipes, re.M)[1]
    assert installed == ('".[jax,test]"' if "KERAS_BACKEND=jax" in variables else "requirements.lock")


def test_no_tracked_file_is_large():
    for path in (ROOT / name for name in git("ls-files")):
        limit = 6_000_000 if path.parent.name == "record" else 2_000_000  # a table of fifteen seeds
        assert not path.exists() or path.stat().st_size < limit, path


def test_an_address_reaches_every_file_and_a_placeholder_none():
    for path, text in wheel.written(wheel.address()).items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run make wheel"
    for home in (HOME, None):
        texts = wheel.written(home).values()
        assert len(texts) > 8 and all((HOME in text) == bool(home) and "/OWNER/" not in text for text in texts)
    expected = f"[a]({HOME}/blob/main/b.md) ![c]({HOME}/raw/main/d.png) [e](https://f)"
    assert wheel.absolute("[a](b.md) ![c](d.png) [e](https://f)", HOME) == expected


@pytest.mark.parametrize("changed", [False, True])
def test_the_first_cell_installs_what_is_missing(monkeypatch, changed):
    commands, number = [], metadata.version
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda command, check: commands.append(command))
    monkeypatch.setattr(metadata, "version", lambda name: number(name) + ("+new" if changed and commands else ""))
    monkeypatch.setattr(sys, "path", [*sys.path])
    with contextlib.nullcontext() if not changed else pytest.raises(SystemExit, match="Restart the session"):
        exec(wheel.filled("install.py", HOME), {})
    assert [HOME in commands[0], commands[1][1:3], sys.path[-1]] == [True, ["-m", "pip"], str(commands[0][-1])]
    with pytest.raises(ModuleNotFoundError, match="not installed here"):
        exec(wheel.filled("install.py", None), {})


@pytest.mark.skipif("CLONED" in os.environ, reason="this is the clone")
def test_a_clone_from_another_address_passes_these_tests(tmp_path):
    subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "clone"], check=True)
    subprocess.run(["git", "remote", "set-url", "origin", f"{HOME}.git"], cwd=tmp_path / "clone", check=True)
    command = [sys.executable, "-m", "pytest", "tests/test_repository.py", "-k", "not installed and not records"]
    environment = os.environ | {"CLONED": "1", "PYTHONPATH": str(tmp_path / "clone")}
    done = subprocess.run(command, cwd=tmp_path / "clone", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_an_installed_package_works_and_writes_into_the_working_folder(tmp_path, picture):
    """As a wheel, outside the checkout. With FRESH_INSTALL=1, as in CI, in an environment of its own."""
    built, site, work = wheel.build_wheel(tmp_path), tmp_path / "site", tmp_path / "work"
    files = {name for name in zipfile.ZipFile(built).namelist() if ".dist-info/" not in name}
    listed = {name.replace("tools/photo", "sr_upscale") for name in git("ls-files", "sr_utils", "tools/photo")}
    assert len(files) > 50 and files == listed
    python, options = sys.executable, ["--no-deps", "--no-compile", "--target", site, built]
    if os.environ.get("FRESH_INSTALL"):
        subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
        python, options = str(tmp_path / "env/bin/python"), [f"{built}[tensorflow,photo]"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *options], check=True)
    work.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SR_")} | {"PYTHONPATH": str(site)}
    code = "import sr_utils; from sr_utils import training, evaluation, widgets, plots, models; "
    code += "run = training.train('post_upsampling', 0, 'smoke', 'sample'); print(sr_utils.__version__, run.folder)"
    start = "import sys; from importlib.metadata import entry_points as found; "
    start += "sys.exit(found(name='sr-upscale')['sr-upscale'].load()())"
    Image.fromarray(picture(24, 30)).save(work / "photo.png")
    said = []
    for arguments in ((code,), (start, "photo.png")):
        ran = subprocess.run([python, "-c", *arguments], cwd=work, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr[-2000:]
        said.append(ran.stdout)
    number, folder = said[0].split()
    assert number == metadata.version(PROJECT["name"]) == sr_utils.__version__
    assert Path(folder).is_relative_to(work / "runs") and "photo_x4.png: 30×24 -> 120×96" in said[1]
