"""Evaluation: SR images, metrics, scores, and the other measurements that claims need."""

from sr_utils.evaluation.metrics import gmsd, psnr, sharpness, ssim
from sr_utils.evaluation.pictures import pictures
from sr_utils.evaluation.probes import first_layer, likeness, response
from sr_utils.evaluation.scores import score, score_all, strength_sweep, test_sets
from sr_utils.evaluation.upscale import upscale

__all__ = [
    "first_layer", "gmsd", "likeness", "pictures", "psnr", "response", "score", "score_all", "sharpness", "ssim",
    "strength_sweep", "test_sets", "upscale",
]  # fmt: skip
