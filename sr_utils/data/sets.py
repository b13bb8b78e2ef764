"""Named image sets -> (LR, HR) pairs -> training patches.

`load(name)` looks for the usual layout under `SR_DATA` (or the user's cache) and downloads what is missing, checked
against a pinned checksum. `sample` comes inside scikit-image and needs no network.
"""

import hashlib
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import skimage

from sr_utils import StudyError, paths
from sr_utils.data import archives
from sr_utils.data.images import SCALE, downscale, modcrop, read_image
from sr_utils.data.reading import ENDINGS, shown

PIXEL = np.dtype("V3")  # three bytes that move together
SMALLEST = 48  # px; a smaller image holds no crop of the pages, and no patch of a profile above smoke

# Photographs in scikit-image's wheel. Both motorcycle views are one scene, so they stay on one side.
SAMPLE_TRAIN = ("astronaut.png", "coffee.png", "motorcycle_left.png", "motorcycle_right.png")
SAMPLE_VALID = ("chelsea.png", "rocket.jpg", "ihc.png", "hubble_deep_field.jpg")

BENCHMARKS = {"Set5": "Set5", "Set14": "Set14", "BSD100": "B100", "Urban100": "Urban100"}  # ours -> the archive's
NAMES = ("sample", "bsds500", "div2k", *BENCHMARKS)


@dataclass
class Pair:
    """One image: `.name`, `.hr` uint8 (4h, 4w, 3) and `.lr` uint8 (h, w, 3), decoded on first use and kept."""

    name: str
    hr_path: Path
    lr_path: Path | None = None
    _arrays: list = field(default_factory=list, repr=False)

    def _decoded(self):
        if not self._arrays:
            hr = modcrop(read_image(self.hr_path))
            lr = downscale(hr) if self.lr_path is None else read_image(self.lr_path)
            self._arrays[:] = lr, np.ascontiguousarray(hr[: lr.shape[0] * SCALE, : lr.shape[1] * SCALE])
        return self._arrays

    @property
    def lr(self) -> np.ndarray:
        return self._decoded()[0]

    @property
    def hr(self) -> np.ndarray:
        return self._decoded()[1]


@dataclass(frozen=True)
class ImageSet:
    """`.train` and `.valid`: sequences of `Pair`. Benchmarks have an empty `.train`."""

    name: str
    train: Sequence[Pair]
    valid: Sequence[Pair]


def load(name: str, root=None) -> ImageSet:
    """An image set by name, or every readable image of a folder.

    Parameters
    ----------
    name : `sample`, `bsds500`, `div2k`, `Set5`, `Set14`, `BSD100`, `Urban100`, or the path of a folder. In a folder,
        every tenth image (at least one) is kept for validation; files that cannot be read, and images below 48×48
        pixels, are named in a warning.
    root : where archives and image folders lie; default `SR_DATA`, else the user's cache.

    BSDS500's train and test images are all for training. Its val split is the BSD100 benchmark, which nothing may be
    trained on, so `bsds500` validates on the validation images of `sample`.

    Raises
    ------
    StudyError : unknown name, empty folder, no network, wrong checksum, full disk; each says what to do next.
    """
    root = Path(root) if root else paths.data()
    if name == "sample":
        folder = Path(skimage.__file__).parent / "data"
        return ImageSet(name, _pairs(folder / f for f in SAMPLE_TRAIN), _pairs(folder / f for f in SAMPLE_VALID))
    if name == "div2k":
        return ImageSet(name, _div2k(root, "train"), _div2k(root, "valid"))
    if name == "bsds500":
        return ImageSet(name, _bsds500(root), load("sample").valid)
    if name in BENCHMARKS:
        return ImageSet(name, [], _benchmark(root, BENCHMARKS[name]))
    return _folder(check_name(name))


def check_name(name: str) -> Path:
    """The name of a set or of a folder, as a path. Raises `StudyError` if it is neither."""
    folder = Path(name).expanduser()
    if name not in NAMES and not folder.is_dir():
        known = ", ".join(NAMES)
        raise StudyError(f"There is no image set or folder {name!r}; choose one of {known}, or give a folder's path.")
    return folder


def digest(pairs) -> str:
    """Ten hex digits over names and file sizes: another one when an image is added, removed or replaced."""
    files = [(p.name, p.hr_path.stat().st_size) for p in pairs]
    return hashlib.sha256(repr(files).encode()).hexdigest()[:10]


def on_disk(root=None) -> list[str]:
    """The benchmarks that are already there, and so can be scored without a download."""
    root = Path(root) if root else paths.data()
    return [name for name, folder in BENCHMARKS.items() if image_files(root / "benchmark" / folder / "HR")]


def image_files(folder: Path) -> list[Path]:
    """The files of a folder whose names end as an image's do, sorted; none where there is no folder."""
    files = folder.iterdir() if folder.is_dir() else []
    return sorted(p for p in files if p.suffix.lower() in ENDINGS and not p.name.startswith("."))


def _pairs(hr_paths, lr_folder: Path | None = None) -> list[Pair]:
    """Pair each HR file with `<stem>x4` in the LR folder; without one, LR is made by `downscale`."""
    return [Pair(p.stem, p, lr_folder and lr_folder / f"{p.stem}x{SCALE}.png") for p in hr_paths]


def _folder(folder: Path) -> ImageSet:
    pairs, refused = [], []
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        raise StudyError(f"{folder} cannot be read ({error.strerror}); give yourself access to it.") from None
    stems = Counter(file.stem for file in files)
    for pair in _pairs(files):
        pair.name = shown(pair.hr_path.name if stems[pair.name] > 1 else pair.name)  # one name, one row of a table
        try:
            if min(pair.hr.shape[:2]) < SMALLEST:
                raise StudyError(f"{shown(pair.hr_path)} is smaller than {SMALLEST}×{SMALLEST} pixels.")
            pairs.append(pair)
        except StudyError as error:
            refused.append(str(error))
    if refused:
        warnings.warn(f"{len(refused)} file(s) skipped: " + " ".join(refused), stacklevel=3)
    if len(pairs) < 2:
        raise StudyError(f"{folder} holds {len(pairs)} usable image(s); two are needed, one of them for validation.")
    return ImageSet(str(folder), [p for i, p in enumerate(pairs) if i % 10], pairs[::10])


def _bsds500(root: Path) -> list[Pair]:
    for images in (root / "BSDS500/images", root / "BSR/BSDS500/data/images"):
        if image_files(images / "train"):
            return _pairs(image_files(images / "train") + image_files(images / "test"))
    archives.fetch(archives.BSDS500, root)
    return _pairs(image_files(images / "train") + image_files(images / "test"))


def _div2k(root: Path, split: str) -> list[Pair]:
    hr, lr = root / f"DIV2K/DIV2K_{split}_HR", root / f"DIV2K/DIV2K_{split}_LR_bicubic/X4"
    for folder, archive in ((hr, f"DIV2K_{split}_HR.zip"), (lr, f"DIV2K_{split}_LR_bicubic_X4.zip")):
        if not image_files(folder):
            archives.fetch(archives.DIV2K + archive, root / "DIV2K")
    return _pairs(image_files(hr), lr)


def _benchmark(root: Path, folder: str) -> list[Pair]:
    hr, lr = root / "benchmark" / folder / "HR", root / "benchmark" / folder / "LR_bicubic/X4"
    if not image_files(hr):
        archives.fetch(archives.EDSR, root)
    return _pairs(image_files(hr), lr if lr.is_dir() else None)


def batch(pairs: Sequence[Pair], size: int, patch: int, seed: int, epoch: int, step: int):
    """Training patches: uint8 (size, patch/4, patch/4, 3) LR and uint8 (size, patch, patch, 3) HR.

    A pure function of (seed, epoch, step): image, position, flip and quarter turns are drawn from them alone. Crops
    are aligned on LR pixels, and both members of a pair are turned alike. `patch` is a multiple of 4.
    """
    small = patch // SCALE
    lr, hr = np.empty((size, small, small, 3), np.uint8), np.empty((size, patch, patch, 3), np.uint8)
    for k, (i, y, x, turns, flip) in enumerate(draws(pairs, size, patch, seed, epoch, step)):
        turned = np.s_[:: -1 if turns in (1, 2) else 1, :: -1 if (turns >= 2) != flip else 1]
        for out, image, scale in ((lr, pairs[i].lr, 1), (hr, pairs[i].hr, SCALE)):
            crop = image.view(PIXEL)[y * scale : (y + small) * scale, x * scale : (x + small) * scale, 0]
            out[k].view(PIXEL)[..., 0] = (crop.T if turns % 2 else crop)[turned]
    return lr, hr


def draws(pairs: Sequence[Pair], size: int, patch: int, seed: int, epoch: int, step: int):
    """What `batch` cuts: (image, y, x, turns, flip) for each patch; y and x in LR pixels, turns 0…3, flip 0 or 1."""
    rng = np.random.default_rng([seed, epoch, step])
    for _ in range(size):
        i = int(rng.integers(len(pairs)))
        y, x = (int(rng.integers(n - patch // SCALE + 1)) for n in pairs[i].lr.shape[:2])
        yield i, y, x, int(rng.integers(4)), int(rng.integers(2))


def large_enough(pairs: Sequence[Pair], patch: int) -> list[Pair]:
    """The pairs that hold a patch; the others are named in a warning. Raises `StudyError` if none is left."""
    kept = [p for p in pairs if min(p.hr.shape[:2]) >= patch]
    if not kept:
        raise StudyError(f"No image is as large as a {patch}×{patch} patch; use larger images or a smaller profile.")
    if len(kept) < len(pairs):
        small = ", ".join(p.name for p in pairs if min(p.hr.shape[:2]) < patch)
        warnings.warn(f"Smaller than a {patch}×{patch} patch, not used: {small}.", stacklevel=2)
    return kept


def main(name: str) -> int:
    """`make data`: have an image set on disk, and say how many images it holds."""
    try:
        images = load(name)
    except StudyError as error:
        print(f"make data stopped: {error}", file=sys.stderr)
        return 1
    print(f"{name}: {len(images.train)} images for training, {len(images.valid)} for validation")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
