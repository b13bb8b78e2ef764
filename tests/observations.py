"""Invented observations: every table that claims are judged by, with effects that a test chooses."""

import re
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from sr_utils.claims.observations import AT_PAPER, curves
from sr_utils.claims.table import CLAIMS
from sr_utils.models.arms import PICTURES_COMPARED

FIXED = {"bilinear": -1.0, "bicubic": -0.6}
NAMED = {arm for c in CLAIMS for arm in (c.arm, c.reference) if arm}
ARMS = sorted(arm for arm in NAMED - set(FIXED) if not re.search(" ~ | at | enhanced| two ", arm))


def scores(seeds=5, images=20, noise=0.02, arms=(), **effects) -> pd.DataFrame:
    """Rows of `score_all`: every arm is `effects[arm]` dB above SRCNN; images differ much, seeds little."""
    rng, rows = np.random.default_rng(0), []
    hard = rng.normal(0, 2, images)
    for arm in [*FIXED, *(arms or ARMS)]:
        for seed in [-1] if arm in FIXED else range(seeds):
            q = FIXED.get(arm, 0) + effects.get(arm.replace(" ", "_"), 0) + rng.normal(0, noise / 2)
            q, r, s, g = q + rng.normal(0, noise, (4, images))  # each metric has its own noise
            rows.append(
                pd.DataFrame({
                    "arm": arm, "seed": seed, "set": np.where(np.arange(images) < images // 2, "Set5", "Set14"),
                    "image": [f"img_{i}" for i in range(images)], "loss": 100 * 10 ** (-(q + hard) / 10),
                    "psnr": 28 + q + hard, "ssim": 0.8 + r / 50, "sharpness": 0.5 + s / 10, "gmsd": 0.1 - g / 50,
                })
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def perceptual(scores: pd.DataFrame) -> pd.DataFrame:
    """What eyes prefer, of the arms that are measured so: better where GMSD is."""
    rows = scores[scores.arm.isin(("bicubic", "srcnn", "srcnn perceptual"))]
    measured = rows[["arm", "seed", "set", "image"]]
    return measured.assign(lpips=2 * rows.gmsd, ssimulacra2=90 - 300 * rows.gmsd).reset_index(drop=True)


def runs(seeds=5, epochs=10, arms=(), **effects) -> list:
    """Duck-typed runs with histories that fall to 100 − 20 × `effects[arm]`."""
    rng, made = np.random.default_rng(1), []
    for arm in arms or ARMS:
        for seed in range(seeds):
            last = 100 - 20 * effects.get(arm.replace(" ", "_"), 0) + rng.normal(0, 0.5)
            mse = last + 200 * np.exp(-np.arange(epochs) / epochs * 12)
            columns = {"loss": mse * 2, "mse": mse * 2, "val_loss": mse, "val_mse": mse}
            network, _, loss = arm.partition(" ")
            config = {"arm": network, "loss": loss or "mse", "seed": seed, "data": "bsds500", "profile": {"steps": 3}}
            made.append(
                SimpleNamespace(
                    label=arm, config=config, host={"seconds_per_step": 0.1}, folder=Path(f"{arm}-{seed}"),
                    history=pd.DataFrame(columns, index=pd.RangeIndex(1, epochs + 1, name="epoch")),
                )
            )  # fmt: skip
    return made


def sweep(seeds=5, images=20) -> pd.DataFrame:
    """A strength sweep of SRCNN and bicubic: sharper and worse with strength, best for PSNR at 0.1 for bicubic."""
    plain, frames = scores(seeds, images, arms=["srcnn"]), []
    for strength in (0, 0.1, 0.5, 1):
        lift = np.where(plain.arm == "bicubic", 2 * strength - 10 * strength**2, -3 * strength)
        turn = (strength - 0.1) ** 2
        better = plain.assign(psnr=plain.psnr + lift, ssim=plain.ssim - turn, gmsd=plain.gmsd + turn)
        frames.append(better.assign(sharpness=plain.sharpness + strength, strength=float(strength)))
    table = pd.concat(frames, ignore_index=True)
    return table[table.arm.isin(("srcnn", "bicubic"))]


def likeness(seeds=5, images=20, apart=1.5) -> pd.DataFrame:
    """Distances of pictures in which two arms differ `apart` times as much as two seeds of one arm."""
    rng, rows = np.random.default_rng(2), []
    couples = [*combinations(PICTURES_COMPARED, 2), *((arm, arm) for arm in PICTURES_COMPARED if seeds > 1)]
    for a, b in couples:
        for seed in range(seeds):
            factor = 1 if a == b else 10 if "srcnn perceptual" in (a, b) else apart
            distance = factor * np.exp(rng.normal(0, 0.01, images))
            names = {"image": [f"img_{i}" for i in range(images)]}
            names["set"] = np.where(np.arange(images) < images // 2, "Set5", "Set14")
            distances = {"rms": 2 * distance, "gmsd": 0.004 * distance}
            rows.append(pd.DataFrame({"arm": a, "other": b, "seed": seed} | names | distances))
    return pd.concat(rows, ignore_index=True)


def response(seeds=5, images=4) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {"arm": arm, "seed": seed, "set": "response", "image": f"{i} x", "gain 0.125": 1.0,
         "response": rng.normal(0, 0.1)}
        for arm in ("srcnn", "srcnn_edge_input") for seed in range(seeds) for i in range(images)
    )  # fmt: skip


def everything(seeds=5, images=20, apart=1.5, noise=0.02, **effects) -> dict[str, pd.DataFrame]:
    scored = scores(seeds, images, noise, **effects)
    return {
        "scores": scored,
        "curves": curves(runs(seeds, **effects)),
        "sweep": sweep(seeds, images),
        "likeness": likeness(seeds, images, apart),
        "response": response(seeds),
        "perceptual": perceptual(scored),
        "paper": curves(runs(seeds, arms=["srcnn"])).replace({"srcnn": "srcnn" + AT_PAPER}),
    }
