"""Batches of patches: pure, aligned, turned, and those of the kept runs."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest

from sr_utils.data import patches


def test_batches_are_those_of_the_kept_runs():
    """Other draws would give other weights, so that the reference would have to be trained again."""
    y, x = np.mgrid[:64, :80].astype(np.uint8)
    hr = np.stack([y, x, y ^ x], -1)
    pair = SimpleNamespace(name="coordinates", lr=np.ascontiguousarray(hr[::4, ::4]), hr=hr)
    lrs, hrs = patches.batch([pair], 16, 24, seed=1, epoch=2, step=3)
    assert hashlib.sha256(lrs.tobytes() + hrs.tobytes()).hexdigest()[:16] == "a59cdac8736d44fe"


def test_a_patch_is_a_turned_crop_of_its_image(picture):
    """Each pixel of these images holds its coordinates, so that a patch shows where it was cut and how turned."""
    y, x = np.mgrid[:64, :80].astype(np.uint8)
    hr, lr = np.stack([y, x, 0 * x], -1), np.stack([y, x, 0 * x], -1)[:16, :20]
    pair = SimpleNamespace(name="coordinates", lr=lr, hr=hr)
    seen = set()
    for step in range(40):
        lrs, hrs = patches.batch([pair], 1, 24, 0, 0, step)
        (top, left, _), (high, wide, _) = lrs[0].min((0, 1)), hrs[0].min((0, 1))
        assert (high, wide) == (4 * top, 4 * left)  # aligned on LR pixels
        found = []
        for cut, image, side in ((lrs[0], lr, 6), (hrs[0], hr, 24)):
            y0, x0 = cut.min((0, 1))[:2]
            crop = image[y0 : y0 + side, x0 : x0 + side]
            turns = {(k, flip): np.rot90(crop, k)[:, ::flip] for k in range(4) for flip in (1, -1)}
            found += [turn for turn, turned in turns.items() if np.array_equal(cut, turned)]
        assert len(found) == 2 and found[0] == found[1]  # LR and HR are turned alike
        seen.add(found[0])
    assert len(seen) == 8


def test_images_too_small_for_a_patch_are_named(picture):
    large, small = (SimpleNamespace(name=name, hr=picture(side, 60)) for name, side in (("large", 48), ("small", 44)))
    with pytest.warns(UserWarning, match="Smaller than a 48×48 patch, not used: small"):
        assert patches.large_enough([large, small], 48) == [large]
