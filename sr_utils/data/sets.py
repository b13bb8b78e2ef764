"""Named image sets -> (LR, HR) pairs, downloaded once where they are not at hand."""

import functools
import hashlib
import threading
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cachetools
import numpy as np
import pooch
import psutil
import skimage

from sr_utils import StudyError, paths
from sr_utils.data import archives
from sr_utils.data.images import SCALE, downscale, modcrop, resized
from sr_utils.data.reading import image_files, read_image, shown

SMALLEST = 48  # pixels a side; a smaller image holds no crop of the pages, and no patch of a profile above smoke

# Photographs in scikit-image's wheel. Both motorcycle views are one scene, so they stay on one side.
SAMPLE_TRAIN = ("astronaut.png", "coffee.png", "motorcycle_left.png", "motorcycle_right.png")
SAMPLE_VALID = ("chelsea.png", "rocket.jpg", "ihc.png", "hubble_deep_field.jpg")

BENCHMARKS = {"Set5": "Set5", "Set14": "Set14", "BSD100": "B100", "Urban100": "Urban100"}  # ours -> the archive's
NAMES = ("sample", "bsds500", "bsds500_scaled", "div2k", *BENCHMARKS)
#: The further copies in bsds500_scaled: size, and pixels cropped at the top and left, which move LR's grid.
COPIES = ((1, (1, 2)), (1, (2, 3)), (1, (3, 1)), (0.9, (0, 0)), (0.8, (0, 0)), (0.7, (0, 0)), (0.6, (0, 0)))


@dataclass(frozen=True)
class Pair:
    """One image: `.name`, `.hr` uint8 (4h, 4w, 3) and `.lr` uint8 (h, w, 3), read-only, decoded when first asked for.

    HR is the file's picture by `scale`, less `shift` pixels at the top and left. Without a file of its own, LR is made.
    """

    name: str
    hr_path: Path
    lr_path: Path | None = None
    scale: float = 1
    shift: tuple[int, int] = (0, 0)

    lr = property(lambda self: self._pictures[0])
    hr = property(lambda self: self._pictures[1])

    @property
    def _pictures(self):
        times = [path and path.stat().st_mtime_ns for path in (self.hr_path, self.lr_path)]
        return _decoded(self.hr_path, self.lr_path, self.scale, self.shift, *times)


CACHE = psutil.virtual_memory().total // 2  # bytes; DIV2K takes 7.1 GB, BSDS500 0.2


@cachetools.cached(cachetools.LRUCache(CACHE, lambda arrays: sum(a.nbytes for a in arrays)), lock=threading.Lock())
def _decoded(hr_path: Path, lr_path: Path | None, scale: float, shift: tuple[int, int], *times):
    hr = modcrop(resized(read_image(hr_path), scale)[shift[0] :, shift[1] :])
    lr = downscale(hr) if lr_path is None else read_image(lr_path)
    hr = np.ascontiguousarray(hr[: lr.shape[0] * SCALE, : lr.shape[1] * SCALE])
    lr.flags.writeable = hr.flags.writeable = False
    return lr, hr


@dataclass(frozen=True)
class ImageSet:
    """`.train` and `.valid`: sequences of `Pair`. Benchmarks have an empty `.train`."""

    name: str
    train: Sequence[Pair]
    valid: Sequence[Pair]


def load(name: str, root=None) -> ImageSet:
    """An image set of `NAMES`, or the images of a folder: every tenth (at least one) is kept for validation.

    `root` is where image sets lie: `SR_DATA`, else the user's cache. BSDS500's train and test images are all for
    training; its val split is the BSD100 benchmark, which nothing may be trained on, so that `bsds500` validates on the
    images of `sample`. `bsds500_scaled` has each image eight times: also smaller (as LapSRN's training has,
    arXiv:1704.03915), and moved by a part of an LR pixel.
    """
    root = Path(root) if root else paths.data()
    if name == "sample":
        folder = Path(skimage.__file__).parent / "data"
        return ImageSet(name, _pairs(folder / f for f in SAMPLE_TRAIN), _pairs(folder / f for f in SAMPLE_VALID))
    if name == "div2k":
        return ImageSet(name, _div2k(root / name.upper(), "train"), _div2k(root / name.upper(), "valid"))
    if name == "bsds500":
        images = root / "BSDS500/images"
        if not image_files(images / "train"):
            images = root / "BSR/BSDS500/data/images"  # the archive's layout
        files = _there(images / "train", archives.BSDS500, root) + image_files(images / "test")
        return ImageSet(name, _pairs(files), load("sample").valid)
    if name == "bsds500_scaled":
        whole = load("bsds500", root)
        copies = [replace(p, name=f"{p.name}@{s}{at}", scale=s, shift=at) for s, at in COPIES for p in whole.train]
        return replace(whole, name=name, train=[*whole.train, *copies])
    if name in BENCHMARKS:
        folder = root / "benchmark" / BENCHMARKS[name]
        lr = folder / "LR_bicubic/X4"
        return ImageSet(name, [], _pairs(_there(folder / "HR", archives.EDSR, root), lr if lr.is_dir() else None))
    return _folder(check_name(name))


def check_name(name: str) -> Path:
    """The name of a set or of a folder, as a path. Raises `StudyError` if it is neither."""
    folder = paths.expanded(name)
    if name in NAMES or folder.is_dir():
        return folder
    raise StudyError(f"There is no image set or folder {name!r}; choose one of {', '.join(NAMES)}, or a folder.")


def digest(pairs) -> str:
    """Ten hex digits over names and files' bytes: another one when an image is added, removed, renamed or replaced."""
    files = [(pair.name, _sha256(pair.hr_path), _sha256(pair.lr_path)) for pair in pairs]
    return hashlib.sha256(repr(files).encode()).hexdigest()[:10]


def _sha256(path: Path | None) -> str | None:
    return path and _sha256_at(path, path.stat().st_mtime_ns)


_sha256_at = functools.cache(lambda path, time: pooch.file_hash(str(path)))


def on_disk(root=None) -> list[str]:
    """The benchmarks that are already there, and so can be scored without a download."""
    root = Path(root) if root else paths.data()
    return [name for name, folder in BENCHMARKS.items() if image_files(root / "benchmark" / folder / "HR")]


def _pairs(hr_paths, lr_folder: Path | None = None) -> list[Pair]:
    """Pair each HR file with `<stem>x4` in the LR folder, if there is one."""
    return [Pair(p.stem, p, lr_folder and lr_folder / f"{p.stem}x{SCALE}.png") for p in hr_paths]


def _folder(folder: Path) -> ImageSet:
    entries = sorted(folder.glob("[!.]*"))
    stems = Counter(path.stem for path in entries if path.is_file())  # one name, one row of a table
    pairs, refused = [], []
    for path in entries:
        pair = Pair(shown(path.name if stems[path.stem] > 1 else path.stem), path)
        try:
            if not path.is_file():
                raise StudyError(f"{shown(path)} is a {'folder' if path.is_dir() else 'link that leads nowhere'}.")
            if min(pair.hr.shape[:2]) < SMALLEST:
                raise StudyError(f"{shown(path)} is smaller than {SMALLEST}×{SMALLEST} pixels.")
            pairs.append(pair)
        except StudyError as error:
            refused.append(str(error))
    if refused:
        warnings.warn(f"{len(refused)} file(s) skipped: " + " ".join(refused), stacklevel=3)
    if len(pairs) < 2:
        raise StudyError(f"{folder} holds {len(pairs)} usable image(s); two are needed, one of them for validation.")
    train, valid = [p for i, p in enumerate(pairs) if i % 10], pairs[::10]
    held = {_sha256(p.hr_path): p.name for p in valid}
    if twins := [f"{p.name} is {held[_sha256(p.hr_path)]}" for p in train if _sha256(p.hr_path) in held]:
        warnings.warn(f"{len(twins)} image(s) both in training and validation: {', '.join(twins)}.", stacklevel=3)
    return ImageSet(str(folder.resolve()), train, valid)


def _there(folder: Path, url: str, root: Path) -> list[Path]:
    """The images of a folder; where there are none, the archive is unpacked into `root` first."""
    if not image_files(folder):
        archives.fetch(url, root)
    return image_files(folder)


def _div2k(root: Path, split: str) -> list[Pair]:
    hr, lr = f"DIV2K_{split}_HR", f"DIV2K_{split}_LR_bicubic"
    files = _there(root / hr, f"{archives.DIV2K}{hr}.zip", root)
    _there(root / lr / "X4", f"{archives.DIV2K}{lr}_X4.zip", root)
    return _pairs(files, root / lr / "X4")
