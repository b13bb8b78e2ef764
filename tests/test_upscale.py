"""`make upscale` as a user meets it: files in, files out, and what must not get lost on the way."""

import functools
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms

from sr_utils import device as backend
from sr_utils import models, paths
from sr_utils.data.images import upsample
from sr_utils.data.sets import load
from sr_utils.evaluation import scores as evaluation
from sr_utils.evaluation import tiling
from tools import upscale as command

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS = [".png", ".tif"]


@pytest.fixture(scope="module")
def combined():
    return models.load("combined")


@pytest.fixture
def lr(picture):
    return picture(20, 30)


def upscale(model, lr):
    """SR of an image in one piece."""
    return evaluation.grey_levels(backend.traced(model)(lr[None].astype(np.float32)))


def made(source, *arguments):
    """Run the command on a file; the picture that it wrote."""
    assert command.main([str(source), *map(str, arguments)]) == 0
    written = arguments[0] if arguments else source.with_name(f"{source.stem}_x4{source.suffix}")
    with Image.open(written) as image:
        image.load()
        return image


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_the_file_holds_the_networks_output(tmp_path, lr, combined, suffix, capsys):
    Image.fromarray(lr).save(tmp_path / f"photo{suffix}")
    sr = made(tmp_path / f"photo{suffix}")
    np.testing.assert_array_equal(np.asarray(sr), upscale(combined, lr))
    assert "photo_x4" in (said := capsys.readouterr().out) and "30×20 -> 120×80" in said and "per second" in said


def test_it_scores_as_the_study_scores(combined):
    """The command runs a graph, the study's scores come from single operations: bfloat16 rounds otherwise, no more."""
    pair = load("sample").valid[0]
    ours, theirs = (evaluation.psnr(sr(combined, pair.lr), pair.hr) for sr in (upscale, evaluation.upscale))
    assert abs(ours - theirs) < 0.02


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_lossy_file_is_close_to_it(tmp_path, lr, combined, suffix):
    Image.fromarray(lr).save(tmp_path / "photo.png")
    sr = np.asarray(made(tmp_path / "photo.png", tmp_path / f"out{suffix}"), np.float32)
    assert np.abs(sr - upscale(combined, lr)).mean() < 4


def test_the_exif_tag_turns_the_picture_and_is_gone(tmp_path, lr, combined):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"  # "turn me a quarter clockwise", and who took it
    Image.fromarray(lr).save(tmp_path / "photo.png", exif=exif)
    sr = made(tmp_path / "photo.png")
    np.testing.assert_array_equal(np.asarray(sr), upscale(combined, np.ascontiguousarray(np.rot90(lr, -1))))
    assert sr.getexif().get(0x0112, 1) == 1 and sr.getexif()[0x010F] == "camera"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_colour_profile_is_kept(tmp_path, lr, suffix):
    Image.fromarray(lr).save(tmp_path / f"photo{suffix}", icc_profile=PROFILE)
    assert made(tmp_path / f"photo{suffix}").info["icc_profile"] == PROFILE


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_alpha_is_kept_by_bicubic(tmp_path, lr, combined, suffix):
    alpha = np.linspace(0, 255, lr[..., 0].size).reshape(lr.shape[:2]).astype(np.uint8)
    Image.fromarray(np.dstack([lr, alpha])).save(tmp_path / "photo.png")
    sr = np.asarray(made(tmp_path / "photo.png", tmp_path / f"out{suffix}"))
    np.testing.assert_array_equal(sr[..., 3], upsample(alpha))
    if suffix in LOSSLESS:
        np.testing.assert_array_equal(sr[..., :3], upscale(combined, lr))


def test_tiles_come_to_their_places_in_the_file(tmp_path, picture, combined, monkeypatch):
    """Three rows of four tiles, the last of each cut short, with alpha."""
    monkeypatch.setattr(tiling, "tiles", functools.partial(tiling.tiles, side=16))
    lr = picture(40, 55)
    alpha = picture(40, 55, 1)[..., 0]
    Image.fromarray(np.dstack([lr, alpha])).save(tmp_path / "photo.png")
    sr = np.asarray(made(tmp_path / "photo.png"))
    np.testing.assert_array_equal(sr[..., :3], upscale(combined, lr))
    np.testing.assert_array_equal(sr[..., 3], upsample(alpha))


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_grey_stays_grey(tmp_path, lr, combined, suffix):
    grey = lr[..., 0]
    Image.fromarray(grey).save(tmp_path / f"photo{suffix}")
    sr = made(tmp_path / f"photo{suffix}")
    assert sr.mode == "L"
    expected = np.asarray(Image.fromarray(upscale(combined, np.repeat(grey[..., None], 3, axis=2))).convert("L"))
    assert np.abs(np.asarray(sr).astype(int) - expected).max() <= 1


def test_grey_with_alpha_and_a_palette_with_a_transparent_colour(tmp_path, lr):
    Image.fromarray(np.dstack([lr[..., 0], lr[..., 1]]), "LA").save(tmp_path / "la.png")
    assert made(tmp_path / "la.png").mode == "LA"
    Image.fromarray(lr).quantize(16).save(tmp_path / "palette.png", transparency=3)
    assert made(tmp_path / "palette.png").mode == "RGBA"


def test_cmyk_becomes_rgb_without_its_profile(tmp_path, lr):
    Image.fromarray(lr).convert("CMYK").save(tmp_path / "print.jpg", icc_profile=PROFILE)
    sr = made(tmp_path / "print.jpg")
    assert sr.mode == "RGB" and "icc_profile" not in sr.info


def test_other_formats_become_png(tmp_path, lr):
    Image.fromarray(lr).save(tmp_path / "photo.bmp")
    assert command.main([str(tmp_path / "photo.bmp")]) == 0
    assert Image.open(tmp_path / "photo_x4.png").size == (120, 80)


def test_a_folder_goes_on_after_a_bad_file(tmp_path, lr, capsys):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        Image.fromarray(lr).save(folder / name)
    (folder / "b.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture either")
    assert command.main([str(folder)]) == 1
    assert sorted(path.name for path in (tmp_path / "photos_x4").iterdir()) == ["a.png", "c.png"]
    assert capsys.readouterr().err.count("b.png cannot be read as an image") == 1


def test_srcnn_too(tmp_path, lr):
    Image.fromarray(lr).save(tmp_path / "photo.png")
    sr = np.asarray(made(tmp_path / "photo.png", tmp_path / "out.png", "--arm", "srcnn"))
    np.testing.assert_array_equal(sr, upscale(models.load("srcnn"), lr))


def test_nothing_is_overwritten_unasked(tmp_path, lr, capsys):
    Image.fromarray(lr).save(tmp_path / "photo.png")
    (tmp_path / "photo_x4.png").write_text("mine")
    assert command.main([str(tmp_path / "photo.png")]) == 1
    assert "photo_x4.png exists; name another file with OUT=…" in capsys.readouterr().err
    assert (tmp_path / "photo_x4.png").read_text() == "mine"
    assert command.main([str(tmp_path / "photo.png"), "--force"]) == 0
    assert Image.open(tmp_path / "photo_x4.png").size == (120, 80)


CASES = {
    "a missing image": (["none.png"], "none.png is no image and no folder of images"),
    "an empty folder": (["empty"], "empty is no image and no folder of images"),
    "not an image": (["text.png"], "text.png cannot be read as an image"),
    "an animation": (["moving.gif"], "moving.gif holds 2 frames"),
    "an unknown arm": (["photo.png", "out.png", "--arm", "srgan"], "No weights come with the arm 'srgan'; choose"),
    "an unknown format": (["photo.png", "out.gif"], "out.gif cannot be written; end its name in .png"),
    "alpha into JPEG": (["clear.png", "out.jpg"], "clear.png is transparent in places, which .jpg cannot keep"),
    "more than WebP holds": (["wide.png", "out.webp"], "out.webp would be 16400×8, more than the format's 16383"),
    "a folder that is a file": (
        ["photo.png", "text.png/out.png"],
        r"out.png cannot be written .*; free space, or name",
    ),
    "two images of one name": (["twins", "out"], "Two images would become .*twin.png; rename one of them"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_one_sentence_and_leaves_nothing(case, tmp_path, lr, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(lr).save("photo.png")
    Image.fromarray(lr).convert("RGBA").save("clear.png")
    Image.new("RGB", (4100, 2)).save("wide.png")
    frames = [Image.fromarray(np.roll(lr, i, 0)) for i in range(2)]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    paths.Path("text.png").write_text("hello")
    for folder in ("empty", "twins"):
        paths.Path(folder).mkdir()
    for name in ("twin.png", "twin.bmp"):
        Image.fromarray(lr).save(f"twins/{name}")
    before = sorted(tmp_path.rglob("*"))
    arguments, sentence = CASES[case]
    assert command.main(arguments) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("make upscale")]
    assert re.search(sentence, line), line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not shutil.which("unshare"), reason="a small disk needs Linux's unshare")
@pytest.mark.parametrize("size", ["1m", "3m"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, size):
    """A disk too small for the scratch file (2.9 MB), and one too small for scratch file and picture."""
    disk = tmp_path / "disk"
    disk.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)).save(tmp_path / "photo.png")
    mount = f"mount -t tmpfs -o size={size} tmpfs {disk}"
    run = f"{sys.executable} -m tools.upscale {tmp_path}/photo.png {disk}/out.png"
    command = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        f"{mount} && {{ {run}; echo status $?; ls -A {disk}; }}",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Operation not permitted" in result.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert result.stdout.splitlines() == ["status 1"], result.stdout  # and nothing is left on the disk
    assert "out.png cannot be written (No space left on device); free space, or name another place" in result.stderr
    assert "Traceback" not in result.stderr
