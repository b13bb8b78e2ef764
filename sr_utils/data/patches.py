"""Training patches, cut from (LR, HR) pairs: the same ones for the same seed, epoch and step."""

import warnings
from collections.abc import Sequence

import numpy as np

from sr_utils import StudyError
from sr_utils.data.images import SCALE
from sr_utils.data.sets import Pair

PIXEL = np.dtype("V3")  # red, green and blue as one value


def batch(pairs: Sequence[Pair], size: int, patch: int, seed: int, epoch: int, step: int):
    """Training patches: uint8 (size, patch/4, patch/4, 3) LR and uint8 (size, patch, patch, 3) HR.

    A pure function of (seed, epoch, step), from which image, position, flip and quarter turns are drawn. Crops are
    aligned on LR pixels, and both members of a pair are turned alike. `patch` is a multiple of 4.
    """
    small = patch // SCALE
    lr, hr = np.empty((size, small, small, 3), np.uint8), np.empty((size, patch, patch, 3), np.uint8)
    for k, (i, y, x, turns, flip) in enumerate(draws(pairs, size, patch, seed, epoch, step)):
        turned = np.s_[:: -1 if turns in (1, 2) else 1, :: -1 if (turns >= 2) != flip else 1]
        for out, image, scale in ((lr, pairs[i].lr, 1), (hr, pairs[i].hr, SCALE)):
            crop = image.view(PIXEL)[y * scale : (y + small) * scale, x * scale : (x + small) * scale, 0]
            out[k].view(PIXEL)[..., 0] = (crop.T if turns % 2 else crop)[turned]
    return lr, hr


def draws(pairs: Sequence[Pair], size: int, patch: int, seed: int, epoch: int, step: int):
    """What `batch` cuts: (image, y, x, turns, flip) for each patch; y and x in LR pixels, turns 0…3, flip 0 or 1."""
    rng = np.random.default_rng([seed, epoch, step])
    for _ in range(size):
        i = int(rng.integers(len(pairs)))
        y, x = (int(rng.integers(n - patch // SCALE + 1)) for n in pairs[i].lr.shape[:2])
        yield i, y, x, int(rng.integers(4)), int(rng.integers(2))


def large_enough(pairs: Sequence[Pair], patch: int) -> list[Pair]:
    """The pairs that hold a patch; the others are named in a warning. Raises `StudyError` if none is left."""
    kept = [p for p in pairs if min(p.hr.shape[:2]) >= patch]
    if not kept:
        raise StudyError(f"No image is as large as a {patch}×{patch} patch; use larger images or a smaller profile.")
    if len(kept) < len(pairs):
        small = ", ".join(p.name for p in pairs if min(p.hr.shape[:2]) < patch)
        warnings.warn(f"Smaller than a {patch}×{patch} patch, not used: {small}.", stacklevel=2)
    return kept
