"""SR images and what is measured on them: metrics, scores, and the probes that claims need besides."""

from sr_utils.evaluation.scores import gmsd, psnr, score, score_all, sharpness, ssim, test_sets, upscale

__all__ = ["gmsd", "psnr", "score", "score_all", "sharpness", "ssim", "test_sets", "upscale"]
