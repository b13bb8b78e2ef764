"""The record of `make bench`, figures/bench/bench.json, as tables of the pages."""

import functools
import json
import os
import platform
from importlib.metadata import distributions

import numpy as np
import pandas as pd

from bench.peers import PEERS
from sr_utils import StudyError, device, paths
from tools.readme import fill, markdown

FOLDER = paths.ROOT / "figures/bench"
TWO = "{:.2f}".format
PAGE = FOLDER / "README.md"  # it shows the tables of the record


def host() -> dict:
    """The machine of a measurement: processor, cores, precision, versions."""
    setup, installed = device.setup(), {package.name: package.version for package in distributions()}
    machine = {"processor": device.processor() or platform.machine(), "cores": os.cpu_count()}
    machine["precision"] = setup["precision"]
    return machine | {package: installed.get(package) for package in ("keras", setup["backend"], "torch")}


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
    """Copy new results from build/ to figures/bench/; other results stay. Then refresh the page's tables."""
    results = paths.output() / "bench.json"
    if not results.exists():
        raise StudyError(f"{results} does not exist; run make bench first.")
    record = committed() | json.loads(results.read_text(encoding="utf-8"))
    (FOLDER / "bench.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), record, TABLES), encoding="utf-8")
    print(f"refreshed the tables of {PAGE}")


def where(entry: dict, versions: dict | None = None) -> str:
    """The line under a table: the machine and the versions of its measurements."""
    host = entry["host"]
    known = {k: v for k, v in host.items() if k in ("keras", "tensorflow", "jax", "torch") and v} | (versions or {})
    packages = ", ".join(f"{name} {number}" for name, number in known.items())
    return f"\n\n*{host['processor']}, {host['cores']} cores, {host['precision']}; {packages}*"


def calibration_table(record: dict) -> str:
    """Markdown: how often p is below a level where the truth is zero, over that level."""
    shares = pd.DataFrame(record["calibration"]["results"]["share over level"]).T
    return markdown(shares.map(TWO).add_prefix("p ≤ ").rename_axis("seeds × units"))


def steps_table(record: dict) -> str:
    """Markdown: each arm's training step for every size of patch, and its SR of one picture, beside PyTorch's."""
    found, columns, shares = record["steps"]["results"], [], []
    steps, sr = pd.DataFrame(found["rows"]), pd.DataFrame(found["inference"]).set_index("arm")
    for patch, rows in steps.set_index("arm").groupby("patch"):
        columns.append(rows.ms.map("{:.1f}".format).rename(f"{patch}×{patch}: ms"))
        columns.append(rows.ratio.map(TWO).rename("÷ PyTorch"))
        columns.append((100 * rows["share of peak"]).map("{:.0f} %".format).rename("of peak"))
        shares.append(f"{rows.ms.sum() / rows['rival ms'].sum():.2f} at {patch}×{patch}")
    columns.append((np.prod(found["picture"]) / 1e3 / sr.ms).map(TWO).rename("SR: megapixels / s"))
    columns.append(sr.ratio.map(TWO).rename("÷ PyTorch"))
    text = (
        "\n\nBelow 1 the study is faster. One step of every arm together, over PyTorch's time: "
        f"{' and '.join(shares)}. "
        f"In {(steps.ratio <= 1).sum()} of {len(steps)} steps the study is not slower."
    )
    return markdown(pd.concat(columns, axis=1).rename(index="`{}`".format)) + text + where(record["steps"])


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
    return markdown(pd.DataFrame(lines, columns=heads)) + text + where(record["peers"], found["versions"])


def rates_table(record: dict, name: str = "rates") -> str:
    """Markdown: the validation PSNR of each arm's trials, in dB, means over their seeds, and the chosen rate."""
    found = record[name]["results"]
    trials = pd.DataFrame(found["rows"]).pivot_table(index=["arm", "loss"], columns="rate", values="psnr", sort=False)
    table = trials.sort_index(axis=1).map(TWO).replace("nan", "").rename(columns="{:g}".format)
    table["chosen"] = pd.DataFrame(found["chosen"]).set_index(["arm", "loss"]).rate.map("{:g}".format)
    return markdown(table.rename(index="`{}`".format, level="arm")) + where(record[name])


def schedules_table(record: dict) -> str:
    """Markdown: the candidates for `quick`'s schedule, and how many of the reference's verdicts each one tells."""
    lines = [
        {
            "steps × batch × patch": f"{row['steps']} × {row['batch']} × {row['patch']}²",
            "minutes of training steps": f"{row['minutes']:.1f}",
            "verdicts": f"{row['told']} of {row['decided']}",
            "primary ones": f"{row['primary told']} of {row['primary decided']}",
        }
        for row in record["schedules"]["results"]["rows"]
    ]
    return markdown(pd.DataFrame(lines)) + where(record["schedules"])


def minutes_table(record: dict) -> str:
    """Markdown: how long a first `make reproduce` takes on each machine, without the environment."""
    rows = pd.DataFrame(record["minutes"]["results"]["rows"])
    minutes = (rows.seconds / 60).map("{:.0f}".format)
    return markdown(rows[["processor", "cores", "precision"]].assign(minutes=minutes))


#: Name -> the function from the record to the text between a page's marks of that name.
TABLES = {
    "calibration": calibration_table,
    "steps": steps_table,
    "peers": peers_table,
    "minutes": minutes_table,
    "rates": rates_table,
    "close_rates": functools.partial(rates_table, name="close_rates"),
    "schedules": schedules_table,
}
