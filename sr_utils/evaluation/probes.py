"""Measurements for claims besides scores and loss curves: how alike SR images are, and the gain of a fine ripple.

Every table has the columns `arm`, `seed` and one per metric; most have `set` and `image` too, as `score_all`.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils import record
from sr_utils.data.images import SCALE
from sr_utils.data.patches import large_enough
from sr_utils.data.sets import digest
from sr_utils.device import keras
from sr_utils.evaluation.cache import cached
from sr_utils.evaluation.metrics import gmsd, mse
from sr_utils.evaluation.tiling import grey_levels, tiles
from sr_utils.evaluation.upscaling import upscale
from sr_utils.models.arms import COMPARED


def picture_distances(runs, sets, arms=COMPARED) -> pd.DataFrame:
    """Differences between SR images: rows `arm`, `other`, `seed`, `set`, `image`, `rms` (grey levels), `gmsd`.

    Only runs of these `arms` (labels) are compared. `rms` is over all pixels and channels of uint8 SR. There is a row
    for every pair of arms with one seed. If there are several seeds, there is also a row for each arm and itself, which
    compares this seed's image with the next seed's; after the last seed comes the first.
    """
    runs = [run for run in runs if run.label in arms]
    if all(hasattr(run, "measured") for run in runs):
        table, seeds = record.collect("distances", runs, None), {run.config["seed"] for run in runs}
        return table[table.other.isin({run.label for run in runs}) & table.other_seed.isin(seeds)].reset_index(
            drop=True
        )
    named = {(run.label, run.config["seed"]): run for run in runs}
    names = [run.folder.name for run in runs]
    frames = []
    for name, pairs in sets.items():
        depends = [digest(pairs), names, _distances, _couples, upscale, tiles, grey_levels, mse, gmsd]
        frame = cached(runs[0].folder, "distances", depends, lambda pairs=pairs: _distances(named, pairs))
        frames.append(frame.assign(set=name))
    return pd.concat(frames, ignore_index=True)[["arm", "other", "seed", "set", "image", "rms", "gmsd"]]


def _distances(named: dict, pairs) -> pd.DataFrame:
    rows = []
    for pair in pairs:
        sr = {key: upscale(run.model, pair.lr) for key, run in named.items()}
        rows += [
            {"arm": a[0], "other": b[0], "seed": a[1], "image": pair.name, "rms": np.sqrt(mse(sr[a], sr[b])),
             "gmsd": gmsd(sr[a], sr[b])}
            for a, b in _couples(sr)
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=["arm", "other", "seed", "image", "rms", "gmsd"])


def _couples(keys) -> list:
    """The pairs of (label, seed) that are compared."""
    seeds = sorted({seed for _, seed in keys})
    following = dict(zip(seeds, seeds[1:] + seeds[:1], strict=True))
    couples = [(a, b) for a, b in combinations(keys, 2) if a[1] == b[1]]
    return couples + [
        ((arm, s), (arm, following[s])) for arm, s in keys if s != following[s] and (arm, following[s]) in keys
    ]


CROP = 96  # side in pixels of the crop that `response` measures
FREQUENCIES = np.array([1, 2, 3, 4, 6, 8]) / 32  # cycles per HR pixel; 4/32 is LR's Nyquist frequency


def response(runs, pairs) -> pd.DataFrame:
    """The gain of a network for a fine ripple on its bilinear image, in dB.

    A row per run, image and direction has the gain at each frequency (`gain 0.125` and so on), and their mean up to
    LR's Nyquist frequency as `response`. The ripple, ±4 grey levels high, is added to the output of the layer
    "bilinear", before any edge enhancement. The gain is the component of SR's change at the same frequency, over the
    middle 64×64 pixels of the image's middle 96×96. A warning names smaller images; if all are, the table is empty.
    """
    recorded = all(hasattr(run, "measured") for run in runs)
    if not recorded and all(min(pair.hr.shape[:2]) < CROP for pair in pairs):
        return pd.DataFrame(columns=["set", "image", "response", "arm", "seed"])
    pairs = pairs if recorded else large_enough(pairs, CROP)

    def measure(run):
        head = keras.Model(run.model.get_layer("bilinear").output, run.model.output)
        tail = keras.Model(run.model.input, run.model.get_layer("bilinear").output)
        rows = [
            {"set": "response", "image": f"{pair.name} {'xy'[axis]}"} | _gains(head, tail, pair, axis)
            for pair in pairs
            for axis in (0, 1)
        ]
        return pd.DataFrame(rows)

    depends = [digest(pairs), FREQUENCIES.tolist(), _gains]

    def keep(run):
        return cached(run.folder, "response", depends, lambda: measure(run)).assign(**_who(run))

    return record.collect("response", runs, keep)


def _gains(head, tail, pair, axis: int) -> dict:
    side, margin, amplitude = CROP, 16, 4 / 255
    top, left = ((n - side // SCALE) // 2 for n in pair.lr.shape[:2])
    crop = pair.lr[top : top + side // SCALE, left : left + side // SCALE]
    image = np.asarray(tail(crop[None].astype(np.float32)))
    position = np.arange(image.shape[1 + axis]).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    ripples = np.cos(2 * np.pi * FREQUENCIES[:, None, None, None] * position) * amplitude
    ripples = np.broadcast_to(ripples, (len(FREQUENCIES), *image.shape[1:])).astype(np.float32)
    sr = np.asarray(head(np.concatenate([image + ripples, image - ripples]))) / 255
    change = (sr[: len(ripples)] - sr[len(ripples) :])[:, margin:-margin, margin:-margin].mean(-1) / 2
    wave = np.exp(-2j * np.pi * FREQUENCIES[:, None, None] * position[..., 0])  # (frequencies, 96, 1) or (…, 1, 96)
    wave = wave[:, margin:-margin] if axis == 0 else wave[:, :, margin:-margin]
    gain = 20 * np.log10(np.abs((change * wave).mean((1, 2))) * 2 / amplitude)
    return {f"gain {f:g}": g for f, g in zip(FREQUENCIES, gain, strict=True)} | {
        "response": gain[FREQUENCIES <= 0.5 / SCALE].mean()
    }


def first_layer(runs, frequencies=np.linspace(1 / 32, 1 / 4, 50)) -> pd.DataFrame:  # noqa: B008
    """`first_layer_gain` of several runs: rows `arm`, `seed`, `frequency` (cycles per pixel), `spectrum` (a factor)."""

    def measure(run):
        return pd.DataFrame({"frequency": frequencies, "spectrum": first_layer_gain(run, frequencies)}).assign(
            **_who(run)
        )

    return record.collect("first_layer", runs, measure)


def first_layer_gain(run, frequencies) -> np.ndarray:
    """Gain of the learnt kernels of "conv_9" for a grey ripple: root mean square over kernels and both directions."""
    kernel = np.asarray(run.model.get_layer("conv_9").kernel).sum(axis=2)  # (9, 9, 64): equal in all three channels
    waves = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(kernel.shape[0])))
    along = (waves @ kernel.sum(axis=0), waves @ kernel.sum(axis=1))  # x, y: (frequencies, 64)
    return np.sqrt(np.mean(np.square(np.abs(along)), axis=(0, 2)))


def _who(run) -> dict:
    return {"arm": run.label, "seed": run.config["seed"]}
