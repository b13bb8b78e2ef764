"""The comparers of `make site`, which have no kernel: their pictures, and what their scripts ask of a model."""

import functools
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from sr_utils import models, paths, plots, training, widgets
from sr_utils.data import SCALE, load
from sr_utils.data.windows import telling_window
from sr_utils.evaluation import psnr, upscale
from sr_utils.filters import edge_enhance
from sr_utils.models.arms import PLACES
from tools.readme import defaults

IMAGES = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle_left", "ihc")  # of scikit-image, free to pass on
SIDE = 160  # HR pixels of a comparer's pictures, so that a page's have less than 2 MB
BLIND = ("srcnn", "srcnn perceptual")  # what the blind comparison asks about
#: A page's first two letters -> what its comparer shows between LR and HR; a page that is not here has none.
ARMS = {
    "in": ("bicubic", "srcnn", "post_upsampling", "post_skip", "combined"),  # index
    "01": ("bilinear", "bicubic", "srcnn"),
    "02": ("bicubic", "srcnn", *PLACES.values(), "post_skip"),
    "03": ("bicubic", "srcnn", "pre_upsampling", "plain", "residual", "inception"),
    "04": ("bicubic", "srcnn", "srcnn mae", "srcnn perceptual", "srcnn perceptual_random"),
    "05": ("bicubic", "srcnn", "srcnn_edge_input", "strength 0.1", "strength 0.5", "strength 1"),
    "06": ("bicubic", "srcnn", "pre_upsampling", "residual", "combined"),
}
#: What a page calls its arms, where that is not their name.
NAMES = {"04": {"srcnn": "MSE", "srcnn mae": "MAE", "srcnn perceptual": "VGG", "srcnn perceptual_random": "random VGG"}}


def recorded(labels) -> dict:
    """{label: `keras.Model`} of the first seed of the run that pages show, for those whose weights the record keeps."""
    shown = defaults(paths.NOTEBOOKS / "06_conclusions.ipynb")
    arms = [(*label.split(), "mse")[:2] for label in labels]
    runs = [training.from_record(arm, shown["seeds"][0], shown["profile"], shown["data"], loss) for arm, loss in arms]
    return {run.label: run.model for run in runs if run and run.row.weights}


class Comparers:
    """What comparers without a kernel ask for; `networks(labels)` gives {label: `keras.Model`} of those it has."""

    def __init__(self, folder: Path, networks):
        self.folder, sample = folder, load("sample")
        self.pairs = {pair.name: pair for pair in (*sample.train, *sample.valid) if pair.name in IMAGES}
        labels = dict.fromkeys(label for arms in ARMS.values() for label in arms)
        self.networks = networks([label for label in labels if label in models.ARMS])
        self.sr = functools.cache(self._sr)
        folder.mkdir()

    def _sr(self, label: str, image: str):
        if label.startswith("strength"):
            return edge_enhance(self.sr("srcnn", image), float(label.split()[1]))
        return upscale(self.networks[label] if label in models.ARMS else label, self.pairs[image].lr)

    def write(self, page: str) -> dict:
        """comparers/<page>.json and -blind.json, what `comparer.js` and `blind.js` ask for, and their pictures.

        Edges and texture take turns; it opens on the window whose PSNR is most like the mean of all. Returns {"still":
        what it shows, in words}, or {"lacks": why there is none} where a network is missing.
        """
        labels, titles = ARMS[page[:2]], NAMES.get(page[:2], {})
        missing = [plots.name(label) for label in labels if label in models.ARMS and label not in self.networks]
        if missing:
            return {"lacks": f"No comparer here: the record keeps no weights of {', '.join(missing)}."}
        scenes = {image: self._window(image, labels, titles, i % 2 == 1) for i, image in enumerate(IMAGES)}
        own = [titles.get(label, label) for label in labels]
        found = {image: {label: psnr(each[label], each["hr"]) for label in own} for image, each in scenes.items()}
        found = pd.DataFrame(found)
        typical = found.corrwith(found.mean(axis=1)).sort_values(ascending=False).index
        scenes = {image: scenes[image] for image in typical}
        comparer = widgets.compare(scenes)
        shown = str(comparer)
        (self.folder / f"{page}.png").write_bytes(comparer.still())
        state = {name: getattr(comparer, name) for name in widgets.Comparer.class_own_traits()}
        for comparer.image in scenes:
            pass  # every picture is made
        state["scenes"] = comparer.scenes
        for scene in comparer.scenes.values():
            state |= {key: self._file(getattr(comparer, key)) for key in scene["pictures"].values()}
        (self.folder / f"{page}.json").write_text(json.dumps(state), encoding="utf-8")
        if set(BLIND) <= set(labels):
            asked = widgets.blind(scenes, *map(titles.get, BLIND, BLIND))
            state = {"titles": asked.titles, "pairs": [[self._file(png) for png in pair] for pair in asked.pairs]}
            (self.folder / f"{page}-blind.json").write_text(json.dumps(state), encoding="utf-8")
        return {"still": shown}

    def _window(self, image: str, labels, titles: dict, texture: bool) -> dict:
        """{title: the same part of that picture}, SIDE pixels wide and high; of LR, what lies under it."""
        pair = self.pairs[image]
        y, x = telling_window(pair.lr, pair.hr, SIDE, texture)
        whole = {label: self.sr(label, image) for label in labels} | {"hr": pair.hr}
        low = pair.lr[y // SCALE : (y + SIDE) // SCALE, x // SCALE : (x + SIDE) // SCALE]
        return {"lr": low} | {titles.get(of, of): each[y : y + SIDE, x : x + SIDE] for of, each in whole.items()}

    def _file(self, png: bytes) -> str:
        """The address of this picture, whose file is named after what it holds: comparers share it."""
        name = f"{hashlib.sha256(png).hexdigest()[:16]}.webp"
        (self.folder / name).write_bytes(smaller(png))
        return f"comparers/{name}"


def smaller(png: bytes) -> bytes:
    """The same pixels as lossless WebP, a third smaller."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()  # above 100 is lossless
