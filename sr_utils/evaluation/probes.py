"""What claims are judged by besides scores: final losses, learning curves, likeness of outputs, response to ripples.

Every table has the columns `arm`, `seed`, `set`, `image` and one per metric, as `evaluation.score_all`'s has.
"""

from itertools import combinations

import numpy as np
import pandas as pd

from sr_utils.claims import table as claims
from sr_utils.data.images import SCALE
from sr_utils.data.sets import digest, load
from sr_utils.device import keras
from sr_utils.evaluation import scores as evaluation
from sr_utils.paths import replace
from sr_utils.training.runs import validation_crops


def final_losses(runs) -> pd.DataFrame:
    """Column `loss`: each validation crop's MSE in grey levels² after training, from float32 SR."""

    def measure(run):
        lr, hr = validation_crops(load(run.config["data"]).valid, run.config["profile"]["patch"])
        sr = run.model.predict(lr.astype(np.float32), batch_size=16, verbose=0)
        losses = np.square(sr - hr).mean(axis=(1, 2, 3), dtype=np.float64)
        return pd.DataFrame({"set": "validation crops", "image": np.arange(len(losses)).astype(str), "loss": losses})

    return _each(runs, "final-losses", measure)


def learning(runs) -> pd.DataFrame:
    """What each validation curve says, one row per run, with columns

    - `epochs`: until 95 % of the curve's own fall is done, from its first value to its last, interpolated;
    - `area`: under the curve, divided by the schedule's length: the mean validation MSE in grey levels²;
    - `first_fifth`, `last_two_fifths`: the shares of the fall in these parts of the schedule.
    """
    rows = []
    for run in runs:
        mse = run.history["val_mse"]
        fifth, three = (max(1, round(share * len(mse))) for share in (0.2, 0.6))
        measures = {
            "epochs": epochs_to(mse),
            "area": mse.mean(),
            "first_fifth": share_of_fall(mse, fifth),
            "last_two_fifths": 1 - share_of_fall(mse, three),
        }
        rows.append(_who(run) | {"set": "schedule", "image": "all"} | measures)
    return pd.DataFrame(rows)


def share_of_fall(history: pd.Series, epoch: int) -> float:
    """Share of a loss's whole fall that is done after `epoch`: 0 at the first epoch, 1 at the last."""
    first, last = history.iloc[0], history.iloc[-1]
    return float((first - history.loc[epoch]) / (first - last))


def epochs_to(history: pd.Series, share: float = 0.95) -> float:
    """The epoch by which a loss has done that share of its own whole fall, interpolated between epochs.

    A loss that does not fall never gets there: then it is the last epoch.
    """
    target = history.iloc[0] - share * (history.iloc[0] - history.iloc[-1])
    after = int(np.argmax(history.to_numpy() <= target))
    if history.iloc[-1] >= history.iloc[0] or after == 0:
        return float(history.index[-1])
    before, reached = history.iloc[after - 1], history.iloc[after]
    return float(history.index[after - 1] + (before - target) / (before - reached))


def likeness(runs, sets) -> pd.DataFrame:
    """Column `psnr`: in dB between the SR images of each two arms of one seed, as if one were the other's HR."""
    frames = []
    for seed in dict.fromkeys(run.config["seed"] for run in runs):
        for name, pairs in sets.items():
            group = [run for run in runs if run.config["seed"] == seed]
            frames.append(_likeness(group, name, pairs))
    return pd.concat(frames, ignore_index=True)


def _likeness(runs, name, pairs) -> pd.DataFrame:
    def measure(first):
        rows = []
        for pair in pairs:
            sr = {run.label: evaluation.upscale(run.model, pair.lr) for run in runs}
            rows += [
                {"pair": claims.between(a, b), "set": name, "image": pair.name, "psnr": evaluation.psnr(sr[a], sr[b])}
                for a, b in combinations(sr, 2)
            ]
        return pd.DataFrame(rows)

    others = "-".join(run.folder.name.rsplit("_", 1)[-1] for run in runs[1:])
    table = _each(runs[:1], f"likeness-{name}-{digest(pairs)}-{others}", measure)
    return table.assign(arm=table.pop("pair"))


FREQUENCIES = np.array([1, 2, 3, 4, 6, 8]) / 32  # cycles per HR pixel; 4/32 is LR's Nyquist frequency


def response(runs, pairs) -> pd.DataFrame:
    """What becomes of a fine ripple on the bilinear image on its way to SR, in dB of gain.

    Two rows per run, image and direction with each frequency's gain, `gain 0.125` and so on, and their mean up to LR's
    Nyquist frequency as `response`. The ripple, ±4 grey levels high, is added to the output of the layer "bilinear",
    before any edge enhancement; its gain is the component of SR's change at the same frequency, over the middle
    64×64 pixels of the image's middle 96×96.
    """

    def measure(run):
        head = keras.Model(run.model.get_layer("bilinear").output, run.model.output)
        tail = keras.Model(run.model.input, run.model.get_layer("bilinear").output)
        rows = [
            {"set": "response", "image": f"{pair.name} {'xy'[axis]}"} | _gains(head, tail, pair, axis)
            for pair in pairs
            for axis in (0, 1)
        ]
        return pd.DataFrame(rows)

    return _each(runs, f"response-{digest(pairs)}", measure)


def _gains(head, tail, pair, axis: int) -> dict:
    side, margin, amplitude = 96, 16, 4 / 255
    top, left = ((n - side // SCALE) // 2 for n in pair.lr.shape[:2])
    crop = pair.lr[top : top + side // SCALE, left : left + side // SCALE]
    image = np.asarray(tail(crop[None].astype(np.float32)))
    position = np.arange(image.shape[1 + axis]).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    ripples = np.cos(2 * np.pi * FREQUENCIES[:, None, None, None] * position) * amplitude
    ripples = np.broadcast_to(ripples, (len(FREQUENCIES), *image.shape[1:])).astype(np.float32)
    sr = np.asarray(head(np.concatenate([image + ripples, image - ripples]))) / 255
    change = (sr[: len(ripples)] - sr[len(ripples) :])[:, margin:-margin, margin:-margin].mean(-1) / 2
    wave = np.exp(-2j * np.pi * FREQUENCIES[:, None, None] * position[..., 0])  # (frequencies, 96, 1) or (…, 1, 96)
    wave = wave[:, margin:-margin] if axis == 0 else wave[:, :, margin:-margin]
    gain = 20 * np.log10(np.abs((change * wave).mean((1, 2))) * 2 / amplitude)
    return {f"gain {f:g}": g for f, g in zip(FREQUENCIES, gain, strict=True)} | {
        "response": gain[FREQUENCIES <= 0.5 / SCALE].mean()
    }


def first_layer_gain(run, frequencies) -> np.ndarray:
    """Gain of the learnt kernels of "conv_9" for a grey ripple: root mean square over kernels and both directions."""
    kernel = np.asarray(run.model.get_layer("conv_9").kernel).sum(axis=2)  # (9, 9, 64): equal in all three channels
    waves = np.exp(-2j * np.pi * np.outer(frequencies, np.arange(kernel.shape[0])))
    along = (waves @ kernel.sum(axis=0), waves @ kernel.sum(axis=1))  # x, y: (frequencies, 64)
    return np.sqrt(np.mean(np.square(np.abs(along)), axis=(0, 2)))


def _who(run) -> dict:
    return {"arm": run.label, "seed": run.config["seed"]}


def _each(runs, name: str, measure) -> pd.DataFrame:
    """`measure(run)` of every run, kept beside its weights as `<name>.csv` and found again."""
    frames = []
    for run in runs:
        kept = run.folder / f"{name}.csv"
        if not kept.exists():
            table = measure(run)
            replace(kept, lambda path, table=table: table.to_csv(path, index=False))
        frames.append(pd.read_csv(kept, dtype={"image": str}).assign(**_who(run)))
    return pd.concat(frames, ignore_index=True)
