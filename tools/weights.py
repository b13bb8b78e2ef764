"""`make weights`: train the networks that come with the study, round them to float16, score them, fill their card."""

import argparse
import json
import sys
from types import SimpleNamespace

import cv2
import h5py
import numpy as np
import pooch

from sr_utils import StudyError, models, paths
from sr_utils.claims import record as results
from sr_utils.data.sets import load, on_disk
from sr_utils.evaluation import scores as evaluation
from sr_utils.models import pretrained as shipped
from sr_utils.paths import replace
from sr_utils.plots import charts as plots
from sr_utils.profiles import SMALL_VGG, Profile
from sr_utils.training import runs as training
from tools import publish

DATA, SEED = "bsds500", 0
LONG = Profile("long", 150, 400, 8, 96, 1e-3, "cosine", SMALL_VGG)  # `standard`, twelve times as many steps
EXAMPLES = {  # what to look at: an image of Set14, and (y, x)
    "text": ("img_013", (256, 40)),
    "a face": ("img_008", (192, 152)),
    "foliage": ("img_003", (60, 80)),
    "line art": ("img_005", (128, 100)),
    "a wing": ("img_011", (184, 320)),
}
SHIPPED = {"srcnn": ("quick", "mse"), "combined": (LONG, "mae")}  # arm -> profile, loss


def halve(source, target) -> None:
    """Copy a `.weights.h5` with every number as float16; Keras reads it as it reads the original."""
    with h5py.File(source) as whole, h5py.File(target, "w") as half:

        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                half.create_dataset(name, data=item[()].astype(np.float16))
            else:
                half.require_group(name).attrs.update(item.attrs)

        whole.visititems(copy)


def ensemble(model):
    """Self-ensemble: a function from LR to SR, the mean over the eight flips and quarter turns (arXiv:1707.02921)."""

    def sr(lr):
        turned = [np.rot90(view, k) for view in (lr, lr[:, ::-1]) for k in range(4)]
        outputs = [np.asarray(model(image[None].astype(np.float32), training=False))[0] for image in turned]
        back = [np.rot90(image, -k) for image, k in zip(outputs, (*range(4), *range(4)), strict=True)]
        mean = np.mean([image if i < 4 else image[:, ::-1] for i, image in enumerate(back)], axis=0)
        return np.clip(np.rint(mean), 0, 255).astype(np.uint8)

    return sr


def means(model, sets) -> dict:
    """{set: {"psnr", "ssim"}}: means over the images, by the published protocol."""
    scores = {name: evaluation.score(model, pairs)[["psnr", "ssim"]].mean() for name, pairs in sets.items()}
    return {name: {metric: round(float(value), 4) for metric, value in row.items()} for name, row in scores.items()}


def ship(arm: str) -> dict:
    """Train (or find) that arm, write its float16 weights into `shipped.FOLDER`, and return its record."""
    profile, loss = SHIPPED[arm]
    run = training.train(arm, SEED, profile, DATA, loss)
    file = shipped.FOLDER / f"{arm}.weights.h5"
    shipped.FOLDER.mkdir(exist_ok=True)
    replace(file, lambda scratch: halve(run.folder / "final.weights.h5", scratch))
    sets = {"sample": load("sample").valid} | evaluation.test_sets(DATA)
    before = means(run.model, sets)
    run.model.load_weights(file)
    after = means(run.model, sets)
    schedule = run.config["profile"]
    return {
        "sha256": pooch.file_hash(str(file)),
        **models.cost(run.model),
        **{key: run.config[key] for key in ("loss", "data", "seed", "precision", "backend")},
        "profile": {key: schedule[key] for key in ("name", "epochs", "steps", "batch", "patch", "learning_rate")},
        "scores": after,
        "self_ensemble": means(ensemble(run.model), sets),
        "rounding": {name: round(after[name]["psnr"] - before[name]["psnr"], 4) for name in sets},
        "host": {"seconds_per_step": run.host["seconds_per_step"], "versions": run.host["versions"]},
    }


def examples(models) -> None:
    """figures/weights/examples.png: where the networks do well and where they do not, on pictures of Set14."""
    pictures = {pair.name: pair for pair in load("Set14").valid}
    shown = [
        SimpleNamespace(name=words, lr=pictures[name].lr, hr=pictures[name].hr, at=at)
        for words, (name, at) in EXAMPLES.items()
    ]
    last = shown[-1]
    blocks = cv2.imdecode(cv2.imencode(".jpg", last.lr[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1)[..., ::-1]
    shown.append(SimpleNamespace(name="LR saved as JPEG", lr=np.ascontiguousarray(blocks), hr=last.hr, at=last.at))
    note = "The weights that come with the study, on crops of Set14. Last row: LR was saved as JPEG of quality 30."
    figure = plots.crops(shown, {"bicubic": "bicubic", **models}, where=lambda pair, side: pair.at)
    plots.save(figure, "examples", "weights", note)


def scores_table(record: dict) -> str:
    """Markdown: the shipped networks beside published ones, PSNR and SSIM."""
    sets = [name for name in next(iter(record.values()))["scores"] if name != "sample"]
    lines = ["| network | parameters | " + " | ".join(f"{s} / dB · SSIM" for s in sets) + " |"]
    lines += ["|---|---:|" + "---:|" * len(sets)]
    published = results.published()
    for name in ("bicubic", "SRCNN", "VDSR", "EDSR-baseline"):
        row = published.loc[name]
        size = "" if np.isnan(row.parameters) else f"{row.parameters:,.0f}"
        lines.append(f"| {name}, published | {size} | " + " | ".join(f"{row[s]:.2f}" for s in sets) + " |")
    for arm, entry in record.items():
        for label, scores in ((f"**`{arm}`**", "scores"), (f"`{arm}`, self-ensemble of 8", "self_ensemble")):
            cells = (f"{entry[scores][s]['psnr']:.2f} · {entry[scores][s]['ssim']:.4f}" for s in sets)
            lines.append(f"| {label} | {entry['parameters']:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def training_table(record: dict) -> str:
    """Markdown: what trained each network, and what the rounding to float16 costs."""
    lines = ["| network | trained on | seed | steps × batch × HR patch | loss | precision | float16 costs / dB |"]
    lines += ["|---|---|---:|---|---|---|---|"]
    for arm, entry in record.items():
        p = entry["profile"]
        steps = f"{p['epochs'] * p['steps']:,} × {p['batch']} × {p['patch']}² (`{p['name']}`)"
        cost = ", ".join(f"{name} {0 - value:.4f}" for name, value in entry["rounding"].items())
        made = f"{entry['data']} | {entry['seed']} | {steps} | {entry['loss']} | {entry['precision']}"
        lines.append(f"| `{arm}` | {made} | {cost} |")
    return "\n".join(lines)


TABLES = {"shipped": scores_table, "made": training_table}


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(prog="make weights", description=__doc__)
    parser.add_argument("arms", nargs="*", default=list(SHIPPED), help="which of them; default: all")
    try:
        record = shipped.record() if shipped.RECORD.exists() else {}
        for arm in parser.parse_args(argv).arms:
            if arm not in SHIPPED:
                raise StudyError(f"{arm!r} is not shipped; choose {' or '.join(SHIPPED)}.")
            record[arm] = ship(arm)
            text = json.dumps({name: record[name] for name in SHIPPED if name in record}, indent=1)
            replace(shipped.RECORD, lambda scratch, text=text: scratch.write_text(text + "\n"))
        if "Set14" in on_disk():
            examples({arm: models.load(arm) for arm in SHIPPED})
        for page in (shipped.FOLDER / "README.md", paths.ROOT / "README.md"):
            page.write_text(publish.fill(page.read_text(), record, TABLES))
            print(f"refreshed the tables of {page}")
    except StudyError as error:
        print(f"make weights stopped: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
