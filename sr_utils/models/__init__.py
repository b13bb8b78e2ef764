"""The networks: their layers, the table of arms, and the trained weights that come with the study.

What needs Keras is imported when it is first used.
"""

import lazy_loader

NAMES = {"arms": ["ARMS", "MODELS", "STUDY"], "costs": ["build", "cost", "shapes"], "pretrained": ["load"]}
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=NAMES)
