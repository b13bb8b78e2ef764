"""The record of `make bench`, figures/bench/bench.json, as tables of the pages."""

import json
import shutil

import numpy as np

import bench.peers
from bench.tried import GRADIENTS, TRIED
from sr_utils import StudyError, paths
from tools.readme import fill

#: Pages that show tables of the record.
PAGES = (paths.ROOT / "CONTRIBUTING.md", paths.ROOT / "figures/bench/README.md")


def store(name: str, results, host: dict) -> None:
    """Write a bench's results and its host to build/bench.json; results of other benches stay."""
    path = paths.output() / "bench.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record | {name: {"host": host, "results": results}}, indent=1) + "\n")


def committed() -> dict:
    """The committed record."""
    return json.loads((paths.ROOT / "figures/bench/bench.json").read_text())


def publish() -> None:
    """Copy new results from build/ to figures/bench/; other results stay. Then refresh the pages' tables."""
    results, figure = paths.output() / "bench.json", paths.output() / "bench_steps.png"
    if not results.exists():
        raise StudyError(f"{results} does not exist; run make bench first.")
    record, target = committed() | json.loads(results.read_text()), paths.ROOT / "figures/bench"
    (target / "bench.json").write_text(json.dumps(record, indent=1) + "\n")
    if figure.exists():
        shutil.copy(figure, target / "steps.png")
    for page in PAGES:
        page.write_text(fill(page.read_text(), record, TABLES))
        print(f"refreshed the tables of {page}")


def where(entry: dict) -> str:
    """A line with the machine and the versions of a table's measurements."""
    host = entry["host"]
    packages = ", ".join(f"{k} {v}" for k, v in host.items() if k in ("keras", "tensorflow", "jax", "torch") and v)
    return f"*{host['processor']}, {host['cores']} cores, {host['precision']}; {packages}*"


def steps_table(record: dict) -> str:
    """Markdown: each arm's training step beside PyTorch's, for both sizes of patch, and which of them meet the goal."""
    rows, arms = {(r["arm"], r["patch"]): r for r in _rows(record, "steps")}, {}
    for arm, patch in rows:
        arms.setdefault(arm, []).append(patch)
    patches = sorted({patch for _, patch in rows})
    heads = [f"{p}×{p}: ms | ÷ PyTorch | of peak" for p in patches]
    lines = ["| arm | " + " | ".join(heads) + " |", "|---|" + "---:|" * (3 * len(patches))]
    for arm, sizes in arms.items():
        cells = (f"{r['ms']:.1f} | {r['ratio']:.2f} | {r['share of peak']:.0%}" for r in (rows[arm, p] for p in sizes))
        lines.append(f"| `{arm}` | " + " | ".join(cells).replace("%", " %") + " |")
    lowest = min(patches)
    alone = [
        f"{row['ms'] / rows[row['arm'], lowest]['PyTorch ms']:.2f} (`{row['arm']}`)"
        for row in record["tried"]["results"]
        if row["tried"] == GRADIENTS
    ]
    whole = {p: [sum(rows[arm, p][side] for arm in arms) for side in ("ms", "PyTorch ms")] for p in patches}
    shares = " and ".join(f"{ours / theirs:.2f} at {p}×{p}" for p, (ours, theirs) in whole.items())
    goal = (
        f"One step of each arm takes, of PyTorch's time, {shares} (goal: 0.95; `quick` and `standard` train at "
        f"{lowest}×{lowest}). In {sum(row['ratio'] <= 1 for row in rows.values())} of {len(rows)} rows the study is "
        f"not slower. TensorFlow's gradients alone take, of PyTorch's whole step at {lowest}×{lowest}: "
        f"{', '.join(alone)}."
    )
    return "\n".join([*lines, "", where(record["steps"]), "", goal])


def ratios_table(record: dict) -> str:
    """Markdown: ranges of the ratios to PyTorch over all arms, and the arms at their ends."""
    lines = ["| | fastest | median | slowest |", "|---|---:|---:|---:|"]
    kinds = {f"training step, {p}×{p}": ("steps", p) for p in sorted({r["patch"] for r in _rows(record, "steps")})}
    for title, (name, patch) in (kinds | {"forward pass of `evaluation.upscale`": ("inference", None)}).items():
        arms = sorted((r["ratio"], r["arm"]) for r in _rows(record, name) if r.get("patch") == patch)
        (low, first), (high, last) = arms[0], arms[-1]
        middle = float(np.median([ratio for ratio, _ in arms]))
        lines.append(f"| {title} | {low:.2f} `{first}` | {middle:.2f} | {high:.2f} `{last}` |")
    return "\n".join([*lines, "", where(record["steps"])])


def _rows(record: dict, name: str) -> list[dict]:
    return record[name]["results"]["rows"]


def inference_table(record: dict) -> str:
    """Markdown: megapixels of SR per second of each arm, and the time beside PyTorch's."""
    lines = ["| arm | SR / megapixels per second | time ÷ PyTorch's |", "|---|---:|---:|"]
    lines += [f"| `{r['arm']}` | {r['MP/s']:.2f} | {r['ratio']:.2f} |" for r in _rows(record, "inference")]
    return "\n".join([*lines, "", where(record["inference"])])


def tried_table(record: dict) -> str:
    """Markdown: what was tried, its time as a share of the time without it, and whether it was kept."""
    shares, kept = {}, {what: decision for what, _, _, decision in TRIED}
    for row in (row for row in record["tried"]["results"] if row["tried"] in kept):
        spread = "–".join(f"{q:.2f}" for q in row["quartiles"])
        shares.setdefault(row["tried"], []).append(
            f"`{row['arm']}` {row['share']:.2f} ({spread})" if row["arm"] else f"{row['share']:.2f} ({spread})"
        )
    lines = ["| tried | time, as a share of the time without it (quartiles) | kept |", "|---|---|---|"]
    lines += [f"| {what} | {', '.join(each)} | {kept[what]} |" for what, each in shares.items()]
    return "\n".join([*lines, "", where(record["tried"])])


def shares_table(record: dict) -> str:
    """Markdown: where a first `make reproduce` spends its time."""
    results = record["shares"]["results"]
    spent = sorted(results["seconds"].items(), key=lambda item: -item[1])
    lines = ["| part | seconds | share |", "|---|---:|---:|"]
    lines += [
        f"| {part} | {time:.0f} | {100 * time / results['wall']:.1f} % |"
        for part, time in [*spent, ("all", results["wall"])]
    ]
    return "\n".join([*lines, "", where(record["shares"])])


def peers_table(record: dict) -> str:
    """Markdown: the study's networks beside what can be installed from PyPI in their stead."""
    versions = ", ".join(f"{name} {number}" for name, number in record["peers"]["results"]["versions"].items())
    return f"{bench.peers.table(_rows(record, 'peers'))}\n\n{where(record['peers'])[:-1]}, {versions}*"


def rates_table(record: dict) -> str:
    """Markdown: the validation PSNR of each arm's trials, in dB, and the rate that was chosen."""
    results = record["rates"]["results"]
    psnr = {(row["arm"], row["loss"], row["rate"]): row["psnr"] for row in results["rows"]}
    tried = sorted({rate for *_, rate in psnr})
    lines = ["| arm | loss | " + " | ".join(f"{rate:g}" for rate in tried) + " | chosen |"]
    lines += ["|---|---|" + "---:|" * (len(tried) + 1)]
    for row in results["chosen"]:
        cells = (psnr.get((row["arm"], row["loss"], rate)) for rate in tried)
        columns = " | ".join("" if cell is None else f"{cell:.2f}" for cell in cells)
        lines.append(f"| `{row['arm']}` | {row['loss']} | {columns} | {row['rate']:g} |")
    return "\n".join([*lines, "", where(record["rates"])])


def schedules_table(record: dict) -> str:
    """Markdown: the candidates for `quick`'s schedule, and how many of the reference's verdicts each one tells."""
    lines = ["| steps × batch × patch | minutes of training steps | verdicts | primary ones |", "|---|---:|---:|---:|"]
    lines += [
        f"| {r['steps']} × {r['batch']} × {r['patch']}² | {r['minutes']:.1f} | {r['told']} of {r['decided']} | "
        f"{r['primary told']} of {r['primary decided']} |"
        for r in _rows(record, "schedules")
    ]
    return "\n".join([*lines, "", where(record["schedules"])])


def comparer_table(record: dict) -> str:
    """Markdown: how fast the comparer follows the hand."""
    results = record["comparer"]["results"]
    rates = {f"drag of {name}": rate for name, rate in results["pictures per second"].items()}
    lines = ["| | median / ms | 95 % within / ms | pictures a second |", "|---|---:|---:|---:|"]
    for name, delay in results["latency"].items():
        rate = f"{rates[name]:.1f}" if name in rates else ""
        lines.append(f"| {name} | {delay['median / ms']:.0f} | {delay['p95 / ms']:.0f} | {rate} |")
    before, after = results["memory"].values()
    text = (
        f"First sight {results['first sight / s']:.2f} s after the call, {results['sent / MiB']:.1f} MiB of PNG sent. "
        f"JavaScript's heap: {before:.1f} MiB, and {after:.1f} {list(results['memory'])[1]}."
    )
    return "\n".join([*lines, "", text, "", where(record["comparer"])])


TABLES = {
    "comparer": comparer_table,
    "rates": rates_table,
    "schedules": schedules_table,
    "ratios": ratios_table,
    "steps": steps_table,
    "inference": inference_table,
    "tried": tried_table,
    "shares": shares_table,
    "peers": peers_table,
}
