"""Imports run downwards only, `data`, `claims` and `plots` do not import Keras, and a name means one thing."""

import ast
import collections
import pkgutil
import subprocess
import sys

import sr_utils
from sr_utils import paths

#: From bottom to top. A file imports only from its own floor and from those before it.
FLOORS = (
    ("sr_utils", "paths", "profiles", "filters"),
    ("data",),
    ("device",),
    ("models",),
    ("losses", "record"),
    ("training",),
    ("evaluation",),
    ("claims",),
    ("plots",),
    ("widgets",),
    ("tools",),
    ("bench",),
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}


def modules():
    for folder in ("sr_utils", "tools", "bench"):
        for path in sorted((paths.ROOT / folder).rglob("*.py")):
            yield path.relative_to(paths.ROOT), path


def upward(room: str, code: str) -> set[str]:
    """The rooms above `room` that this code, which belongs to it, imports from, anywhere in it."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    found = {next((part for part in name.split(".")[1::-1] if part in LEVEL), None) for name in names}
    return {other for other in found - {None} if LEVEL[other] > LEVEL[room]}


def test_imports_run_downwards():
    upward_imports = {}
    for name, path in modules():
        parts = name.with_suffix("").parts
        room = next(part for part in reversed(parts[: 2 if parts[0] == "sr_utils" else 1]) if part in LEVEL)
        upward_imports[str(name)] = upward(room, path.read_text(encoding="utf-8"))
    assert len(upward_imports) > 30
    assert {name: rooms for name, rooms in upward_imports.items() if rooms} == {}


def test_an_import_upwards_is_found():
    assert upward("models", "from sr_utils.plots.style import save\nimport sr_utils.widgets") == {"plots", "widgets"}
    assert upward("models", "def later():\n    from tools import publish") == {"tools"}
    assert upward("models", "from sr_utils import StudyError\nfrom sr_utils.data import load\nimport numpy") == set()


def test_no_two_public_functions_of_a_room_have_one_name():
    places = collections.defaultdict(list)
    for name, path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                places[name.parts[: 2 if name.parts[0] == "sr_utils" else 1], node.name].append(str(name))
    assert len(places) > 200
    twice = {name: files for name, files in places.items() if len(files) > 1 and name[1] != "main"}
    assert twice == {}  # each command has its main


def test_images_claims_and_drawings_need_no_keras():
    """`models` needs it, which shows that this test can fail."""
    rooms = ("data", "claims", "plots", "models")
    files = {room: [file.name for file in pkgutil.iter_modules([f"{sr_utils.__path__[0]}/{room}"])] for room in rooms}
    code = f"""
import importlib, sys
for room, files in {files}.items():
    for file in files:
        importlib.import_module(f"sr_utils.{{room}}.{{file}}")
    print("keras" in sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "False", "False", "True"]
