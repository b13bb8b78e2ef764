"""`make weights`: train the networks that come with the study, round them to float16, score them, fill their card."""

import json

import cv2
import numpy as np
import onnx
import pandas as pd
import pooch

from sr_utils import StudyError, models, plots
from sr_utils.claims import PUBLISHED
from sr_utils.claims.statistics import signed
from sr_utils.data.images import SCALE
from sr_utils.data.sets import load, on_disk
from sr_utils.evaluation import psnr, score, test_sets, upscale
from sr_utils.evaluation.upscaling import reach
from sr_utils.models import pretrained
from sr_utils.paths import replace
from sr_utils.profiles import SMALL_VGG, Profile
from sr_utils.training import train
from tools import export
from tools.readme import fill, markdown
from tools.record import halve

SEED = 0
LONGEST = Profile("shipped", 80, 1000, 16, 96, 1e-3, "muon", SMALL_VGG)  # 76 minutes on two Zen 5 cores
EXAMPLES = {  # title: an image of Set14, and the (y, x) of a part of it
    "text": ("img_013", (240, 28)),
    "a face": ("img_008", (104, 128)),
    "foliage": ("img_003", (0, 60)),
    "line art": ("img_005", (112, 72)),
    "a wing": ("img_011", (152, 300)),
    "LR saved as JPEG": ("img_011", (152, 300)),
}
PART = 120  # HR pixels of a part's side
SHIPPED = {  # arm -> profile, images, loss
    "srcnn": ("standard", "bsds500", "mse"),
    "combined": (LONGEST, "bsds500_scaled", "mae"),
}


def mean_scores(model, sets) -> dict:
    """{set: {"psnr", "ssim"}}: means over the images, by the published protocol."""
    return {name: score(model, pairs)[["psnr", "ssim"]].mean().round(4).to_dict() for name, pairs in sets.items()}


def ship(arm: str) -> dict:
    """Train that arm (unless it is kept), write its float16 weights to `pretrained.FOLDER`, and return its record.

    Two files: Keras' weights, and the network for `make upscale`, float32 pictures in and out.
    """
    profile, data, loss = SHIPPED[arm]
    run = train(arm, SEED, profile, data, loss)
    sets = {"sample": load("sample").valid} | test_sets(data)
    before = mean_scores(run.model, sets)
    files = {suffix: pretrained.FOLDER / f"{arm}{suffix}" for suffix in (".weights.h5", ".onnx")}
    pretrained.FOLDER.mkdir(exist_ok=True)
    replace(files[".weights.h5"], lambda scratch: halve(run.folder / "final.weights.h5", scratch))
    run.model.load_weights(files[".weights.h5"])
    made = export.to_onnx(run.model, onnx.TensorProto.FLOAT)
    replace(files[".onnx"], lambda scratch: onnx.save(made, scratch))
    after = mean_scores(run.model, sets)
    return {
        "sha256": {suffix: pooch.file_hash(str(file)) for suffix, file in files.items()},
        "reach": reach(run.model),
        **models.cost(run.model),
        **{key: run.config[key] for key in ("loss", "data", "seed", "precision", "backend", "device")},
        "profile": {key: value for key, value in run.config["profile"].items() if key != "vgg_layers"},
        "scores": after,
        "rounding": {name: round(after[name]["psnr"] - before[name]["psnr"], 4) for name in sets},
        "host": {"seconds_per_step": run.host["seconds_per_step"], "versions": run.host["versions"]},
    }


def examples() -> None:
    """Draw figures/weights/examples.png: crops of Set14 where the networks do well, and where they do not."""
    pairs = {pair.name: pair for pair in load("Set14").valid}
    arms = {"bicubic": "bicubic"} | {arm: models.load(arm) for arm in SHIPPED}
    scenes = {}
    for title, (name, (y, x)) in EXAMPLES.items():
        lr = pairs[name].lr
        if title == "LR saved as JPEG":
            jpeg = cv2.imencode(".jpg", lr[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
            lr = np.ascontiguousarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1])
        scene = {label: upscale(arm, lr) for label, arm in arms.items()} | {"hr": pairs[name].hr}
        scene = {label: image[y : y + PART, x : x + PART] for label, image in scene.items()}
        scenes[title] = {"lr": lr[y // SCALE : (y + PART) // SCALE, x // SCALE : (x + PART) // SCALE]} | scene
    note = "Parts of Set14. Last row: LR was saved as JPEG of quality 30. The weights that come with the study: "
    note += ", ".join(f"{plots.name(arm)} trained on {made['data']}" for arm, made in pretrained.record().items())
    profiles = {arm: made["profile"] for arm, made in pretrained.record().items()}
    steps = {arm: f"{profile['epochs'] * profile['steps']:,} steps" for arm, profile in profiles.items()}
    title = "Clear edges come out sharp; small text stays unreadable, and a JPEG's errors become edges"
    plots.save(plots.crops(scenes, psnr, steps, textures=False), "examples", "weights", note, title=title)


def scores_table(record: dict) -> str:
    """Markdown: the shipped networks beside published ones, PSNR and SSIM."""
    sets = [name for name in next(iter(record.values()))["scores"] if name != "sample"]
    lines = []
    for name, row in PUBLISHED.loc[["bicubic", "SRCNN", "VDSR", "EDSR-baseline"]].iterrows():
        size = "" if np.isnan(row.parameters) else f"{row.parameters:,.0f}"
        lines.append([f"{name}, published", size, *row[sets].map("{:.2f}".format)])
    for arm, entry in record.items():
        cells = ["{psnr:.2f} · {ssim:.4f}".format(**entry["scores"][name]) for name in sets]
        lines.append([f"**`{arm}`**", f"{entry['parameters']:,}", *cells])
    return markdown(pd.DataFrame(lines, columns=["network", "parameters", *(f"{s} / dB · SSIM" for s in sets)]))


def training_table(record: dict) -> str:
    """Markdown: how each network was trained, and what rounding to float16 costs."""
    lines = []
    for arm, entry in record.items():
        profile, rounding = entry["profile"], entry["rounding"].items()
        steps = "{:,} × {batch} × {patch}² (`{name}`)".format(profile["epochs"] * profile["steps"], **profile)
        lines.append({
            "network": f"`{arm}`", "trained on": entry["data"], "seed": entry["seed"],
            "steps × batch × HR patch": steps, "rate": profile["schedule"], "loss": entry["loss"],
            "made in": f"{entry['precision']}, {entry['backend']} on {entry['device']}",
            "float16 costs / dB": ", ".join(f"{name} {signed(-value, '.4f')}" for name, value in rounding),
        })  # fmt: skip
    return markdown(pd.DataFrame(lines))


TABLES = {"shipped": scores_table, "made": training_table}


def main(*arms: str) -> None:
    """Ship these networks, or all."""
    record = pretrained.record() if pretrained.RECORD.exists() else {}
    for arm in arms or SHIPPED:
        if arm not in SHIPPED:
            raise StudyError(f"{arm!r} is not shipped; choose {' or '.join(SHIPPED)}.")
        record[arm] = ship(arm)
        text = json.dumps({name: record[name] for name in SHIPPED if name in record}, indent=1)
        replace(pretrained.RECORD, lambda scratch, text=text: scratch.write_text(text + "\n", encoding="utf-8"))
    if "Set14" in on_disk():
        examples()
    card = pretrained.FOLDER / "README.md"
    card.write_text(fill(card.read_text(encoding="utf-8"), record, TABLES), encoding="utf-8")
    print(f"refreshed the tables of {card}")
