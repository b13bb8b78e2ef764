"""Evaluation: SR images, metrics, scores, and the other measurements that claims need.

What needs Keras is imported when it is first used.
"""

import lazy_loader

NAMES = {
    "metrics": ["gmsd", "psnr", "sharpness", "ssim"],
    "probes": ["first_layer", "picture_distances", "response"],
    "scores": ["score", "score_all", "strength_sweep", "test_sets"],
    "upscaling": ["pictures", "upscale"],
}
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=NAMES)
