"""A photograph ×4 in bounded memory: colours by a network, transparency by bicubic interpolation."""

import contextlib
import functools
import itertools
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pyvips

from sr_utils.data.images import SCALE, to_8_bits, upsample
from sr_utils.evaluation.tiling import tiles

from . import formats
from .reading import Photograph


def without_fringes(rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Give each invisible pixel the colour of the nearest visible one, so that no hidden colour bleeds into an edge."""
    visible = None if alpha is None else alpha > 0
    if visible is None or visible.all() or not visible.any():
        return rgb
    labels = cv2.distanceTransformWithLabels(
        (~visible).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]  # each pixel's nearest visible one, by number
    colours = np.empty((labels.max() + 1, 3), rgb.dtype)
    colours[labels[visible]] = rgb[visible]
    return colours[labels]


@contextlib.contextmanager
def enlarged(network, photo: Photograph, folder: Path, deep: bool, bar):
    """SR of a photograph as a `pyvips.Image`, grey or RGB, and alpha by bicubic where there is one.

    `network` as `engine.network` returns it; 16 bits if the photograph has them and `deep`, else 8. Each row of tiles
    waits in an open file without a name on the disk of `folder`, so that memory holds one row, whatever the size.
    `bar` is a tqdm that is moved by the LR pixels done. Raises `OSError` where the disk is full.
    """
    width, colours = photo.rgb.shape[1], 1 if photo.grey else 3
    with contextlib.ExitStack() as files:
        strips = []
        colour = tiles(*network, without_fringes(photo.rgb, photo.alpha))
        clear = itertools.repeat((None, None))
        if photo.alpha is not None:  # of which bicubic looks at two LR pixels on each side
            clear = tiles(lambda alpha: upsample(alpha[0])[None], network[1], photo.alpha)
        for ((_, left), sr), (_, alpha) in zip(colour, clear, strict=False):
            if left == 0:
                row = np.empty((sr.shape[0], SCALE * width, colours + (photo.alpha is not None)), sr.dtype)
            place = row[:, left : left + sr.shape[1]]
            place[..., :colours] = cv2.cvtColor(sr, cv2.COLOR_RGB2GRAY)[..., None] if photo.grey else sr
            if alpha is not None:
                place[..., -1] = alpha
            bar.update(sr.shape[0] * sr.shape[1] // SCALE**2)
            if left + sr.shape[1] == SCALE * width:
                strips.append(files.enter_context(tempfile.TemporaryFile(dir=folder)))
                files.callback(strips[-1].truncate, 0)  # libvips may hold it open for longer, and its place on the disk
                # a TIFF: libvips would map a raw file, which counts as memory
                formats.write_pixels(pyvips.Image.new_from_array(row if deep else to_8_bits(row)), strips[-1], ".tif")
        image = functools.reduce(lambda above, below: above.join(below, "vertical"), map(_in_lines, strips))
        kinds = {1: "b-w", 3: "srgb"} if image.format == "uchar" else {1: "grey16", 3: "rgb16"}
        yield image.copy(interpretation=kinds[colours])


def _in_lines(strip) -> pyvips.Image:
    strip.seek(0)
    return pyvips.Image.new_from_source(pyvips.Source.new_from_descriptor(strip.fileno()), "", access="sequential")
