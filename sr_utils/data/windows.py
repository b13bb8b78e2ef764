"""Where to look in a picture: one rule for every crop and for the comparer, whatever the arms."""

import cv2
import numpy as np

from sr_utils import StudyError
from sr_utils.data.images import SCALE, upsample


def telling_window(lr, hr, side: int, texture: bool = False) -> tuple[int, int]:
    """(y, x) of the side×side HR window where bicubic errs most, along edges or in texture; a multiple of LR's pixels.

    Bicubic's squared error is weighted by how much LR's gradients agree in direction (the structure tensor's coherence,
    0…1; Bigün & Granlund, 1987), or for `texture` by how little. `lr` uint8 (h, w, 3), `hr` uint8 (4h, 4w, 3).
    """
    height, width = hr.shape[:2]
    if min(height, width) < side:
        raise StudyError(f"An image of {width}×{height} pixels is smaller than a {side}×{side} crop; use larger ones.")
    error = np.square(upsample(lr) - hr.astype(np.float32)).mean(-1)
    grey = cv2.cvtColor(lr, cv2.COLOR_RGB2GRAY).astype(np.float32)
    first, second = np.moveaxis(cv2.cornerEigenValsAndVecs(grey, 5, 3), -1, 0)[:2]
    coherence = np.square((first - second) / (first + second + 1e-6))
    weight = cv2.resize(1 - coherence if texture else coherence, (width, height), interpolation=cv2.INTER_LINEAR)
    sums = cv2.boxFilter(error * weight, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    sums = sums[: height - side + 1 : SCALE, : width - side + 1 : SCALE]
    y, x = np.unravel_index(sums.argmax(), sums.shape)
    return int(y) * SCALE, int(x) * SCALE
