"""`make upscale`: your own pictures ×4, with the weights that come with the study."""

import argparse
import dataclasses
import glob
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import psutil
from tqdm import tqdm

from sr_utils import StudyError, paths
from sr_utils.data.images import SCALE
from sr_utils.data.reading import shown

from . import engine, formats
from .reading import ENDINGS, Photograph, read_photograph
from .strips import enlarged

NAME = "make upscale" if __package__ == "tools.photo" else "sr-upscale"  # as the wheel installs it
NO_IMAGE = "{} is no image and no folder of images; name one that is: IMAGE=photo.jpg"


@dataclasses.dataclass(frozen=True)
class FilePlan:
    """`pairs` of (picture, result) to make, how many results are `there`, files that are no pictures, and folders."""

    pairs: list[tuple[Path, Path]]
    there: int = 0
    others: int = 0
    folders: list[Path] = ()


def plan_files(source: str, target: str | None = None, force: bool = False) -> FilePlan:
    """What becomes what: an image -> `<name>_x4` beside it, a folder -> a folder `<name>_x4`; or `target`. In a folder,
    what is no picture by its name is passed over, and so are results that exist, unless `force`.

    Raises `StudyError` where there is no picture, where a result cannot be written, and, without `force`, for the
    result of a single picture that exists.
    """
    picture, goal = paths.expanded(source), paths.expanded(target) if target else None
    try:
        if picture.name in ("", ".."):
            picture = picture.resolve()
        if picture.is_dir():
            return _plan_folder(picture, goal, force)
        if not picture.is_file():
            raise StudyError(NO_IMAGE.format(shown(picture)))
        if goal is None or target.endswith("/") or goal.is_dir():
            goal = (goal or picture.parent) / f"{picture.stem}_x4{_ending(picture)}"
        _check_goal(picture, goal)
        if goal.exists() and not force:
            raise StudyError(f"{shown(goal)} exists; name another file with OUT=…, or overwrite it with FORCE=1.")
        return FilePlan([(picture, goal)])
    except OSError as error:
        name, reason = shown(error.filename or source), os.strerror(error.errno)
        raise StudyError(f"{name} cannot be used ({reason}); give yourself access to it, or name another.") from None


def _plan_folder(source: Path, target: Path | None, force: bool) -> FilePlan:
    if not source.name and not target:
        raise StudyError(f"{source} has no folder beside it; name one for the results with OUT=…")
    folder = target or source.with_name(f"{source.name}_x4")
    entries = sorted(path for path in source.iterdir() if not path.name.startswith("."))
    folders = [path for path in entries if path.is_dir()]
    # a link to a file that is gone is a picture that fails
    files = [path for path in entries if path.is_file() or (path.is_symlink() and not path.exists())]
    pictures = [path for path in files if path.suffix.lower() in ENDINGS]
    if not pictures:
        raise StudyError(NO_IMAGE.format(shown(source)))
    goals = {}
    for path in sorted(pictures, key=lambda path: path.suffix.lower() not in formats.FORMATS):
        goal = folder / f"{path.stem}{_ending(path)}"
        goals[path] = folder / f"{path.name}.png" if goal in goals.values() else goal  # twin.png and twin.bmp
        _check_goal(path, goals[path])
    pairs = [(path, goals[path]) for path in pictures if force or not goals[path].exists()]
    return FilePlan(pairs, len(pictures) - len(pairs), len(files) - len(pictures), folders)


def _ending(path: Path) -> str:
    return path.suffix if path.suffix.lower() in formats.FORMATS else ".png"


def _check_goal(source: Path, goal: Path) -> None:
    """Raise `StudyError`, before any work, for a result that cannot be written."""
    if goal.suffix.lower() not in formats.FORMATS:
        raise StudyError(f"{shown(goal)} cannot be written; end its name in {', '.join(formats.FORMATS)}.")
    if goal.exists() and source.exists() and goal.samefile(source):
        raise StudyError(f"{shown(goal)} is the picture itself; name another place with OUT=…")
    nearest = next(folder for folder in goal.absolute().parents if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise StudyError(f"{shown(nearest)} is no folder that you may write to; name another place with OUT=…")


def fitted(photo: Photograph, source: Path, goal: Path) -> Photograph:
    """The picture as the format of `goal` can hold it. Raises `StudyError`, before any work, where it cannot."""
    height, width = (SCALE * n for n in photo.rgb.shape[:2])
    ending, name = goal.suffix.lower(), shown(goal)
    largest = formats.FORMATS[ending][1]
    if max(height, width) > largest:
        raise StudyError(f"{name} would be {width}×{height}, more than the format's {largest}; write a .png or .tif.")
    if photo.alpha is None or ending not in formats.OPAQUE:
        return photo
    if photo.alpha.min() < np.iinfo(photo.alpha.dtype).max:
        why = f"{shown(source)} is transparent in places, which {ending} cannot keep"
        raise StudyError(f"{why}; write a .png or .webp.")
    return dataclasses.replace(photo, alpha=None)


def upscale_file(network, source: Path, goal: Path) -> list[str]:
    """One picture ×4, written whole or not at all; returns what is to be said of it. Raises `StudyError`."""
    photo, ending = fitted(read_photograph(source), source, goal), goal.suffix.lower()
    height, width = photo.rgb.shape[:2]
    began, notes = time.perf_counter(), list(photo.notes)
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        sweep(goal)
        bar = tqdm(total=height * width, desc=shown(source.name), unit="px", unit_scale=True, ncols=100, leave=False)
        with bar, enlarged(network, photo, goal.parent, ending in formats.DEEP, bar) as image:
            seconds = time.perf_counter() - began
            paths.replace(goal, lambda scratch: notes.extend(formats.write_picture(image, scratch, ending, photo)))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        why = f"{shown(goal)} cannot be written ({reason}); free space, or name another place with OUT=…"
        raise StudyError(f"{why}.") from None
    megapixels = SCALE**2 * height * width / 1e6
    return [f"{shown(source)} {note}." for note in notes] + [
        f"{shown(goal)}: {width}×{height} -> {SCALE * width}×{SCALE * height}, "
        f"{megapixels:.1f} megapixels in {seconds:.1f} s ({megapixels / seconds:.2f} per second)"
    ]


def sweep(path: Path) -> None:
    """Remove the temporary files of `path` whose processes were killed, and this process's own."""
    end = paths.scratch_of(path, "").name.removeprefix(".")
    for file in path.parent.glob(f".*{glob.escape(end)}"):
        number = file.name[1 : -len(end)]
        if number.isdecimal() and (int(number) == os.getpid() or not psutil.pid_exists(int(number))):
            file.unlink(missing_ok=True)


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__)
    parser.add_argument("image", help="an image, or a folder of images")
    parser.add_argument("out", nargs="?", help="where to; default: <name>_x4 beside it")
    parser.add_argument("--arm", default="combined", help="whose weights: combined or srcnn")
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
    arguments = parser.parse_args(argv)
    goal = None

    def stop(number, frame):
        """End at once, and leave nothing half written. An exception could be lost in a callback of libvips."""
        if goal:
            sweep(goal)
        print(f"\n{NAME} was interrupted; what it had written is whole.", file=sys.stderr, flush=True)
        os._exit(130)

    ends = {"SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE"} & set(signal.Signals.__members__)  # Windows has two
    for number in map(signal.Signals.__getitem__, ends):
        if number.name == "SIGPIPE" or signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, stop)
    began, failed = time.perf_counter(), 0
    try:
        work = plan_files(arguments.image, arguments.out, arguments.force)
        if work.pairs:
            network = engine.network(arguments.arm)
        for source, goal in work.pairs:
            try:
                print(*upscale_file(network, source, goal), sep="\n", flush=True)
            except Exception as error:  # no single picture ends a folder
                failed += 1
                own = isinstance(error, StudyError)
                text = error if own else f"{shown(source)} is met by a fault of this program ({error!r}); report it."
                print(f"{NAME}: {text}", file=sys.stderr)
        if work.folders:
            names = ", ".join(shown(path.name) for path in work.folders)
            print(f"{len(work.folders)} sub-folder(s) of {shown(arguments.image)} passed over: {names}")
        if paths.expanded(arguments.image).is_dir():
            print(
                f"{len(work.pairs) - failed} made, {work.there + work.others} skipped ({work.there} there already, "
                f"{work.others} no pictures), {failed} failed; {(time.perf_counter() - began) / 60:.1f} minutes"
            )
    except StudyError as error:
        print(f"{NAME} stopped: {error}", file=sys.stderr)
        return 1
    return int(failed > 0)
