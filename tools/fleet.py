"""Train a list of runs on a borrowed machine until its time is up, and leave them small enough to carry home:

    python -m tools.fleet OUT MINUTES standard:bsds500:5,6,7 long:bsds500:0 [ARM …]

trains every arm of the study, or those that are named by label, seed by seed. Runs land in OUT one by one, with weights
in float16; `SR_RUNS=OUT make record` takes them. Under JAX each arm is compiled once: compilations are kept on disk,
and every further seed reads them.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pooch

from sr_utils import StudyError, paths, profiles
from sr_utils.device import keras
from sr_utils.models.arms import ARMS
from sr_utils.models.arms import label as label_of
from sr_utils.training import runs
from tools import command
from tools.record import halve

LARGEST = 60 * 2**20  # bytes that OUT may hold


def keep_compilations(folder: Path) -> None:
    """Let JAX keep what it compiles; TensorFlow compiles nothing on a processor."""
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


def pack(run: runs.Run, out: Path) -> None:
    """Copy a complete run to OUT with weights in float16: whole, or not at all."""
    with tempfile.TemporaryDirectory(dir=out, prefix=".packing-") as scratch:
        folder = Path(scratch) / run.folder.name
        shutil.copytree(run.folder, folder)
        halve(run.folder / "final.weights.h5", folder / "final.weights.h5")
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        record["sha256"]["final.weights.h5"] = pooch.file_hash(str(folder / "final.weights.h5"))
        (folder / "run.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
        folder.replace(out / run.folder.name)


def train_list(out: Path, minutes: float, jobs: list[str], labels) -> int:
    """Train until the next run might not end in time, or OUT is full; returns how many runs OUT got."""
    end, longest, made = time.monotonic() + 60 * minutes, 0.0, 0
    for job in jobs:
        profile, data, seeds = job.split(":")
        for label in labels:
            for seed in profiles.check_seeds(seeds):
                began = time.monotonic()
                size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
                if began + 1.2 * longest > end or size > LARGEST:
                    print(f"stopped before {label}, seed {seed}: {'time is up' if size <= LARGEST else 'OUT is full'}")
                    return made
                arm, loss = (*label.split(), "mse")[:2]
                run = runs.train(arm, seed, profile, data, loss)
                pack(run, out)
                longest, made = max(longest, time.monotonic() - began), made + 1
                print(f"{label}, seed {seed}, {profile}: {time.monotonic() - began:.1f} s", flush=True)
    return made


@command("fleet")
def main(out: str, minutes: str, *rest: str) -> int:
    jobs, labels = ([each for each in rest if (":" in each) is listed] for listed in (True, False))
    if not jobs or set(labels) - set(ARMS):
        raise StudyError(f"Give jobs such as standard:bsds500:5,6 and then arms of {', '.join(ARMS)}, or none for all.")
    folder = Path(out).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["SR_RUNS"] = str(paths.expanded(scratch))
        keep_compilations(Path(scratch) / "compiled")
        able = {label_of(*arm) for arm in runs.study()}  # without those whose features are not at hand
        made = train_list(folder, float(minutes), jobs, [label for label in labels or ARMS if label in able])
    print(f"{made} runs in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
