"""Score by the published protocol; compare arms by paired differences with an interval."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from sr_utils import StudyError
from sr_utils.claims.statistics import compare, interval, table
from sr_utils.data.images import SCALE, upsample
from sr_utils.data.sets import digest, load, on_disk
from sr_utils.evaluation.metrics import METRICS, SHAVE, _lumas, gmsd, luma, psnr, sharpness, ssim
from sr_utils.evaluation.upscale import upscale, upscale_window
from sr_utils.filters import edge_enhance
from sr_utils.paths import replace

__all__ = [
    "METRICS", "SHAVE", "compare", "gmsd", "interval", "luma", "psnr", "score", "score_all", "sharpness", "ssim",
    "table", "upscale", "upscale_window",
]  # fmt: skip


def score(model, pairs) -> pd.DataFrame:
    """One row per image: `image`, `psnr` (dB), `ssim`, `sharpness`, `gmsd`; `model` as for `upscale`.

    Raises `StudyError` for an empty set.
    """
    if not pairs:
        raise StudyError("There is no image to score; name a set that has validation images.")
    rows = []
    for pair in pairs:
        lumas = _lumas(upscale(model, pair.lr), pair.hr)
        rows.append({"image": pair.name} | {name: metric(*lumas) for name, metric in METRICS.items()})
    return pd.DataFrame(rows)


def test_sets(data: str) -> dict:
    """The images to score on: the validation images of `data`, and every benchmark that is already on disk."""
    own = load(data)
    sets = {} if own.name == "bsds500" else {own.name: own.valid}  # bsds500 has none of its own
    return (sets | {name: load(name).valid for name in on_disk()}) or {"sample": own.valid}


def score_all(entries, sets) -> pd.DataFrame:
    """Rows `arm`, `seed`, `set`, `image`, `psnr`, `ssim`, `sharpness`, `gmsd` for trained runs and interpolations.

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
    kept = entry.folder / f"scores-{Path(name).name}-{digest(pairs)}{suffix}.csv" if is_run else None
    frame = pd.read_csv(kept, dtype={"image": str}) if kept and kept.exists() else pd.DataFrame()
    if not {"image", *METRICS} <= set(frame.columns):
        frame = score(arm or model, pairs)
        if kept:
            replace(kept, lambda path: frame.to_csv(path, index=False))
    return frame.assign(arm=label, seed=seed, set=name)[["arm", "seed", "set", "image", *METRICS]]


def as_arms(sweep: pd.DataFrame) -> pd.DataFrame:
    """A strength sweep as scores of arms of their own, named "srcnn enhanced 0.1" and so on."""
    return sweep.assign(arm=sweep.arm + " enhanced " + sweep.strength.map("{:g}".format)).drop(columns="strength")


def hardest_crop(pair, side: int = 48) -> tuple[int, int]:
    """(y, x) of the side×side HR window where bicubic errs most, aligned on LR pixels: the rule behind every crop."""
    if min(pair.hr.shape[:2]) < side:
        raise StudyError(f"{pair.name} is smaller than a {side}×{side} crop; use larger images or a smaller crop.")
    error = np.square(upsample(pair.lr) - pair.hr.astype(np.float32)).mean(-1)
    sums = cv2.boxFilter(error, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: error.shape[0] - side + 1 : SCALE, : error.shape[1] - side + 1 : SCALE]
    y, x = np.unravel_index(sums.argmax(), sums.shape)
    return int(y) * SCALE, int(x) * SCALE
