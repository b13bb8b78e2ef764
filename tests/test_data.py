import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sr_utils import StudyError
from sr_utils.data import patches, sets
from tools.data import main as make_data


def test_downscale_antialiases_as_the_protocol_says(picture):
    hr = picture(40, 56)
    lr = sets.downscale(hr)
    assert lr.shape == (10, 14, 3) and lr.dtype == np.uint8
    # Keys' cubic (a = -1/2) stretched by 4, written out: each LR pixel is a weighted mean of 16 HR pixels an axis
    matrices = []
    for n in (40, 56):
        distance = (np.arange(n) + 0.5) / 4 - (np.arange(n // 4)[:, None] + 0.5)
        t = np.abs(distance)
        weights = np.where(t < 1, 1.5 * t**3 - 2.5 * t**2 + 1, np.where(t < 2, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2, 0))
        matrices.append(weights / weights.sum(1, keepdims=True))
    rows, columns = matrices
    # Pillow works along one axis at a time and rounds in between
    expected = np.einsum("yh,hwc,xw->yxc", rows, hr.astype(float), columns).clip(0, 255)
    assert np.abs(lr - expected).max() < 1.5


def test_downscale_differs_from_opencv(picture):
    import cv2

    hr = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    naive = cv2.resize(hr, (16, 16), interpolation=cv2.INTER_CUBIC)
    assert np.abs(sets.downscale(hr).astype(int) - naive).mean() > 5


def test_downscale_crops_odd_sizes(picture):
    hr = picture(43, 58)
    assert np.array_equal(sets.downscale(hr), sets.downscale(hr[:40, :56]))
    with pytest.raises(StudyError, match="too small"):
        sets.downscale(hr[:3])


def test_sample_needs_nothing_and_keeps_scenes_apart():
    images = sets.load("sample")
    train, valid = ({pair.name for pair in part} for part in (images.train, images.valid))
    assert len(train) >= 4 and len(valid) == 4 and not train & valid
    assert not {"motorcycle_left", "motorcycle_right"} & valid  # two views of one scene
    for pair in (*images.train, *images.valid):
        assert pair.hr.shape == (pair.lr.shape[0] * 4, pair.lr.shape[1] * 4, 3) and pair.hr.dtype == np.uint8
        assert np.array_equal(pair.lr, sets.downscale(pair.hr))


def test_batches_are_a_pure_function_of_seed_epoch_and_step():
    pairs = sets.load("sample").train
    first = patches.batch(pairs, 4, 48, seed=1, epoch=2, step=3)
    again = patches.batch(pairs, 4, 48, seed=1, epoch=2, step=3)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not np.array_equal(first[1], patches.batch(pairs, 4, 48, *other)[1])


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
    turns = set()
    for step in range(40):
        lrs, hrs = patches.batch([pair], 1, 24, 0, 0, step)
        (top, left, _), (high, wide, _) = lrs[0].min((0, 1)), hrs[0].min((0, 1))
        assert (high, wide) == (4 * top, 4 * left)  # aligned on LR pixels
        for small, image, side in ((lrs[0], lr, 6), (hrs[0], hr, 24)):
            y0, x0 = small.min((0, 1))[:2]
            crop = image[y0 : y0 + side, x0 : x0 + side]
            matches = [
                (k, f)
                for k in range(4)
                for f in (0, 1)
                if np.array_equal(small, np.rot90(crop, k)[:, :: -1 if f else 1])
            ]
            assert len(matches) == 1
            if side == 6:
                lr_turn = matches[0]
        assert matches[0] == lr_turn  # LR and HR are turned alike
        turns.add(lr_turn)
    assert len(turns) == 8


def test_a_folder_names_what_it_skips(tmp_path, picture):
    for i in range(4):
        Image.fromarray(picture(50, 61, i)).save(tmp_path / f"{i}.png")
    Image.fromarray(picture(8, 8)).save(tmp_path / "tiny.png")
    (tmp_path / "notes.txt").write_text("not an image")
    whole = (tmp_path / "0.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"3 file\(s\) skipped.*cut\.png.*notes\.txt.*tiny\.png"):
        images = sets.load(str(tmp_path))
    assert [pair.name for pair in images.train] == ["1", "2", "3"] and [pair.name for pair in images.valid] == ["0"]
    assert images.valid[0].hr.shape == (48, 60, 3)


def test_wrong_names_and_empty_folders(tmp_path):
    with pytest.raises(StudyError, match="no image set or folder 'nonsense'; choose one of sample"):
        sets.load("nonsense")
    with pytest.raises(StudyError, match="0 usable"):
        sets.load(str(tmp_path))


def test_images_of_many_kinds(tmp_path, picture):
    rgb = picture(20, 30)
    grey = rgb[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(rgb).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(rgb).convert("RGBA").save(tmp_path / "alpha.png")
    Image.fromarray(rgb).convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(rgb).save(tmp_path / "turned.jpg", exif=exif)
    for name in ("grey.png", "palette.png", "alpha.png", "cmyk.jpg", "deep.png"):
        assert sets.read_image(tmp_path / name).shape == (20, 30, 3)
    assert sets.read_image(tmp_path / "turned.jpg").shape == (30, 20, 3)
    assert np.array_equal(sets.read_image(tmp_path / "deep.png")[..., 0], grey)
    frames = [Image.fromarray(picture(20, 30, i)) for i in range(2)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(StudyError, match="2 frames"):
        sets.read_image(tmp_path / "moving.gif")
    (tmp_path / "empty.png").touch()
    for name in ("empty.png", "missing.png"):
        with pytest.raises(StudyError, match="cannot be read as an image"):
            sets.read_image(tmp_path / name)


def test_set5_is_bicubic_of_the_literature(sr_data):
    """Bicubic rows of the ×4 tables: Set5 28.42 dB."""
    from sr_utils.evaluation import psnr, upscale

    decibels = [psnr(upscale("bicubic", sets.downscale(p.hr)), p.hr) for p in sets.load("Set5").valid]
    assert np.mean(decibels) == pytest.approx(28.42, abs=0.02)


def test_images_too_small_for_a_patch_are_named(picture):
    large, small = (SimpleNamespace(name=name, hr=picture(side, 60)) for name, side in (("large", 48), ("small", 44)))
    with pytest.warns(UserWarning, match="Smaller than a 48×48 patch, not used: small"):
        assert patches.large_enough([large, small], 48) == [large]


def test_make_data_says_what_is_there(capsys):
    assert make_data("sample") == 0
    assert capsys.readouterr().out == "sample: 4 images for training, 4 for validation\n"
