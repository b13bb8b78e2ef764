"""Scores of SR images by the published protocol."""

import functools
import warnings

import cachetools
import pandas as pd

from sr_utils import StudyError, record
from sr_utils.data.sets import digest, load, on_disk, validation
from sr_utils.evaluation.cache import cached
from sr_utils.evaluation.metrics import METRICS, luma, measure, mse
from sr_utils.evaluation.tiling import grey_levels, tiles
from sr_utils.evaluation.upscaling import upscale
from sr_utils.filters import edge_enhance


def score(model, pairs) -> pd.DataFrame:
    """One row per image: `image`, `loss` (`mse`), `psnr` (dB), `ssim`, `sharpness`, `gmsd`; `model` as for `upscale`.

    An image of one colour is left out with a warning, because its PSNR is infinite. Raises `StudyError` if no image
    is left.
    """
    rows = []
    for pair in pairs:
        if pair.hr.min() == pair.hr.max():
            warnings.warn(f"{pair.name} is of one colour, so that there is nothing to score; left out.", stacklevel=2)
            continue
        rows.append({"image": pair.name, **measure(upscale(model, pair.lr), pair.hr)})
    if not rows:
        raise StudyError("There is no image to score; name a set that has validation images with some detail.")
    return pd.DataFrame(rows)


def test_sets(data: str, record: bool = False) -> dict:
    """The images to score on: the validation images of `data`, and every benchmark that is on disk.

    With `record`, scores come from the record and these images are for the pictures: nothing is downloaded for them.
    """
    benchmarks = {name: load(name).valid for name in on_disk()}
    if data.startswith("bsds500") or (record and benchmarks):  # the former has no validation images of its own
        return benchmarks or {"sample": validation("sample")}
    own = load("sample" if record else data)
    return {own.name: own.valid} | benchmarks


def score_all(entries, sets) -> pd.DataFrame:
    """Rows `arm`, `seed`, `set`, `image`, `loss`, `psnr`, `ssim`, `sharpness`, `gmsd` of trained runs, interpolations.

    `entries` are `training.Run`s or the names "nearest", "bilinear", "bicubic" (which have seed −1). A run's scores
    are kept beside its weights; they are computed again if a set's images or the code of a metric change.
    """

    def measure_entry(entry):
        return pd.concat([_scores(entry, name, pairs) for name, pairs in sets.items()])

    return record.collect("scores", entries, measure_entry)


def strength_sweep(entries, sets, strengths) -> pd.DataFrame:
    """The rows of `score_all` for SR images that are edge-enhanced after the network, with a column `strength`."""

    def measure_entry(entry):
        once, frames = _once(entry if isinstance(entry, str) else entry.model), []
        for name, pairs in sets.items():
            for strength in strengths:
                enhanced = f"-enhanced-{strength:g}"
                frame = _scores(entry, name, pairs, lambda lr, s=strength, sr=once: edge_enhance(sr(lr), s), enhanced)
                frames.append(frame.assign(strength=strength))
        return pd.concat(frames)

    table = record.collect("sweep", entries, measure_entry)
    return table[table.strength.isin(strengths)].reset_index(drop=True)


def _once(arm):
    """`upscale` with this arm as a function that computes the SR of each LR array only once."""
    return cachetools.cached({}, key=lambda lr: (lr.shape, lr.tobytes()))(functools.partial(upscale, arm))


def _scores(entry, name, pairs, arm=None, suffix="") -> pd.DataFrame:
    """Scores of a run or interpolation, or of `arm` instead of it; a run's are kept beside its weights."""
    is_run = not isinstance(entry, str)
    model, label, seed = (entry.model, entry.label, entry.config["seed"]) if is_run else (entry, entry, -1)
    functions = (score, measure, mse, upscale, tiles, grey_levels, edge_enhance, luma, *METRICS.values())
    depends = [digest(pairs), suffix, *functions]
    frame = cached(entry.folder if is_run else None, "scores", depends, lambda: score(arm or model, pairs))
    return frame.assign(arm=label, seed=seed, set=name)[["arm", "seed", "set", "image", "loss", *METRICS]]
