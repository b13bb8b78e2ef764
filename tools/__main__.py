"""`python -m tools <name> …`: `main` of that file, or, of pages.py, the function of that name."""

import sys
from pkgutil import resolve_name

from tools import run

name, *arguments = sys.argv[1:]
place = f"tools.pages:{name}" if name in ("pages", "publish", "verify") else f"tools.{name}:main"
sys.exit(run(name, lambda: resolve_name(place)(*arguments)))
