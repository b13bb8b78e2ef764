"""`make upscale`: your own pictures ×4, with the weights that come with the study."""

import argparse
import contextlib
import errno
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyvips
from tqdm import tqdm

from sr_utils import StudyError, models
from sr_utils.data.images import SCALE, open_upright, upsample
from sr_utils.data.sets import image_files
from sr_utils.evaluation import tiling
from sr_utils.paths import replace

#: What can be written: the largest side that the format holds, and libvips' settings for it.
FORMATS = {
    ".png": (2**31 - 1, {"compression": 6}),
    ".tif": (2**31 - 1, {"compression": "deflate", "bigtiff": True}),
    ".tiff": (2**31 - 1, {"compression": "deflate", "bigtiff": True}),
    ".jpg": (65_500, {"Q": 95}),
    ".jpeg": (65_500, {"Q": 95}),
    ".webp": (16_383, {"Q": 95}),
}
OPAQUE = (".jpg", ".jpeg")


@dataclass(frozen=True)
class Photograph:
    """What a file holds: `rgb` uint8 (h, w, 3), `alpha` uint8 (h, w) or None, whether it is grey, its metadata."""

    rgb: np.ndarray
    alpha: np.ndarray | None
    grey: bool
    metadata: dict[str, bytes]  # by libvips' names


def read(path: Path) -> Photograph:
    """Any still image, upright. An ICC profile that no longer fits (CMYK's) is dropped.

    Raises `StudyError` as `images.open_upright` does.
    """
    image = open_upright(path)
    metadata = {"exif-data": image.getexif().tobytes() if image.getexif() else None}
    if image.mode != "CMYK":
        metadata["icc-profile-data"] = image.info.get("icc_profile")
    return Photograph(
        np.asarray(image.convert("RGB")),
        np.asarray(image.convert("RGBA"))[..., 3].copy() if image.has_transparency_data else None,
        image.mode in ("1", "L", "LA"),
        {name: content for name, content in metadata.items() if content},
    )


@contextlib.contextmanager
def enlarged(model, photo: Photograph, folder: Path, bar):
    """SR of a photograph as a `pyvips.Image` of uint8: grey or RGB, and alpha by bicubic where there is one.

    Each row of tiles is put aside in a scratch folder within `folder`, and read back in lines when the image is
    written, so that memory holds one row of tiles, whatever the size. `bar` is a tqdm that is moved by the LR pixels
    done. Raises `OSError` where the disk is full.
    """
    height, width = photo.rgb.shape[:2]
    alpha = None if photo.alpha is None else upsample(photo.alpha)
    bands, strips = (1 if photo.grey else 3) + (alpha is not None), []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".upscaling-") as scratch:
        for (top, left), sr in tiling.tiles(model, photo.rgb):
            if left == 0:
                row = np.empty((sr.shape[0], SCALE * width, bands), np.uint8)
            place = row[:, left : left + sr.shape[1]]
            place[..., : 1 if photo.grey else 3] = cv2.cvtColor(sr, cv2.COLOR_RGB2GRAY)[..., None] if photo.grey else sr
            bar.update(sr.shape[0] * sr.shape[1] // SCALE**2)
            if left + sr.shape[1] == SCALE * width:
                if alpha is not None:
                    row[..., -1] = alpha[top : top + len(row)]
                strips.append(f"{scratch}/{top}.tif")  # a mapped raw file would count as memory
                _save(pyvips.Image.new_from_array(row), strips[-1])
        parts = [pyvips.Image.new_from_file(strip, access="sequential") for strip in strips]
        image = pyvips.Image.arrayjoin(parts, across=1).crop(0, 0, SCALE * width, SCALE * height)
        yield image.copy(interpretation="b-w" if photo.grey else "srgb")


def plan(source: str, target: str | None = None, force: bool = False) -> list[tuple[Path, Path]]:
    """Which file becomes which: an image -> `<name>_x4` beside it, a folder -> a folder `<name>_x4`, or `target`.

    Raises `StudyError` for a source that does not exist, a folder without images, two images of one name, a format
    that cannot be written, and, without `force`, a target that exists.
    """
    source, target = Path(source).expanduser(), target and Path(target).expanduser()
    if source.is_dir():
        folder = target or source.with_name(f"{source.name}_x4")
        pairs = [(path, folder / f"{path.stem}{_ending(path)}") for path in image_files(source)]
    else:
        pairs = [(source, target or source.with_name(f"{source.stem}_x4{_ending(source)}"))]
    if not pairs or not source.exists():
        raise StudyError(f"{source} is no image and no folder of images; name one that is: IMAGE=photo.jpg")
    goals = [goal for _, goal in pairs]
    for goal in goals:
        if goals.count(goal) > 1:
            raise StudyError(f"Two images would become {goal}; rename one of them.")
        if goal.suffix.lower() not in FORMATS:
            raise StudyError(f"{goal} cannot be written; end its name in {', '.join(FORMATS)}.")
        if goal.exists() and not force:
            raise StudyError(f"{goal} exists; name another file with OUT=…, or overwrite it with FORCE=1.")
    return pairs


def _ending(path: Path) -> str:
    return path.suffix if path.suffix.lower() in FORMATS else ".png"


def _check(photo: Photograph, source: Path, goal: Path) -> None:
    """Raise `StudyError`, before any work, for a picture that the format of `goal` cannot hold."""
    height, width = (SCALE * n for n in photo.rgb.shape[:2])
    largest = FORMATS[goal.suffix.lower()][0]
    if max(height, width) > largest:
        raise StudyError(f"{goal} would be {width}×{height}, more than the format's {largest}; write a .png or .tif.")
    if photo.alpha is not None and goal.suffix.lower() in OPAQUE:
        raise StudyError(f"{source} is transparent in places, which {goal.suffix} cannot keep; write a .png or .webp.")


def _save(image, path, **options) -> None:
    try:
        image.write_to_file(str(path), **options)
    except pyvips.Error as error:  # which tells the system's error in words
        number = errno.ENOSPC if os.strerror(errno.ENOSPC) in str(error) else errno.EIO
        raise OSError(number, os.strerror(number)) from None


def upscale(model, source: Path, goal: Path) -> str:
    """One picture ×4, written whole or not at all; returns a line that says what, and how fast. Raises `StudyError`."""
    photo = read(source)
    _check(photo, source, goal)
    height, width = photo.rgb.shape[:2]
    began = time.perf_counter()
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        bar = tqdm(total=height * width, desc=source.name, unit="px", unit_scale=True, ncols=100, leave=False)
        with bar, enlarged(model, photo, goal.parent, bar) as image:
            seconds = time.perf_counter() - began
            for name, content in photo.metadata.items():
                image.set_type(pyvips.GValue.blob_type, name, content)
            replace(goal, lambda scratch: _save(image, scratch, **FORMATS[goal.suffix.lower()][1]))
    except OSError as error:
        raise StudyError(
            f"{goal} cannot be written ({error.strerror or error}); free space, or name another place with OUT=…."
        ) from None
    megapixels = SCALE**2 * height * width / 1e6
    return (
        f"{goal}: {width}×{height} -> {SCALE * width}×{SCALE * height}, "
        f"{megapixels:.1f} megapixels in {seconds:.1f} s ({megapixels / seconds:.2f} per second)"
    )


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="make upscale", description=__doc__)
    parser.add_argument("image", help="an image, or a folder of images")
    parser.add_argument("out", nargs="?", help="where to; default: <name>_x4 beside it")
    parser.add_argument("--arm", default="combined", help="whose weights: combined or srcnn")
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    arguments = parser.parse_args(argv)
    failed = 0
    try:
        pairs = plan(arguments.image, arguments.out, arguments.force)
        model = models.load(arguments.arm)
        for source, goal in pairs:
            try:
                print(upscale(model, source, goal), flush=True)
            except StudyError as error:
                failed += 1
                print(f"make upscale: {error}", file=sys.stderr)
    except StudyError as error:
        print(f"make upscale stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake upscale was interrupted; what it had written is whole.", file=sys.stderr)
        return 130
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
