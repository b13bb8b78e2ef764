from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sr_utils import StudyError, models, paths
from sr_utils.data import sets as data
from sr_utils.evaluation import scores as evaluation
from sr_utils.plots import charts as plots
from sr_utils.plots import diagrams, framework, style
from sr_utils.training import runs as training
from sr_utils.training.runs import STUDY, label


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SR_RUNS", str(tmp_path_factory.mktemp("runs")))
        return [training.train("post_upsampling", seed, "smoke", "sample") for seed in (0, 1)]


def test_every_arm_has_a_look_of_its_own():
    labels = [label(*entry) for entry in STUDY]
    assert set(labels) <= set(style.LOOKS)
    for part in (0, 1, 2):  # name, colour, marker
        assert len({style.LOOKS[each][part] for each in labels}) == len(labels)


def test_curves_show_the_mean_of_the_seeds(runs):
    (ax,) = plots.curves(runs).axes
    (line,) = ax.lines
    assert np.allclose(line.get_ydata(), (runs[0].history["val_mse"] + runs[1].history["val_mse"]) / 2)
    assert list(line.get_xdata()) == [1, 2]
    outline = ax.collections[0].get_paths()[0].vertices
    for epoch in (1, 2):
        ends = [run.history["val_mse"][epoch] for run in runs]
        band = outline[outline[:, 0] == epoch, 1]
        assert np.allclose((band.min(), band.max()), (min(ends), max(ends))) and min(ends) < max(ends)
    assert "epoch" in ax.get_xlabel() and "grey levels²" in ax.get_ylabel()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["post-upsampling"]


def test_effects_show_the_table():
    table = pd.DataFrame({"difference": [0.0, 0.5], "low": [0, 0.2], "high": [0, 0.9]}, index=["srcnn", "residual"])
    (ax,) = plots.effects(table, "srcnn").axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["residual"] and "dB" in ax.get_xlabel()
    assert "+0.50" in [t.get_text() for t in ax.texts]
    (bar,) = ax.collections[0].get_segments()
    assert np.allclose(bar, [[0.2, 0], [0.9, 0]])


def test_crops_are_the_same_window_at_integer_zoom(picture):
    hr = picture(96, 120)
    pair = SimpleNamespace(name="name", lr=data.downscale(hr), hr=hr)
    fig = plots.crops([pair], {"bicubic": "bicubic"}, side=48, zoom=3)
    fig.canvas.draw()
    y, x = evaluation.hardest_crop(pair, 48)
    shown = {ax.get_title(): ax for ax in fig.axes}
    assert list(shown) == ["HR, surroundings", "LR", "bicubic", "HR"]
    assert np.array_equal(shown["HR"].images[0].get_array(), hr[y : y + 48, x : x + 48])
    bicubic = evaluation.upscale("bicubic", pair.lr)
    assert np.abs(shown["bicubic"].images[0].get_array().astype(int) - bicubic[y : y + 48, x : x + 48]).max() <= 1
    around, (frame,) = shown["HR, surroundings"].images[0].get_array(), shown["HR, surroundings"].patches
    left, top = frame.get_xy()
    assert np.array_equal(around[top : top + 48, left : left + 48], hr[y : y + 48, x : x + 48])
    for title in ("LR", "bicubic", "HR"):
        box = shown[title].get_window_extent()
        assert (round(box.width), round(box.height)) == (144, 144)
        assert shown[title].images[0].get_interpolation() == "nearest"
    assert shown["bicubic"].get_xlabel().endswith(" dB")
    plt.close(fig)


def test_the_box_is_where_the_window_is_in_its_surroundings(picture):
    hr = picture(300, 320)
    pair = SimpleNamespace(name="name", lr=data.downscale(hr), hr=hr)
    around = plots.crops([pair], {}, side=48, zoom=3, where=lambda *_: (150, 200)).axes[0]
    left, top = around.patches[0].get_xy()
    assert around.images[0].get_array().shape == (144, 144, 3)  # not the whole picture
    assert np.array_equal(around.images[0].get_array()[top : top + 48, left : left + 48], hr[150:198, 200:248])


def test_a_stair_ends_where_its_interval_does():
    step = {"psnr": 30.0, "difference": 0.5, "low": 0.2, "high": 0.6, "change": "more", "parameters": 9, "macs": 9}
    start = step | {"psnr": 29.5, "difference": 0.0, "low": 0.0, "high": 0.0, "change": "where it starts"}
    (ax,) = plots.ladder(pd.DataFrame({"srcnn": start, "combined": step}).T).axes
    (interval,) = ax.collections[0].get_segments()
    assert np.allclose(interval, [[29.7, 1], [30.1, 1]])


@pytest.mark.parametrize("arm", models.MODELS)
def test_a_diagram_shows_every_layer_and_connection(arm):
    model = models.build(arm)
    nodes, edges, repeats = diagrams.graph(model)
    unfolded = sum(repeats.values()) or 1
    inside = [node for node in nodes if node.startswith("block1_")]
    assert len(nodes) + len(inside) * (unfolded - 1) == len(model.layers)
    convolutions = sum(type(layer).__name__ == "Conv2D" for layer in nodes.values())
    fig = diagrams.draw(model)
    words = [text.get_text() for text in fig.axes[0].texts]
    assert sum(word.startswith("conv ") for word in words) == convolutions
    arrows = [p for p in fig.axes[0].patches if type(p).__name__ == "FancyArrowPatch"]
    assert len(arrows) == len(edges)
    boxes = [p for p in fig.axes[0].patches if type(p).__name__ == "FancyBboxPatch"]
    assert boxes[0].get_height() < boxes[-1].get_height()  # SR is larger than LR
    for node, layer in nodes.items():
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        assert sum(b == node for _, b in edges) == (node != "lr") * len(inputs), node
    plt.close(fig)


def test_the_residual_diagram_folds_six_blocks():
    assert diagrams.graph(models.build("residual"))[2] == {"block1_": 6}
    assert diagrams.graph(models.build("srcnn"))[2] == {}


def test_the_sweep_rings_the_best_strength():
    rows = [
        {"arm": "srcnn", "strength": s, "psnr": p, "ssim": 0.9 - s / 10, "sharpness": 0.8 + s}
        for s, p in ((0, 30.0), (0.2, 31.0), (1, 25.0))
    ]
    axes = plots.sweep(pd.DataFrame(rows)).axes
    rings = [next(line for line in ax.lines if line.get_marker() == "o").get_xdata()[0] for ax in axes]
    assert rings == [0.2, 0, 0.2]  # sharpness: closest to HR's, not highest
    assert [ax.get_ylabel() for ax in axes[:2]] == ["PSNR / dB", "SSIM"]


def test_a_saved_figure_says_what_made_it(runs):
    fig = plots.curves(runs)
    note = plots.caption(runs, ["sample"])
    plots.save(fig, "name", "smoke", note)
    with Image.open(paths.figures() / "smoke/name.png") as picture:
        assert picture.width == 700 and "Software" not in picture.info  # another version, the same bytes
    for word in ("profile smoke", "trained on sample", "seeds 0, 1", "scored on sample", runs[0].config["precision"]):
        assert word in note
    assert note in [text.get_text() for text in fig.texts]
    assert not plt.fignum_exists(fig.number)


def test_the_caption_names_the_features():
    config = {"profile": {"name": "quick"}, "data": "bsds500", "precision": "float32", "device": "cpu"}
    trained, plain = (
        SimpleNamespace(config=config | {"seed": 0, "features": features}) for features in ("VGG-19, random", None)
    )
    assert plots.caption([plain]) == "profile quick · trained on bsds500 · seeds 0 · float32 on cpu"
    assert plots.caption([plain, trained]).endswith(" · features: VGG-19, random")


def test_the_framework_is_drawn():
    (ax,) = framework.draw().axes
    words = " ".join(text.get_text() for text in ax.texts)
    assert all(part in words for part in ("study 2: where?", "study 4: MSE, MAE, perceptual", "study 5"))
    assert "1: SRCNN · 3: residual, inception" in words
    boxes, arrows = ([p for p in ax.patches if type(p).__name__ == f"Fancy{n}Patch"] for n in ("Bbox", "Arrow"))
    assert len(boxes) == 8 and len(arrows) == 5 + 3 + 1  # along the pipeline, to and from the loss, from HR to LR


def test_an_unwritable_folder_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SR_FIGURES", str(tmp_path / "file"))
    with pytest.raises(StudyError, match="cannot be written"):
        plots.save(plt.figure(), "name", "smoke")


def test_published_networks_stand_beside_ours_where_set5_was_scored():
    table = pd.DataFrame({"Set5": 29.5, "psnr": 28.0, "parameters": 69_251, "macs": 69_152}, index=["srcnn"])
    published = pd.DataFrame(
        {"Set5": [31.35, 32.46], "parameters": [665_000, np.nan], "macs": [665_000, 1e6]}, index=["VDSR", "EDSR"]
    )
    left, right = plots.quality_against_cost(table, published).axes
    assert [t.get_text() for t in left.texts] == ["VDSR"] and [t.get_text() for t in right.texts] == ["VDSR", "EDSR"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in left.lines] == [(69_251, 29.5), (665_000, 31.35)]
    alone = plots.quality_against_cost(table.drop(columns="Set5"), published).axes
    assert not alone[0].texts and alone[0].lines[0].get_ydata()[0] == 28.0 and "all images" in alone[0].get_ylabel()


def test_the_plane_has_a_point_per_arm():
    scores = pd.DataFrame(
        {"arm": ["srcnn", "srcnn"], "psnr": [28.0, 30.0], "sharpness": [0.5, 0.7], "gmsd": [0.1, 0.2]}
    )
    points = [[line.get_xdata()[0], line.get_ydata()[0]] for ax in plots.planes(scores).axes for line in ax.lines]
    assert np.allclose(points, [[29, 0.6], [29, 0.15]])


def test_the_gain_is_drawn_for_every_strength():
    (ax,) = plots.gain([0, 0.5, 1]).axes
    none, _, full, nyquist = ax.lines
    assert np.allclose(none.get_ydata(), 1) and nyquist.get_xdata()[0] == 1 / 8
    assert full.get_ydata()[[0, -1]] == pytest.approx([1, 13])  # the kernel's columns sum to −3, 7 and −3
