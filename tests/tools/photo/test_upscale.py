"""`make upscale` as a user meets it: files in, files out, and what must not get lost on the way."""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import pyvips
from PIL import Image

from sr_utils import models, paths
from sr_utils.data.images import upsample
from sr_utils.evaluation import upscale
from sr_utils.evaluation.tiling import tiles
from tests.conftest import on_small_disks
from tools.photo import strips
from tools.photo import upscale as command

LOSSLESS = [".png", ".tif"]


@pytest.fixture(scope="module")
def combined():
    return models.load("combined")


def assert_same(sr, expected):
    """The same picture by OpenVINO and by Keras, which round sums differently: a few pixels by one grey level."""
    off = np.abs(np.asarray(sr).astype(int) - expected)
    assert off.max() <= 1 and off.mean() < 0.25


@pytest.fixture
def lr(picture):
    return picture(20, 30)


def made(source, *arguments):
    """Run the command on a file; the picture that it wrote."""
    assert command.main([str(source), *map(str, arguments)]) == 0
    written = arguments[0] if arguments else source.with_name(f"{source.stem}_x4{source.suffix}")
    with Image.open(written) as image:
        image.load()
        return image


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_the_file_holds_the_networks_output(tmp_path, lr, combined, suffix, capsys):
    Image.fromarray(lr).save(tmp_path / "photo.png")
    sr = made(tmp_path / "photo.png", tmp_path / f"out{suffix}")
    if suffix in LOSSLESS:
        assert_same(sr, upscale(combined, lr))
    else:
        assert np.abs(np.asarray(sr, np.float32) - upscale(combined, lr)).mean() < 4
    assert "30×20 -> 120×80" in capsys.readouterr().out


def test_tiles_come_to_their_places_in_the_file(tmp_path, picture, combined, monkeypatch):
    """Three rows of five tiles, with alpha."""
    monkeypatch.setattr(strips, "tiles", functools.partial(tiles, window=48))
    lr = picture(70, 95)
    alpha = np.maximum(picture(70, 95, 1)[..., 0], 1)
    Image.fromarray(np.dstack([lr, alpha])).save(tmp_path / "photo.png")
    sr = np.asarray(made(tmp_path / "photo.png"))
    assert_same(sr[..., :3], upscale(combined, lr))
    assert np.abs(sr[..., 3] - upsample(alpha).astype(int)).max() <= 1  # Pillow rounds 8 bits twice


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_grey_stays_grey(tmp_path, lr, combined, suffix):
    grey = lr[..., 0]
    Image.fromarray(grey).save(tmp_path / f"photo{suffix}")
    sr = made(tmp_path / f"photo{suffix}")
    assert sr.mode == "L"
    expected = np.asarray(Image.fromarray(upscale(combined, np.repeat(grey[..., None], 3, axis=2))).convert("L"))
    assert np.abs(np.asarray(sr).astype(int) - expected).max() <= 1


def test_a_folder_goes_on_after_a_bad_file_and_names_what_it_passes_over(tmp_path, lr, capsys):
    folder = tmp_path / "photos"
    for inner in ("more", "even more"):
        (folder / inner).mkdir(parents=True)
    Image.fromarray(lr).save(folder / "a.png")
    Image.fromarray(lr).convert("RGBA").save(folder / "d.png")
    (folder / "b.png").write_bytes(b"no picture")
    (folder / "c.png").symlink_to("gone.png")
    (folder / "notes.txt").write_text("no picture either")
    assert command.main([str(folder)]) == 1
    assert sorted(path.name for path in (tmp_path / "photos_x4").iterdir()) == ["a.png", "d.png"]
    said = capsys.readouterr()
    assert said.err.count("b.png cannot be read as an image") == 1
    assert "c.png cannot be read as an image (No such file or directory)" in said.err
    assert f"2 sub-folder(s) of {folder} passed over: even more, more\n" in said.out
    assert "2 made, 1 skipped (0 there already, 1 no pictures), 2 failed; 0." in said.out.splitlines()[-1]
    assert made(folder / "d.png", tmp_path / "opaque.jpg").mode == "RGB"


def test_a_folder_goes_on_where_it_stopped(tmp_path, lr, capsys):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.jpg", "twin.bmp", "twin.png", "._a.png"):
        Image.fromarray(lr).save(folder / name, "PNG")
    done = tmp_path / "photos_x4"
    done.mkdir()
    (done / "a.png").write_text("mine")
    assert command.main([str(folder)]) == 0
    assert sorted(path.name for path in done.iterdir()) == ["a.png", "b.jpg", "twin.bmp.png", "twin.png"]
    assert (done / "a.png").read_text() == "mine"
    assert "3 made, 1 skipped (1 there already, 0 no pictures), 0 failed" in capsys.readouterr().out
    written = {path: path.stat().st_mtime_ns for path in done.iterdir()}
    assert command.main([str(folder)]) == 0
    assert {path: path.stat().st_mtime_ns for path in done.iterdir()} == written
    assert command.main([str(folder), "--force"]) == 0
    assert Image.open(done / "a.png").size == (120, 80)
    assert "4 made, 0 skipped" in capsys.readouterr().out


CASES = {
    "a missing image": (["none.png"], "none.png is no image and no folder of images"),
    "an empty folder": (["empty"], "empty is no image and no folder of images"),
    "a device": (["/dev/zero"], "/dev/zero is no image and no folder of images"),
    "a result that is there": (["photo.png", "clear.png"], "clear.png exists; name another file"),
    "not an image": (["text.png"], "text.png cannot be read as an image"),
    "an unknown arm": (["photo.png", "out.png", "--arm", "srgan"], "'srgan'"),
    "an unknown format": (["photo.png", "out.gif"], "out.gif cannot be written"),
    "alpha into JPEG": (["clear.png", "out.jpg"], "clear.png is transparent in places"),
    "more than WebP holds": (["wide.png", "out.webp"], "out.webp would be 16400×8, more than the format's 16383"),
    "itself": (["photo.png", "photo.png", "--force"], "photo.png is the picture itself"),
    "a folder into itself": (["twins", "twins", "--force"], "is the picture itself"),
    "the root": (["/"], "/ has no folder beside it"),
    "a folder into a picture": (["twins", "photo.png"], "photo.png is no folder that you may write to"),
    "a folder that is a file": (["photo.png", "text.png/out.png"], "text.png is no folder that you may write to"),
    "a name too long": (["photo.png", "x" * 252 + ".png"], "x.png cannot be used .File name too long"),
    "a path too long": (["a/" * 3000 + "b.png"], "b.png cannot be used .File name too long"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_one_sentence_and_leaves_nothing(case, tmp_path, lr, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(lr).save("photo.png")
    Image.fromarray(np.dstack([lr, lr[..., 0]])).save("clear.png")
    Image.new("RGB", (4100, 2)).save("wide.png")
    paths.Path("text.png").write_text("hello")
    for folder in ("empty", "twins"):
        paths.Path(folder).mkdir()
    for name in ("twin.png", "twin.bmp"):
        Image.fromarray(lr).save(f"twins/{name}")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    arguments, sentence = CASES[case]
    assert command.main(arguments) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("make upscale")]
    assert re.search(sentence, line), line
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    """A disk too small for the scratch file (2.9 MB), and one too small for it and the picture; a small one fits."""
    (tmp_path / "in").mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)).save(tmp_path / "photo.png")
    shutil.copy(tmp_path / "photo.png", tmp_path / "in/a.png")
    Image.new("RGB", (64, 48)).save(tmp_path / "in/b.png")
    disks = {tmp_path / size: size for size in ("1m", "3m")}
    calls = ["import os", "from tools.photo.upscale import main"]
    for disk in disks:
        calls.append(f"print(main(['{tmp_path}/photo.png', '{disk}/out.png']), *os.listdir('{disk}'), flush=True)")
    calls.append(f"main(['{tmp_path}/in', '{disk}/out'])")
    result = on_small_disks(f'{sys.executable} -c "{"; ".join(calls)}"', disks)
    assert result.stdout.splitlines()[:2] == ["1", "1"], result.stdout + result.stderr  # and nothing is left there
    assert "1 made, 0 skipped (0 there already, 0 no pictures), 1 failed" in result.stdout
    said = ".png cannot be written (No space left on device); free space"
    assert result.stderr.count(said) == 3 and "Traceback" not in result.stderr


NAMES = {
    "not UTF-8": b"caf\xe9.png",
    "two lines": b"new\nline.png",
    "signs of the shell": b"a $HOME \"b\" 'c' [Q=1] -- `d` #.png",
    "252 bytes": b"x" * 248 + b".png",
    "a dash": b"-f.png",
    "a tilde": b"~photo.png",
}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_read_and_written_and_shown_in_one_line(name, tmp_path, lr, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(lr).save("photo.png")
    source = paths.Path(os.fsdecode(NAMES[name]))
    paths.Path("photo.png").rename(source)
    assert command.main(["--", str(source)]) == 0
    assert Image.open(source.with_name(f"{source.stem}_x4.png")).size == (120, 80)
    assert len([line for line in capsys.readouterr().out.splitlines() if "30×20" in line and "_x4.png:" in line]) == 1


def test_the_folder_here_and_a_folder_as_target(tmp_path, lr, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    Image.fromarray(lr).save(here / "photo.png")
    Image.fromarray(lr).save(tmp_path / "whole.png")
    monkeypatch.chdir(here)
    for arguments, result in (
        (["."], tmp_path / "here_x4/photo.png"),
        ([".."], tmp_path.with_name(f"{tmp_path.name}_x4") / "whole.png"),
        (["../here", ".."], tmp_path / "photo.png"),
        (["photo.png", ".."], tmp_path / "photo_x4.png"),
        (["photo.png", "new/"], here / "new/photo_x4.png"),
    ):
        assert command.main(arguments) == 0
        assert Image.open(result).size == (120, 80)


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_no_hidden_colour_shows_at_an_edge(tmp_path, hidden):
    """A disc with a soft edge, (230, 60, 60), on a picture whose invisible pixels have another colour."""
    y, x = np.mgrid[:48, :64]
    alpha, colour = np.clip(16 - np.hypot(y - 24, x - 32), 0, 1), np.array([230, 60, 60])
    disc = np.dstack([np.where(alpha[..., None] > 0, colour, hidden), 255 * alpha]).round().astype(np.uint8)
    Image.fromarray(disc).save(tmp_path / "disc.png")
    sr = np.asarray(made(tmp_path / "disc.png"), np.float64)
    alpha = sr[..., 3:] / 255
    assert np.abs(alpha * sr[..., :3] + (1 - alpha) * colour - colour).max() <= 16


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_sixteen_bits_stay_sixteen(tmp_path, suffix):
    ramp = np.linspace(8000, 56000, 20 * 30).reshape(20, 30)
    deep = np.dstack([ramp, ramp[::-1], ramp]).astype(np.uint16)
    pyvips.Image.new_from_array(deep).copy(interpretation="rgb16").write_to_file(str(tmp_path / f"deep{suffix}"))
    assert command.main([str(tmp_path / f"deep{suffix}")]) == 0
    sr = pyvips.Image.new_from_file(str(tmp_path / f"deep_x4{suffix}"))
    assert sr.format == "ushort" and sr.interpretation == "rgb16"
    assert abs(sr.numpy().mean() - deep.mean()) < 100 and len(np.unique(sr.numpy() % 257)) > 100
    assert command.main([str(tmp_path / f"deep{suffix}"), str(tmp_path / "deep.jpg")]) == 0
    assert abs(np.asarray(Image.open(tmp_path / "deep.jpg")).mean() - deep.mean() / 257) < 1


def with_default_signals():
    """In a child: signals as from a terminal, also where these tests run under nohup or in the background."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def test_a_stop_in_a_callback_of_libvips_is_not_lost(tmp_path, lr):
    """Where libvips calls back, Python drops an exception, and with it a KeyboardInterrupt."""
    Image.fromarray(lr).save(tmp_path / "photo.png")
    code = "import os, pyvips, sys; from tools.photo.upscale import main; "
    code += "pyvips.logger.log = lambda *_: os.kill(os.getpid(), 2); sys.exit(main(sys.argv[1:]))"
    run = [sys.executable, "-c", code, str(tmp_path / "photo.png")]
    done = subprocess.run(run, capture_output=True, text=True, check=False, preexec_fn=with_default_signals)
    assert done.returncode == 130 and "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_stop_leaves_nothing_half_written_and_the_next_start_finishes(tmp_path, picture, stop):
    """While it works on one of the first pictures of twenty."""
    folder = tmp_path / "photos"
    folder.mkdir()
    names = [f"{i:02}.png" for i in range(20)]
    for seed, name in enumerate(names):
        Image.fromarray(picture(120, 150, seed)).save(folder / name)
    random = np.random.default_rng()
    run = [sys.executable, "-m", "tools.photo", str(folder), "--arm", "srcnn"]
    with subprocess.Popen(
        run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=with_default_signals
    ) as process:
        for name in names[: random.integers(1, 4)]:
            assert name in process.stdout.readline()
        time.sleep(random.uniform(0, 0.1))
        process.send_signal(stop)
        said = process.communicate(timeout=60)[1]
    assert process.returncode in (130, -signal.SIGKILL) and "Traceback" not in said
    done = tmp_path / "photos_x4"
    if stop != signal.SIGKILL:
        assert said.strip().splitlines()[-1].startswith("make upscale was interrupted")
        assert not list(done.glob(".*"))
    assert all(Image.open(path).convert("RGB").size[0] == 600 for path in done.glob("[0-9]*.png"))
    (done / ".999999999-19.png").write_text("what a killed process has left")
    assert command.main([str(folder), "--arm", "srcnn"]) == 0
    assert sorted(path.name for path in done.iterdir()) == names
