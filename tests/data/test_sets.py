"""Sets of images: the sample, the benchmarks, and a folder of the user's own."""

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError
from sr_utils.data import sets


def test_sample_needs_nothing_and_keeps_scenes_apart():
    images = sets.load("sample")
    train, valid = ({pair.name for pair in part} for part in (images.train, images.valid))
    assert len(train) >= 4 and len(valid) == 4 and not train & valid
    assert not {"motorcycle_left", "motorcycle_right"} & valid  # two views of one scene
    for pair in (*images.train, *images.valid):
        assert pair.hr.shape == (pair.lr.shape[0] * 4, pair.lr.shape[1] * 4, 3) and pair.hr.dtype == np.uint8
        assert np.array_equal(pair.lr, sets.downscale(pair.hr))


def test_a_folder_names_what_it_skips(tmp_path, picture):
    with pytest.raises(StudyError, match=r"holds 0 usable image\(s\); two are needed"):
        sets.load(str(tmp_path))
    for i in range(4):
        Image.fromarray(picture(50, 61, i)).save(tmp_path / f"{i}.png")
    Image.fromarray(picture(8, 8)).save(tmp_path / "tiny.png")
    (tmp_path / "notes.txt").write_text("not an image")
    whole = (tmp_path / "0.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "more").mkdir()
    (tmp_path / "lost.png").symlink_to("gone.png")
    (tmp_path / "3.png").write_bytes(whole)
    skipped = r"5 file\(s\) skipped.*cut\.png.*lost\.png is a link that.*more is a folder.*notes\.txt.*tiny\.png"
    shared = r"1 image\(s\) both in training and validation: 3 is 0\."
    with pytest.warns(UserWarning, match=skipped), pytest.warns(UserWarning, match=shared):
        images = sets.load(str(tmp_path))
    assert [pair.name for pair in images.train] == ["1", "2", "3"] and [pair.name for pair in images.valid] == ["0"]
    assert images.valid[0].hr.shape == (48, 60, 3)
