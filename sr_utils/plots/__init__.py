"""Every figure: one style, charts, and block diagrams drawn from the networks themselves."""

from sr_utils.plots.style import caption, save

__all__ = ["caption", "save"]
