"""Measurements for claims besides scores and loss curves: how alike SR images are, and the gain of a fine ripple."""

from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils import record
from sr_utils.data.images import SCALE
from sr_utils.data.sets import digest
from sr_utils.device import keras
from sr_utils.evaluation.cache import cached
from sr_utils.evaluation.metrics import gmsd, mse
from sr_utils.evaluation.upscaling import upscale
from sr_utils.models.arms import PICTURES_COMPARED

DISTANCES = ["arm", "other", "seed", "set", "image", "rms", "gmsd"]
CROP = 96  # side in pixels of the crop that `response` measures
FREQUENCIES = np.array([1, 2, 3, 4, 6, 8]) / 32  # cycles per HR pixel; 4/32 is LR's Nyquist frequency


def picture_distances(runs, sets, arms=PICTURES_COMPARED) -> pd.DataFrame:
    """Differences between uint8 SR images of runs of these arms (labels): `rms` over pixels and channels, and `gmsd`.

    There is a row for every image and pair of arms with one seed; with several seeds, also for each arm (as `arm` and
    `other`) with this seed and the next; after the last seed comes the first.
    """
    runs = [run for run in runs if run.label in arms]
    if all(run.row is not None for run in runs):
        table, seeds = record.collect("distances", runs, None), {run.config["seed"] for run in runs}
        table = table[table.other.isin({run.label for run in runs}) & table.other_seed.isin(seeds)]
        return table.reset_index(drop=True)
    frames = []
    for name, pairs in sets.items():
        depends = [digest(pairs), [run.folder.name for run in runs]]
        frame = cached(runs[0].folder, "distances", depends, lambda pairs=pairs: _distances(runs, pairs))
        frames.append(frame.assign(set=name))
    return pd.concat(frames, ignore_index=True)[DISTANCES]


def _distances(runs, pairs) -> pd.DataFrame:
    named, rows = {(run.label, run.config["seed"]): run for run in runs}, []
    seeds = sorted({seed for _, seed in named})
    following = dict(zip(seeds, seeds[1:] + seeds[:1], strict=True))
    couples = [(a, b) for a, b in combinations(named, 2) if a[1] == b[1]]
    couples += [((arm, seed), (arm, following[seed])) for arm, seed in named if seed != following[seed]]
    for pair in pairs:
        sr = {key: upscale(run.model, pair.lr) for key, run in named.items()}
        for a, b in couples:
            if b in sr:
                rows.append((a[0], b[0], a[1], "", pair.name, np.sqrt(mse(sr[a], sr[b])), gmsd(sr[a], sr[b])))
    return pd.DataFrame(rows, columns=DISTANCES)


def response(runs, pairs) -> pd.DataFrame:
    """The gain of a network for a fine ripple on its bilinear image, in dB: a row per run, image and direction.

    It has the gain at each frequency (`gain 0.125` and so on), and their mean up to LR's Nyquist frequency as
    `response`. The ripple, ±4 grey levels high, is added to the output of the layer "bilinear", before any edge
    enhancement; the gain is the component of SR's change at the same frequency, over the middle 64×64 pixels of the
    image's middle 96×96. Smaller images are left out.
    """

    def measure(run):
        large = [pair for pair in pairs if min(pair.hr.shape[:2]) >= CROP]
        table = cached(run.folder, "response", [digest(large)], lambda: _gains(run.model, large))
        return table.assign(arm=run.label, seed=run.config["seed"])

    return record.collect("response", runs, measure)


def _gains(model, pairs) -> pd.DataFrame:
    bilinear, side, margin, amplitude, rows = model.get_layer("bilinear").output, CROP, 16, 4 / 255, []
    tail, head = keras.Model(model.input, bilinear), keras.Model(bilinear, model.output)
    for pair, axis in ((pair, axis) for pair in pairs for axis in (0, 1)):
        top, left = ((n - side // SCALE) // 2 for n in pair.lr.shape[:2])
        crop = pair.lr[top : top + side // SCALE, left : left + side // SCALE]
        image = np.asarray(tail(crop[None].astype(np.float32)))
        phase = 2 * np.pi * FREQUENCIES[:, None, None] * np.expand_dims(np.arange(side), 1 - axis)
        ripples = np.broadcast_to(amplitude * np.cos(phase)[..., None], (len(FREQUENCIES), side, side, 3))
        sr = np.asarray(head(np.concatenate([image + ripples, image - ripples]).astype(np.float32))) / 255
        change = (sr[: len(ripples)] - sr[len(ripples) :]).mean(-1) / 2 * np.exp(-1j * phase)
        gain = 20 * np.log10(np.abs(change[:, margin:-margin, margin:-margin].mean((1, 2))) * 2 / amplitude)
        rows.append(("response", f"{pair.name} {'xy'[axis]}", *gain, gain[FREQUENCIES <= 0.5 / SCALE].mean()))
    return pd.DataFrame(rows, columns=["set", "image", *record.GAINS, "response"])


def first_layer(runs) -> pd.DataFrame:
    """The `spectrum` of "conv_9": its kernels' gain (a factor) for a grey ripple of that `frequency` (cycles a pixel),
    as the root mean square over kernels and both directions."""

    def measure(run):
        kernel = np.asarray(run.model.get_layer("conv_9").kernel).sum(axis=2)  # (9, 9, 64): the same in each channel
        frequency = np.linspace(1 / 32, 1 / 4, 50)
        waves = np.exp(-2j * np.pi * np.outer(frequency, np.arange(len(kernel))))
        along = np.abs([waves @ kernel.sum(axis=0), waves @ kernel.sum(axis=1)])  # x, y: (2, frequencies, 64)
        spectrum = np.sqrt(np.mean(np.square(along), axis=(0, 2)))
        who = {"arm": run.label, "seed": run.config["seed"]}
        return pd.DataFrame({"frequency": frequency, "spectrum": spectrum} | who)

    return record.collect("first_layer", runs, measure)
