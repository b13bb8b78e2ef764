"""Looks, captions, and saving: titles, notes and alt text."""

import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from sr_utils import StudyError, models, paths, plots
from sr_utils.models import ARMS
from sr_utils.plots import style


def test_every_arm_has_a_look_of_its_own():
    assert set(ARMS) <= set(style.LOOKS)
    looks = [style.LOOKS[label] for label in ARMS]
    assert len({look[0] for look in looks}) == len({look[1] for look in looks}) == len(ARMS)
    assert not {look[1] for look in looks} & {style.LOOKS[label][1] for label in ("bilinear", "bicubic", "hr")}
    assert plots.name("srcnn mae") == "SRCNN, MAE" and plots.name("strength 0.1") == "strength 0.1"


@pytest.mark.parametrize("colour", ["#DDAA33", "#88CCEE", "#000000", "#999999"])
def test_text_in_a_colour_is_legible(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in style.legible(colour)]  # WCAG 2.1
    luminance = np.dot(linear, (0.2126, 0.7152, 0.0722))
    assert 1.05 / (luminance + 0.05) >= 4.4


def test_the_readers_settings_stay_as_they_are():
    """Importing and drawing change none, and they change no byte of a figure."""
    code = "import matplotlib as m; before = dict(m.rcParams); from sr_utils import plots; assert m.rcParams == before"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=paths.ROOT)
    drawn = []
    for theirs in ({}, {"font.size": 30, "axes.facecolor": "black", "text.usetex": True}):
        with plt.rc_context(theirs):
            before = dict(plt.rcParams)
            drawn.append(plots.save(plots.network_diagram(models.build("srcnn")), "name", "smoke", "a note"))
            assert dict(plt.rcParams) == before
    assert drawn[0].png == drawn[1].png


def figure(width=700, height=300):
    fig = plt.figure(figsize=(width / 100, height / 100))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.imshow(np.zeros((height, width)), aspect="auto", cmap="gray", vmin=0, vmax=1)
    ax.axis("off")
    return style.headline(fig, "what is seen", "a black picture")


def test_a_saved_figure_has_title_note_and_unscaled_axes():
    shown = plots.save(figure(), "name", "smoke", "the note " * 40)
    with Image.open(paths.figures() / "smoke/name.png") as picture:
        pixels = np.asarray(picture.convert("L"))
        assert picture.width == 712 and "Software" not in picture.info  # another version, the same bytes
    black = np.flatnonzero((pixels[:, 6:-6] == 0).all(axis=1))
    assert len(black) == 300 and 20 < black[0] < 50 and 40 < len(pixels) - black[-1] < 120  # a line above, some below
    assert pixels[: black[0]].min() < 100 and pixels[black[-1] + 1 :].min() < 200
    data, metadata = InteractiveShell.instance().display_formatter.format(shown)
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"] == "a black picture. What is seen"


def test_a_plot_is_saved_as_svg_too_the_same_each_time_and_a_picture_is_not():
    plots.save(figure(), "picture", "smoke")
    drawn = []
    for _ in range(2):
        plots.save(plots.network_diagram(models.build("srcnn")), "plot", "smoke")
        drawn.append((paths.figures() / "smoke/plot.svg").read_bytes())
    assert drawn[0] == drawn[1] and b"<svg" in drawn[0]
    one, other = (plots.network_diagram(models.build(arm)) for arm in ("srcnn", "post_upsampling"))
    plots.save(one, "plot", "smoke", phone=other)
    assert (paths.figures() / "smoke/plot-phone.svg").exists() and not {one.number, other.number} & {*plt.get_fignums()}
    assert not (paths.figures() / "smoke/picture.svg").exists()


def test_a_figure_without_alt_text_is_refused_and_an_unwritable_folder_is_told(tmp_path, monkeypatch):
    fig = figure()
    fig.set_label("")
    with pytest.raises(StudyError, match="name has no alt text; give save an alt"):
        plots.save(fig, "name", "smoke")
    assert not (paths.figures() / "smoke/name.png").exists()
    (tmp_path / "file").touch()
    monkeypatch.setenv("SR_FIGURES", str(tmp_path / "file"))
    with pytest.raises(StudyError, match="cannot be written .*; free space, or set SR_FIGURES"):
        plots.save(figure(), "name", "smoke")
