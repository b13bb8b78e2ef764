"""The comparers of `make site`, which have no kernel: their pictures, and what their scripts ask of a model."""

import base64
import functools
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from sr_utils import StudyError, models, paths, training, widgets
from sr_utils.data import SCALE, load
from sr_utils.data.windows import telling_window
from sr_utils.evaluation import upscale
from sr_utils.filters import edge_enhance
from sr_utils.models import pretrained
from tools.pages import defaults

IMAGES = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle_left", "ihc")  # of scikit-image, free to pass on
SIDE = 160  # HR pixels of a comparer's pictures, so that a page's have less than 2 MB
BLIND = ("srcnn", "srcnn perceptual")  # what the blind comparison asks about
INTERPOLATIONS = ("bilinear", "bicubic")
#: A page's first two letters -> what its comparer shows between LR and HR, arms by their labels.
ARMS = {
    "in": ("bicubic", "srcnn", "post_upsampling", "post_skip", "combined"),  # index
    "01": ("bilinear", "bicubic", "srcnn"),
    "02": ("bicubic", "srcnn", "pre_upsampling", "progressive_upsampling", "iterative_upsampling", "post_upsampling"),
    "03": ("bicubic", "pre_upsampling", "plain", "residual", "inception"),
    "04": ("bicubic", "srcnn", "srcnn mae", "srcnn perceptual", "srcnn perceptual_random"),
    "05": ("bicubic", "srcnn", "srcnn_edge_input", "strength 0.1", "strength 1"),
    "06": ("bicubic", "srcnn", "pre_upsampling", "residual", "combined"),
}


def trained(labels) -> dict:
    """{label: `keras.Model`} of those at hand: the record's or, while it keeps no weights, those of `models.load`."""
    shown = defaults(paths.NOTEBOOKS / "06_conclusions.ipynb")
    try:
        runs = training.train_all(labels, shown["seeds"], shown["profile"], shown["data"], record=True)
        return {run.label: run.model for run in training.pictured(runs)}
    except StudyError:
        return {label: models.load(label) for label in labels if label in pretrained.record()}


class Comparers:
    """Writes what comparers without a kernel ask for; a picture that several of them show is made and written once.

    `networks(labels)` gives {label: `keras.Model`}; arms that it lacks are left out.
    """

    def __init__(self, folder: Path, networks):
        self.folder, sample = folder, load("sample")
        self.pairs = {pair.name: pair for pair in (*sample.train, *sample.valid) if pair.name in IMAGES}
        labels = dict.fromkeys(label for arms in ARMS.values() for label in arms)
        networks = networks([label for label in labels if label in models.ARMS])
        self.arms = {label: label for label in INTERPOLATIONS} | networks
        if "srcnn" in networks:
            self.arms |= {label: self._enhanced(float(label.split()[1])) for label in labels if "strength" in label}
        self._sr = functools.cache(lambda label, image: upscale(self.arms[label], self.pairs[image].lr))
        folder.mkdir()

    def _enhanced(self, strength: float):
        return lambda lr: edge_enhance(upscale(self.arms["srcnn"], lr), strength)

    def write(self, page: str) -> str:
        """comparers/<page>.json, the traits that `comparer.js` asks for, its still picture, and six windows' pictures.

        Edges and texture take turns. It opens on the window where the page's arms differ most. Returns what the still
        picture shows, in words.
        """
        labels = [label for label in ARMS[page[:2]] if label in self.arms]
        scenes = {image: self._window(image, labels, texture=i % 2 == 1) for i, image in enumerate(IMAGES)}
        apart = {image: np.var([each[label] for label in labels], axis=0).mean() for image, each in scenes.items()}
        scenes = {image: scenes[image] for image in sorted(scenes, key=apart.get, reverse=True)}
        comparer = widgets.compare(scenes)
        shown = str(comparer)
        (self.folder / f"{page}.png").write_bytes(comparer.still())
        state = {name: getattr(comparer, name) for name in widgets.Comparer.class_own_traits()}
        for comparer.image in scenes:
            pass  # every picture is made
        for image, scene in comparer.scenes.items():
            for label, key in scene["pictures"].items():
                file = f"{image}-{label.replace(' ', '-')}.webp"
                state[key] = f"comparers/{file}"
                if not (self.folder / file).exists():
                    (self.folder / file).write_bytes(smaller(getattr(comparer, key)))
        state["scenes"] = comparer.scenes
        (self.folder / f"{page}.json").write_text(json.dumps(state), encoding="utf-8")
        return shown

    def _whole(self, image: str, labels) -> dict:
        pair = self.pairs[image]
        return {"lr": pair.lr, **{label: self._sr(label, image) for label in labels}, "hr": pair.hr}

    def _window(self, image: str, labels, texture: bool) -> dict:
        """{label: the same part of that picture}, SIDE pixels wide and high; of LR, what lies under it."""
        pictures = self._whole(image, labels)
        y, x = telling_window(pictures["lr"], pictures["hr"], SIDE, texture)
        cut = {label: picture[y : y + SIDE, x : x + SIDE] for label, picture in pictures.items()}
        return cut | {"lr": pictures["lr"][y // SCALE : (y + SIDE) // SCALE, x // SCALE : (x + SIDE) // SCALE]}

    def ask(self, page: str) -> bool:
        """comparers/<page>-blind.json, as `blind.js` asks for it; False, and no file, without these two networks."""
        if not set(BLIND) <= set(self.arms):
            return False
        asked = widgets.blind({image: self._whole(image, BLIND) for image in IMAGES[:3]}, *BLIND)
        pairs = [
            ["data:image/webp;base64," + base64.b64encode(smaller(png)).decode() for png in pair]
            for pair in asked.pairs
        ]
        state = {"titles": asked.titles, "pairs": pairs}
        (self.folder / f"{page}-blind.json").write_text(json.dumps(state), encoding="utf-8")
        return True


def smaller(png: bytes) -> bytes:
    """The same pixels as lossless WebP, a third smaller."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).save(buffer, "webp", lossless=True, quality=80)
    return buffer.getvalue()
