"""`python -m tools.upscale`, the enlarger's other name."""

from tools.photo import __main__  # noqa: F401
