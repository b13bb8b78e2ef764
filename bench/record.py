"""The record of `make bench`, figures/bench/bench.json, as tables of the pages."""

import functools
import json
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

from bench.peers import PEERS
from bench.steps import draw_steps
from sr_utils import StudyError, device, paths
from tools.readme import fill, markdown

FOLDER = paths.ROOT / "figures/bench"
#: Pages that show tables of the record.
PAGES = (paths.ROOT / "CONTRIBUTING.md", FOLDER / "README.md")


def host() -> dict:
    """The machine of a measurement: processor, cores, precision, versions."""
    setup, processor = device.setup(), platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        said = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M))
        if "model name" in said:
            processor = f"{said['model name']} (family {said.get('cpu family')}, model {said.get('model')})"
    machine = {"processor": processor, "cores": os.cpu_count(), "precision": setup["precision"]}
    for package in ("keras", setup["backend"], "torch"):
        try:
            machine[package] = version(package)
        except PackageNotFoundError:
            machine[package] = None
    return machine


def store(name: str, results: dict) -> dict:
    """Write a bench's results and this machine to build/bench.json; those of other benches stay. Returns all."""
    path = paths.output() / "bench.json"
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    record[name] = {"host": host(), "results": results}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def committed() -> dict:
    """The committed record."""
    return json.loads((FOLDER / "bench.json").read_text(encoding="utf-8"))


def publish_benches() -> None:
    """Copy new results from build/ to figures/bench/; other results stay. Then refresh the pages' tables and figure."""
    results = paths.output() / "bench.json"
    if not results.exists():
        raise StudyError(f"{results} does not exist; run make bench first.")
    record = committed() | json.loads(results.read_text(encoding="utf-8"))
    (FOLDER / "bench.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    paths.replace(FOLDER / "steps.png", lambda scratch: draw_steps(record["steps"]).savefig(scratch, format="png"))
    for page in PAGES:
        page.write_text(fill(page.read_text(encoding="utf-8"), record, TABLES), encoding="utf-8")
        print(f"refreshed the tables of {page}")


def where(entry: dict, versions: dict | None = None) -> str:
    """The line under a table: the machine and the versions of its measurements."""
    host = entry["host"]
    known = {k: v for k, v in host.items() if k in ("keras", "tensorflow", "jax", "torch") and v} | (versions or {})
    packages = ", ".join(f"{name} {number}" for name, number in known.items())
    return f"\n\n*{host['processor']}, {host['cores']} cores, {host['precision']}; {packages}*"


def calibration_table(record: dict) -> str:
    """Markdown: how often p is below a level where the truth is zero, over that level."""
    shares = record["calibration"]["results"]["share over level"]
    levels = list(next(iter(shares.values())))
    rows = [[case, *(f"{of[level]:.2f}" for level in levels)] for case, of in shares.items()]
    return markdown(["seeds × units", *(f"p ≤ {level}" for level in levels)], rows)


def steps_table(record: dict) -> str:
    """Markdown: each arm's training step for every size of patch, and its SR of one picture, beside PyTorch's."""
    found = record["steps"]["results"]
    lines = {row["arm"]: [f"`{row['arm']}`"] for row in found["rows"]}
    whole = pd.DataFrame(found["rows"]).groupby("patch")[["ms", "rival ms"]].sum()
    for row in found["rows"]:
        share = f"{100 * row['share of peak']:.0f} %"
        lines[row["arm"]] += [f"{row['ms']:.1f}", f"{row['ratio']:.2f}", share]
    for row in found["inference"]:
        lines[row["arm"]] += [f"{np.prod(found['picture']) / 1e3 / row['ms']:.2f}", f"{row['ratio']:.2f}"]
    heads = [head for patch in whole.index for head in (f"{patch}×{patch}: ms", "÷ PyTorch", "of peak")]
    shares = " and ".join(f"{ours / theirs:.2f} at {patch}×{patch}" for patch, (ours, theirs) in whole.T.items())
    text = f"\n\nOne step of each arm takes, of PyTorch's time, {shares}. "
    text += (
        f"In {sum(row['ratio'] <= 1 for row in found['rows'])} of {len(found['rows'])} rows the study is not slower."
    )
    heads = ["arm", *heads, "SR: megapixels / s", "÷ PyTorch"]
    return markdown(heads, lines.values()) + text + where(record["steps"])


def ratios_table(record: dict) -> str:
    """Markdown: ranges of the ratios to PyTorch over all arms, and the arms at their ends."""
    found = record["steps"]["results"]
    steps = [row | {"kind": f"training step, {row['patch']}×{row['patch']}"} for row in found["rows"]]
    forward = [row | {"kind": "forward pass of `evaluation.upscale`"} for row in found["inference"]]
    lines = []
    for kind, rows in pd.DataFrame(steps + forward).groupby("kind", sort=False):
        ratio = rows.set_index("arm").ratio
        ends = [f"{ratio[arm]:.2f} `{arm}`" for arm in (ratio.idxmin(), ratio.idxmax())]
        lines.append([kind, ends[0], f"{ratio.median():.2f}", ends[1]])
    return markdown(["", "fastest", "median", "slowest"], lines) + where(record["steps"])


def peers_table(record: dict) -> str:
    """Markdown: the networks, the best PSNR on the last set first, and who is ahead of `combined` there."""
    found = record["peers"]["results"]
    sets = list(found["rows"][0]["scores"])
    ranked, lines = sorted(found["rows"], key=lambda row: -row["scores"][sets[-1]]["psnr"]), []
    for row in ranked:
        scores = [f"{of['psnr']:.2f} · {of['ssim']:.4f} · {of['gmsd']:.4f}" for of in row["scores"].values()]
        low, high = row["quartiles"]
        cost = [f"{row['ratio']:.2f} ({low:.2f}–{high:.2f})", f"{row['first']:.1f}", f"{row['MiB']:.0f}"]
        name = row["network"] if row["network"] in PEERS else f"**{row['network']}**"
        lines.append([name, f"{row['parameters']:,}", *scores, *cost])
    heads = ["network", "parameters", *(f"{name} / dB · SSIM · GMSD" for name in sets)]
    heads += ["CPU time ÷ `combined`'s", "first picture / CPU s", "memory / MiB"]
    psnr = {row["network"]: row["scores"][sets[-1]]["psnr"] for row in ranked}
    gaps = {name: value - psnr["combined"] for name, value in psnr.items() if name in PEERS}
    ahead = ", ".join(f"{name} by {gap:.2f} dB" for name, gap in gaps.items() if gap > 0) or "none of them"
    text = f"\n\nAhead of `combined` on {sets[-1]}: {ahead}."
    return markdown(heads, lines) + text + where(record["peers"], found["versions"])


def rates_table(record: dict, name: str = "rates") -> str:
    """Markdown: the validation PSNR of each arm's trials, in dB, means over their seeds, and the chosen rate."""
    found = record[name]["results"]
    trials = pd.DataFrame(found["rows"]).pivot_table(index=["arm", "loss"], columns="rate", values="psnr", sort=False)
    trials = trials.sort_index(axis=1)
    chosen = {(row["arm"], row["loss"]): row["rate"] for row in found["chosen"]}
    lines = [
        [f"`{arm}`", loss, *("" if np.isnan(v) else f"{v:.2f}" for v in psnr), f"{chosen[arm, loss]:g}"]
        for (arm, loss), psnr in zip(trials.index, trials.to_numpy(), strict=True)
    ]
    return markdown(["arm", "loss", *(f"{rate:g}" for rate in trials), "chosen"], lines) + where(record[name])


def schedules_table(record: dict) -> str:
    """Markdown: the candidates for `quick`'s schedule, and how many of the reference's verdicts each one tells."""
    lines = [
        [f"{r['steps']} × {r['batch']} × {r['patch']}²", f"{r['minutes']:.1f}", f"{r['told']} of {r['decided']}",
         f"{r['primary told']} of {r['primary decided']}"]
        for r in record["schedules"]["results"]["rows"]
    ]  # fmt: skip
    heads = ["steps × batch × patch", "minutes of training steps", "verdicts", "primary ones"]
    return markdown(heads, lines) + where(record["schedules"])


def minutes_table(record: dict) -> str:
    """Markdown: how long a first `make reproduce` takes on each machine, without the environment."""
    rows = record["minutes"]["results"]["rows"]
    lines = [[r["processor"], r["cores"], r["precision"], f"{r['seconds'] / 60:.0f}"] for r in rows]
    return markdown(["processor", "cores", "precision", "minutes"], lines)


#: Name -> the function from the record to the text between a page's marks of that name.
TABLES = {
    "calibration": calibration_table,
    "steps": steps_table,
    "ratios": ratios_table,
    "peers": peers_table,
    "minutes": minutes_table,
    "rates": rates_table,
    "close_rates": functools.partial(rates_table, name="close_rates"),
    "schedules": schedules_table,
}
