import io

import numpy as np
from PIL import Image

from sr_utils import widgets
from sr_utils.data import downscale


def test_each_question_shows_one_window_by_two_arms(picture):
    images = {}
    for seed in range(2):
        hr = picture(120, 140, seed)
        images[str(seed)] = {"lr": downscale(hr), "srcnn": hr // 2, "srcnn mae": 255 - hr, "hr": hr}
    asked = widgets.blind(images, "srcnn", "srcnn mae", places=3)
    assert asked.titles == ["SRCNN", "SRCNN, MAE"] and [len(pair) for pair in asked.pairs] == [2, 2, 2]
    for (first, second), hr in zip(asked.pairs, (images["0"]["hr"], images["0"]["hr"], images["1"]["hr"]), strict=True):
        first, second = (np.asarray(Image.open(io.BytesIO(png))) for png in (first, second))
        places = np.lib.stride_tricks.sliding_window_view(hr // 2, first.shape)
        assert (places == first).all(axis=(-1, -2, -3)).any()
        assert np.abs(first.astype(int) - (255 - second.astype(int)) // 2).max() == 0  # the same place
    assert "SRCNN or SRCNN, MAE" in repr(asked)
