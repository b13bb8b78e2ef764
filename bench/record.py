"""The record of `make bench`, figures/bench/bench.json, as tables of the pages."""

import json
import shutil

import numpy as np

from bench import peers as race
from bench.tried import GRADIENTS, TRIED
from sr_utils import StudyError, paths
from tools.readme import fill

#: Pages that show tables of the record.
PAGES = (paths.ROOT / "CONTRIBUTING.md", paths.ROOT / "figures/bench/README.md")


def save(name: str, found, host: dict) -> None:
    """Put what a bench found, and on which host, into build/bench.json beside what other benches found."""
    path = paths.build() / "bench.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record | {name: {"host": host, "found": found}}, indent=1) + "\n")


def read() -> dict:
    """The committed record."""
    return json.loads((paths.ROOT / "figures/bench/bench.json").read_text())


def publish() -> None:
    """Bring what build/ holds into figures/bench/, beside what other runs found, and refresh the pages' tables."""
    found, figure = paths.build() / "bench.json", paths.build() / "bench_steps.png"
    if not found.exists():
        raise StudyError(f"{found} does not exist; run make bench first.")
    record, target = read() | json.loads(found.read_text()), paths.ROOT / "figures/bench"
    (target / "bench.json").write_text(json.dumps(record, indent=1) + "\n")
    if figure.exists():
        shutil.copy(figure, target / "steps.png")
    for page in PAGES:
        page.write_text(fill(page.read_text(), record, TABLES))
        print(f"refreshed the tables of {page}")


def where(entry: dict) -> str:
    """A line that says what a table was measured on."""
    host = entry["host"]
    packages = ", ".join(f"{k} {v}" for k, v in host.items() if k in ("keras", "tensorflow", "jax", "torch") and v)
    return f"*{host['processor']}, {host['cores']} cores, {host['precision']}; {packages}*"


def steps(record: dict) -> str:
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
    met = [f"`{arm}` {patch}×{patch}" for (arm, patch), r in rows.items() if r["ratio"] <= 1]
    lowest = min(patches)
    alone = [
        f"{row['share'] * rows[row['arm'], lowest]['ratio']:.2f} (`{row['arm']}`)"
        for row in record["tried"]["found"]
        if row["tried"] == GRADIENTS
    ]
    goal = (
        f"Not slower than PyTorch: {len(met)} of {len(rows)} ({', '.join(met) or 'none'}). "
        f"TensorFlow's gradients alone take, of PyTorch's whole step at {lowest}×{lowest}: {', '.join(alone)}."
    )
    return "\n".join([*lines, "", where(record["steps"]), "", goal])


def ratios(record: dict) -> str:
    """Markdown: ranges of the ratios to PyTorch over all arms, and the arms at their ends."""
    lines = ["| | fastest | median | slowest |", "|---|---:|---:|---:|"]
    kinds = {f"training step, {p}×{p}": ("steps", p) for p in sorted({r["patch"] for r in _rows(record, "steps")})}
    for words, (bench, patch) in (kinds | {"forward pass of `make upscale`": ("inference", None)}).items():
        found = sorted((r["ratio"], r["arm"]) for r in _rows(record, bench) if r.get("patch") == patch)
        (low, first), (high, last) = found[0], found[-1]
        middle = float(np.median([ratio for ratio, _ in found]))
        lines.append(f"| {words} | {low:.2f} `{first}` | {middle:.2f} | {high:.2f} `{last}` |")
    return "\n".join([*lines, "", where(record["steps"])])


def _rows(record: dict, bench: str) -> list[dict]:
    return record[bench]["found"]["rows"]


def inference(record: dict) -> str:
    """Markdown: megapixels of SR per second of each arm, and the time beside PyTorch's."""
    lines = ["| arm | SR / megapixels per second | time ÷ PyTorch's |", "|---|---:|---:|"]
    lines += [f"| `{r['arm']}` | {r['MP/s']:.2f} | {r['ratio']:.2f} |" for r in _rows(record, "inference")]
    return "\n".join([*lines, "", where(record["inference"])])


def tried(record: dict) -> str:
    """Markdown: what was tried, its time as a share of the time without it, and whether it was kept."""
    found, kept = {}, {words: decided for words, _, _, decided in TRIED}
    for row in (row for row in record["tried"]["found"] if row["tried"] in kept):
        spread = "–".join(f"{q:.2f}" for q in row["quartiles"])
        shares = found.setdefault(row["tried"], [])
        shares.append(
            f"`{row['arm']}` {row['share']:.2f} ({spread})" if row["arm"] else f"{row['share']:.2f} ({spread})"
        )
    lines = ["| tried | time, as a share of the time without it (quartiles) | kept |", "|---|---|---|"]
    lines += [f"| {words} | {', '.join(shares)} | {kept[words]} |" for words, shares in found.items()]
    return "\n".join([*lines, "", where(record["tried"])])


def shares(record: dict) -> str:
    """Markdown: where a first `make reproduce` spends its time."""
    found = record["shares"]["found"]
    spent = sorted(found["seconds"].items(), key=lambda item: -item[1])
    lines = ["| part | seconds | share |", "|---|---:|---:|"]
    lines += [
        f"| {part} | {time:.0f} | {100 * time / found['wall']:.1f} % |"
        for part, time in [*spent, ("all", found["wall"])]
    ]
    return "\n".join([*lines, "", where(record["shares"])])


def peers(record: dict) -> str:
    """Markdown: the study's networks beside what can be installed from PyPI in their stead."""
    versions = ", ".join(f"{name} {number}" for name, number in record["peers"]["found"]["versions"].items())
    return f"{race.table(_rows(record, 'peers'))}\n\n{where(record['peers'])[:-1]}, {versions}*"


def rates(record: dict) -> str:
    """Markdown: the validation PSNR of each arm's trials, in dB, and the rate that was chosen."""
    found = record["rates"]["found"]
    psnr = {(row["arm"], row["loss"], row["rate"]): row["psnr"] for row in found["rows"]}
    tried = sorted({rate for *_, rate in psnr})
    lines = ["| arm | loss | " + " | ".join(f"{rate:g}" for rate in tried) + " | chosen |"]
    lines += ["|---|---|" + "---:|" * (len(tried) + 1)]
    for row in found["chosen"]:
        cells = (psnr.get((row["arm"], row["loss"], rate)) for rate in tried)
        words = " | ".join("" if cell is None else f"{cell:.2f}" for cell in cells)
        lines.append(f"| `{row['arm']}` | {row['loss']} | {words} | {row['rate']:g} |")
    return "\n".join([*lines, "", where(record["rates"])])


def schedules(record: dict) -> str:
    """Markdown: the candidates for `quick`'s schedule, and how many of the reference's verdicts each one tells."""
    found = record["schedules"]["found"]
    lines = ["| steps × batch × patch | minutes of training steps | verdicts | primary ones |", "|---|---:|---:|---:|"]
    lines += [
        f"| {r['steps']} × {r['batch']} × {r['patch']}² | {r['minutes']:.1f} | {r['told']} of {r['decided']} | "
        f"{r['primary told']} of {r['primary decided']} |"
        for r in found["rows"]
    ]
    return "\n".join([*lines, "", where(record["schedules"])])


TABLES = {
    "rates": rates,
    "schedules": schedules,
    "ratios": ratios,
    "steps": steps,
    "inference": inference,
    "tried": tried,
    "shares": shares,
    "peers": peers,
}
