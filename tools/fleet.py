"""Train a list of runs on a borrowed machine until its time is up, and leave them small enough to carry home:

    python -m tools fleet OUT MINUTES standard:bsds500:5,6,7 long:bsds500:0 [ARM …]

trains every arm of the study, or those that are named by label, seed by seed. Runs land in OUT one by one, with weights
in float16; `SR_RUNS=OUT make record` takes them. Under JAX, further seeds read the first one's compilations.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import pooch

from sr_utils import StudyError, paths, profiles
from sr_utils.device import keras
from sr_utils.models.arms import ARMS
from sr_utils.models.arms import label as label_of
from sr_utils.training import runs
from tools.record import halve

LARGEST = 60 * 2**20  # bytes that OUT may hold


def pack(run: runs.Run, out: Path) -> None:
    """Move a complete run to OUT with weights in float16: whole, or not at all."""
    weights, about = run.folder / "final.weights.h5", run.folder / "run.json"
    paths.replace(weights, lambda scratch: halve(weights, scratch))
    record = json.loads(about.read_text(encoding="utf-8"))
    record["sha256"][weights.name] = pooch.file_hash(str(weights))
    about.write_text(json.dumps(record, indent=1), encoding="utf-8")
    shutil.copytree(run.folder, out / f".{run.folder.name}", dirs_exist_ok=True).replace(out / run.folder.name)


def train_list(out: Path, minutes: float, wanted: list[tuple]) -> int:
    """Train each (label, seed, profile, data) that OUT lacks until the next might not end in time, or OUT is full.

    Returns how many of them OUT has.
    """
    end, longest = time.monotonic() + 60 * minutes, 0.0
    for made, (label, seed, profile, data) in enumerate(wanted):
        began = time.monotonic()
        full = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) > LARGEST
        if full or began + 1.2 * longest > end:
            print(f"stopped before {label}, seed {seed}: {'OUT is full' if full else 'time is up'}")
            return made
        arm, loss = (*label.split(), "mse")[:2]
        if not (out / runs.plan(arm, seed, profile, data, loss).folder.name).exists():
            pack(runs.train(arm, seed, profile, data, loss), out)
        longest = max(longest, time.monotonic() - began)
        print(f"{label}, seed {seed}, {profile}: {time.monotonic() - began:.1f} s", flush=True)
    return len(wanted)


def main(out: str, minutes: str, *rest: str) -> None:
    jobs, labels = [each.split(":") for each in rest if ":" in each], [each for each in rest if ":" not in each]
    if not jobs or {len(job) for job in jobs} != {3} or set(labels) - set(ARMS):
        raise StudyError(f"Give jobs such as standard:bsds500:5,6 and then arms of {', '.join(ARMS)}, or none for all.")
    able = {label_of(*arm) for arm in runs.study()}  # without those whose features are not at hand
    labels, folder = [label for label in labels or ARMS if label in able], Path(out).resolve()
    wanted = [
        (label, seed, profile, data)
        for profile, data, seeds in jobs
        for seed in profiles.check_seeds(seeds)
        for label in labels
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["SR_RUNS"] = scratch
        if keras.backend.backend() == "jax":
            import jax

            jax.config.update("jax_compilation_cache_dir", f"{scratch}/compiled")
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        made = train_list(folder, float(minutes), wanted)
    print(f"{made} runs in {folder}")
