"""The loaders against archives of the published layout, served on loopback."""

import numpy as np
import pytest

from sr_utils import StudyError
from sr_utils.data import archives, sets
from tests.files import pack, saved


@pytest.fixture
def div2k(server, monkeypatch, picture):
    folder, address = server
    pins = {}
    for split, first in (("train", 1), ("valid", 801)):
        images = {f"{i:04}": picture(48, 64, i) for i in range(first, first + 2)}
        hr = {f"DIV2K_{split}_HR/{n}.png": saved(image) for n, image in images.items()}
        lr = {f"DIV2K_{split}_LR_bicubic/X4/{n}x4.png": saved(image[::4, ::4]) for n, image in images.items()}
        for name, members in ((f"DIV2K_{split}_HR.zip", hr), (f"DIV2K_{split}_LR_bicubic_X4.zip", lr)):
            pins[address + name] = pack(folder / name, members)
    monkeypatch.setattr(archives, "DIV2K", address)
    monkeypatch.setattr(archives, "ARCHIVES", pins)
    return folder, pins


def test_div2k_uses_its_own_lr_and_is_downloaded_once(div2k, tmp_path, picture):
    images = sets.load("div2k", tmp_path / "root")
    assert [p.name for p in images.train] == ["0001", "0002"] and [p.name for p in images.valid] == ["0801", "0802"]
    assert np.array_equal(images.train[0].hr, picture(48, 64, 1))
    assert np.array_equal(images.train[0].lr, picture(48, 64, 1)[::4, ::4])  # the archive's, not downscale's
    for path in div2k[0].iterdir():
        path.unlink()
    assert len(sets.load("div2k", tmp_path / "root").train) == 2  # a folder of the usual layout is used directly


def test_benchmarks_come_from_one_archive(server, monkeypatch, tmp_path, picture):
    folder, address = server
    members = {}
    for name in sets.BENCHMARKS.values():
        members[f"benchmark/{name}/HR/a.png"] = saved(picture(50, 61))  # not a multiple of 4
        members[f"benchmark/{name}/LR_bicubic/X4/ax4.png"] = saved(picture(50, 61)[:48:4, :60:4])
    monkeypatch.setattr(archives, "EDSR", address + "benchmark.tar")
    monkeypatch.setattr(archives, "ARCHIVES", {address + "benchmark.tar": pack(folder / "benchmark.tar", members)})
    for name in sets.BENCHMARKS:
        images = sets.load(name, tmp_path / "root")
        assert not images.train and images.valid[0].hr.shape == (48, 60, 3) and images.valid[0].lr.shape == (12, 15, 3)
    assert sets.on_disk(tmp_path / "root") == ["Set5", "Set14", "BSD100", "Urban100"]


def test_bsds500_never_trains_on_its_val_split(server, monkeypatch, tmp_path, picture):
    folder, address = server
    splits = ("train", "test", "val")
    pack(folder / "BSR_bsds500.tgz", {f"BSR/BSDS500/data/images/{s}/{s}.jpg": saved(picture(48, 48)) for s in splits})
    monkeypatch.setattr(archives, "BSDS500", address + "BSR_bsds500.tgz")
    monkeypatch.setattr(archives, "ARCHIVES", {address + "BSR_bsds500.tgz": None})
    for _ in range(2):
        assert [p.name for p in sets.load("bsds500", tmp_path / "root").train] == ["train", "test"]
        (folder / "BSR_bsds500.tgz").unlink(missing_ok=True)  # the second time it is there already
    whole, copies = (sets.load(name, tmp_path / "root").train for name in ("bsds500", "bsds500_scaled"))
    assert len(copies) == 8 * len(whole) == len({pair.name for pair in copies})
    for pair in copies:
        assert pair.hr.shape == (*((round(48 * pair.scale) - crop) // 4 * 4 for crop in pair.shift), 3)
        assert np.array_equal(pair.lr, sets.downscale(pair.hr))
    moved = next(pair for pair in copies if pair.shift == (1, 2) and pair.name.startswith(whole[0].name))
    assert np.array_equal(moved.hr, whole[0].hr[1:45, 2:46])


def leftovers(root):
    return [p for p in root.rglob("*") if p.is_file()] if root.exists() else []


def test_a_truncated_archive_leaves_nothing(div2k, tmp_path):
    folder, pins = div2k
    for url in pins:
        path = folder / url.rsplit("/", 1)[-1]
        path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(StudyError, match="expected checksum"):
        sets.load("div2k", tmp_path / "root")
    for url in pins:  # even if nobody had published a checksum
        pins[url] = None
    with pytest.raises(StudyError, match="cannot be unpacked .*; free space, or remove it"):
        sets.load("div2k", tmp_path / "root")
    assert [path.name for path in leftovers(tmp_path / "root")] == ["DIV2K_train_HR.zip"]
