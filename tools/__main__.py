"""`python -m tools <name> …` is `make <name>`."""

import sys
from pkgutil import resolve_name

from sr_utils.profiles import Named
from tools import run

FILES = ("check", "data", "export", "fleet", "record", "reproduce", "site", "weights", "wheel")
#: name -> where its function is.
COMMANDS = Named("command", {name: f"tools.{name}:main" for name in FILES})
COMMANDS |= {name: f"tools.pages:{name}" for name in ("pages", "publish", "verify")}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or ["help"]
    sys.exit(run(name, lambda: resolve_name(COMMANDS[name])(*arguments)))
