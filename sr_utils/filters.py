"""Classical edge enhancement: the Laplacian added back (Gonzalez & Woods, Digital Image Processing, chapter 3)."""

import cv2
import numpy as np

from sr_utils import StudyError

#: Sums to 1, so flat regions keep their value; the surround is subtracted from nine times the centre.
KERNEL = np.array([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]], np.float32)
IDENTITY = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32)


def edge_enhance(image, strength: float = 1.0):
    """Sharpen each channel: uint8 (H, W, 3) -> uint8 (H, W, 3), rounded and clipped, border replicated.

    `strength` goes from 0 (`IDENTITY`) to 1 (`KERNEL`), which are blended linearly. Raises `StudyError` for another
    array or strength.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise StudyError(f"edge_enhance takes uint8 (H, W, 3), not {image.dtype} {image.shape}; convert it first.")
    if not 0 <= strength <= 1:
        raise StudyError(f"edge_enhance takes a strength from 0 to 1, not {strength}.")
    kernel = (1 - strength) * IDENTITY + strength * KERNEL
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
