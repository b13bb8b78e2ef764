"""Scores of SR images by the published protocol."""

import warnings

import pandas as pd

from sr_utils import StudyError, record
from sr_utils.data.sets import digest, load, on_disk
from sr_utils.evaluation.cache import cached
from sr_utils.evaluation.metrics import METRICS, measure
from sr_utils.evaluation.upscaling import upscale
from sr_utils.filters import edge_enhance


def score(model, pairs, strengths=(0,)) -> pd.DataFrame:
    """One row per image and strength: `image`, `strength`, `loss` (`mse`), `psnr` (dB), `ssim`, `sharpness`, `gmsd`.

    `model` is what `upscale` takes; its SR is edge-enhanced at each strength (0 changes nothing). An image of one
    colour is left out with a warning. Raises `StudyError` if no image is left.
    """
    rows = []
    for pair in pairs:
        if pair.hr.min() == pair.hr.max():
            warnings.warn(f"{pair.name} is of one colour, so that there is nothing to score; left out.", stacklevel=2)
            continue
        sr = upscale(model, pair.lr)
        for strength in strengths:
            rows.append({"image": pair.name, "strength": strength, **measure(edge_enhance(sr, strength), pair.hr)})
    if not rows:
        raise StudyError("There is no image to score; name a set that has validation images with some detail.")
    return pd.DataFrame(rows)


def test_sets(data: str, record: bool = False) -> dict:
    """The images to score on: the validation images of `data`, and every benchmark that is on disk; with `record`, they
    are for the pictures only, so that nothing is downloaded."""
    benchmarks = {name: load(name).valid for name in on_disk()}
    if data.startswith("bsds500") or (record and benchmarks):  # the former has no validation images of its own
        return benchmarks or {"sample": load("sample").valid}
    own = load("sample" if record else data)
    return {own.name: own.valid} | benchmarks


def score_all(entries, sets) -> pd.DataFrame:
    """Rows `arm`, `seed`, `set`, `image` and those of `score`, of `training.Run`s and of interpolations.

    The latter are named "nearest", "bilinear", "bicubic", and have seed −1. A run's scores are kept beside its weights;
    they are computed again if a set's images or the code of a metric change.
    """
    return record.collect("scores", entries, lambda entry: _scores(entry, sets).drop(columns="strength"))


def strength_sweep(entries, sets, strengths) -> pd.DataFrame:
    """The rows of `score_all` for SR images that are edge-enhanced after the network, with a column `strength`."""
    table = record.collect("sweep", entries, lambda entry: _scores(entry, sets, strengths))
    return table[table.strength.isin(strengths)].reset_index(drop=True)


def _scores(entry, sets, strengths=(0,)) -> pd.DataFrame:
    model, folder, label, seed = entry, None, entry, -1
    if not isinstance(entry, str):
        model, folder, label, seed = entry.model, entry.folder, entry.label, entry.config["seed"]
    frames = []
    for name, pairs in sets.items():
        depends = [digest(pairs), list(strengths)]
        table = cached(folder, "scores", depends, lambda pairs=pairs: score(model, pairs, strengths))
        frames.append(table.assign(arm=label, seed=seed, set=name))
    return pd.concat(frames)[["arm", "seed", "set", "image", "strength", "loss", *METRICS]]
