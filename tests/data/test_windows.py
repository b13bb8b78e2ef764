"""Where pages look: along edges that can be recovered, or in texture."""

import numpy as np
import pytest

from sr_utils import StudyError
from sr_utils.data.images import downscale, upsample
from sr_utils.data.windows import telling_window


def test_edges_and_texture_are_told_apart():
    """Beside a clear edge stands noise with a larger error, which nobody can recover."""
    hr = np.full((256, 256, 3), 100, np.uint8)
    hr[60:100, :128] = 190  # an edge at the left
    noise = np.random.default_rng(0).integers(60, 141, (256, 90, 1), np.uint8)
    hr[:, 166:] = np.repeat(noise, 3, axis=2)
    lr = downscale(hr)
    y, x = telling_window(lr, hr, 64)
    assert x + 64 <= 166 and 0 <= y <= 100 and y % 4 == x % 4 == 0
    assert telling_window(lr, hr, 64, texture=True)[1] >= 160
    error = np.square(upsample(lr) - hr.astype(float)).mean(-1)
    assert error[:, 166:].mean() > error[40:120, :128].mean()  # so that the largest error alone would miss the edge
    with pytest.raises(StudyError, match="256×60 pixels is smaller than a 64×64 crop; use larger ones"):
        telling_window(lr[:15], hr[:60], 64)
