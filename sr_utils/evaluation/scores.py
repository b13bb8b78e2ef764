"""Upscale and score by the published protocol."""

import warnings

import cv2
import numpy as np
import pandas as pd

from sr_utils import StudyError
from sr_utils.data.images import SCALE, upsample
from sr_utils.data.sets import digest, load, on_disk
from sr_utils.device import keras
from sr_utils.evaluation.keeping import kept
from sr_utils.evaluation.metrics import METRICS, SHAVE, _lumas, gmsd, luma, psnr, sharpness, ssim
from sr_utils.filters import edge_enhance

__all__ = [
    "METRICS", "SHAVE", "gmsd", "luma", "mse", "psnr", "score", "score_all", "sharpness", "ssim", "upscale",
]  # fmt: skip

MARGIN = 24  # LR pixels around a window; `combined` sees 18


def upscale(arm, lr):
    """SR of an image: uint8 (h, w, 3) -> uint8 (4h, 4w, 3).

    `arm` is a Keras model of `models.MODELS`, or "nearest", "bilinear" or "bicubic", or a function from LR to SR.
    """
    if isinstance(arm, str):
        return upsample(lr, arm)
    if not isinstance(arm, keras.Model):
        return arm(lr)
    return grey_levels(arm(lr[None].astype(np.float32), training=False))


def grey_levels(sr) -> np.ndarray:
    """float (1, H, W, 3) -> uint8 (H, W, 3): the one place where a network's output is rounded and clipped."""
    return np.clip(np.rint(np.asarray(sr)[0]), 0, 255).astype(np.uint8)


def upscale_window(arm, pair, y: int, x: int, side: int):
    """The side×side window of SR at (y, x), without computing all of it: uint8 (side, side, 3).

    LR is cut with a margin beyond every arm's receptive field, so the window is the whole image's.
    """
    top, left = max(0, y // SCALE - MARGIN), max(0, x // SCALE - MARGIN)
    bottom, right = ((n + side) // SCALE + MARGIN for n in (y, x))
    sr = upscale(arm, np.ascontiguousarray(pair.lr[top:bottom, left:right]))
    y, x = y - top * SCALE, x - left * SCALE
    return sr[y : y + side, x : x + side]


def mse(sr, hr) -> float:
    """Mean squared error in grey levels² of uint8 (H, W, 3) images, over all pixels and channels.

    The loss that networks are trained with, of the picture that a file would hold. Rounding adds 1/12 to it.
    """
    return float(np.square(sr.astype(np.float64) - hr).mean())


def score(model, pairs) -> pd.DataFrame:
    """One row per image: `image`, `loss` (`mse`), `psnr` (dB), `ssim`, `sharpness`, `gmsd`; `model` as for `upscale`.

    An image without any detail cannot be scored (its PSNR is infinite); a warning names it, and it is left out. Raises
    `StudyError` where no image is left.
    """
    rows = []
    for pair in pairs:
        if pair.hr.min() == pair.hr.max():
            warnings.warn(f"{pair.name} is of one colour, so that there is nothing to score; left out.", stacklevel=2)
            continue
        sr = upscale(model, pair.lr)
        lumas = _lumas(sr, pair.hr)
        rows.append(
            {"image": pair.name, "loss": mse(sr, pair.hr)} | {name: metric(*lumas) for name, metric in METRICS.items()}
        )
    if not rows:
        raise StudyError("There is no image to score; name a set that has validation images with some detail.")
    return pd.DataFrame(rows)


def test_sets(data: str) -> dict:
    """The images to score on: the validation images of `data`, and every benchmark that is already on disk."""
    own = load(data)
    sets = {} if own.name == "bsds500" else {own.name: own.valid}  # bsds500 has none of its own
    return (sets | {name: load(name).valid for name in on_disk()}) or {"sample": own.valid}


def score_all(entries, sets) -> pd.DataFrame:
    """Rows `arm`, `seed`, `set`, `image`, `loss`, `psnr`, `ssim`, `sharpness`, `gmsd` of trained runs, interpolations.

    `entries` are `training.Run`s or the names "nearest", "bilinear", "bicubic" (which have seed −1). A run's scores
    are kept beside its weights and found again; they are recomputed when a set's images change.
    """
    frames = [_scores(entry, name, pairs) for entry in entries for name, pairs in sets.items()]
    return pd.concat(frames, ignore_index=True)


def strength_sweep(entries, sets, strengths) -> pd.DataFrame:
    """`score_all`'s rows for SR images edge-enhanced after the network, with a column `strength`."""
    frames = []
    for entry in entries:
        once = _once(entry if isinstance(entry, str) else entry.model)
        for name, pairs in sets.items():
            for strength in strengths:
                enhanced = f"-enhanced-{strength:g}"
                frame = _scores(entry, name, pairs, lambda lr, s=strength, sr=once: edge_enhance(sr(lr), s), enhanced)
                frames.append(frame.assign(strength=strength))
    return pd.concat(frames, ignore_index=True)


def _once(arm):
    """`upscale` of one arm as a function that computes each LR array a single time."""
    done = {}

    def sr(lr):
        if id(lr) not in done:
            done[id(lr)] = upscale(arm, lr)
        return done[id(lr)]

    return sr


def _scores(entry, name, pairs, arm=None, suffix="") -> pd.DataFrame:
    """Scores of a run or interpolation, or of `arm` in its stead; a run's are kept beside its weights."""
    is_run = not isinstance(entry, str)
    model, label, seed = (entry.model, entry.label, entry.config["seed"]) if is_run else (entry, entry, -1)
    depends = [digest(pairs), suffix, score, mse, upscale, grey_levels, luma, *METRICS.values()]
    frame = kept(entry.folder if is_run else None, "scores", depends, lambda: score(arm or model, pairs))
    return frame.assign(arm=label, seed=seed, set=name)[["arm", "seed", "set", "image", "loss", *METRICS]]


def hardest_crop(pair, side: int = 48) -> tuple[int, int]:
    """(y, x) of the side×side HR window where bicubic errs most, aligned on LR pixels: the rule behind every crop."""
    if min(pair.hr.shape[:2]) < side:
        raise StudyError(f"{pair.name} is smaller than a {side}×{side} crop; use larger images or a smaller crop.")
    error = np.square(upsample(pair.lr) - pair.hr.astype(np.float32)).mean(-1)
    sums = cv2.boxFilter(error, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: error.shape[0] - side + 1 : SCALE, : error.shape[1] - side + 1 : SCALE]
    y, x = np.unravel_index(sums.argmax(), sums.shape)
    return int(y) * SCALE, int(x) * SCALE
