"""`make record`: add the complete trainings of runs/ that the record lacks, with everything that pages show of them.

Scores, sweeps, distances and responses are measured here, once; a page only reads them. Each table is replaced whole,
and `runs` last, so that a stopped command leaves a record that lacks a run, never half of one.
"""

import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec

import h5py
import numpy as np
import pandas as pd
import pooch
from filelock import FileLock

from sr_utils import StudyError, device, evaluation, paths
from sr_utils import record as records
from sr_utils.data.sets import NAMES, load
from sr_utils.models.arms import COMPARED
from sr_utils.paths import replace
from sr_utils.record import KEY
from sr_utils.training import checkpoints, configuration, recorded, runs
from tools import command, perceptual
from tools.readme import fill, markdown

STRENGTHS = [0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.5, 0.7, 1]
PERCEIVED = ("srcnn", "srcnn mae", "srcnn perceptual", "srcnn perceptual_random", "combined", "combined mae")
FILTERED, RIPPLED = ("srcnn",), ("srcnn", "srcnn_edge_input")  # what the sweep and the response are measured of
BENCHMARKS = ("Set5", "Set14", "BSD100")  # what networks are scored on; those of `sample` on its validation images
RECORDED = ("quick", "standard", "long", "paper")  # profiles; six steps of smoke say nothing
SAME = 5e-5  # dB: what rounding in the tables makes
FIRST = 0  # the seed whose weights are kept


def platform(config: dict) -> str:
    """What rows that may be compared have in common: backend, device and precision."""
    return f"{config['backend']} {config['device']} {config['precision']}"


def complete_runs() -> list[runs.Run]:
    """The complete trainings of runs/, of a named profile and image set, that today's code would train again.

    They may come from another machine. Others are named and left out.
    """
    found = []
    for file in sorted(paths.runs().glob("*/run.json")):
        folder = file.parent
        named = re.match(rf"({'|'.join(RECORDED)})_({'|'.join(NAMES)})_", folder.name)
        if not named or ".old-" in folder.name or not checkpoints.complete(folder):
            continue
        run = runs.read(folder)
        config = run.config
        asked = config["arm"], config["loss"], config["profile"]["name"], config["device"]
        if configuration.recipe(config) == configuration.todays_recipe(*asked):
            found.append(run)
        else:
            print(f"{folder.name} is left out: today's code would train another network.")
    return found


def keyed(frame: pd.DataFrame, key: dict, table: str) -> pd.DataFrame:
    """A table that `evaluation` returned, as the record has it."""
    columns = KEY + records.TABLES[table][0]
    frame = frame.rename(columns={"loss": "mse"}).assign(**key)
    if "other" in frame:
        both = frame.other.str.partition(" ")
        frame = frame.assign(other=both[0], other_loss=both[2].replace("", "mse"))
    return frame[columns]


def key_of(run) -> dict:
    """The columns `KEY` of a run."""
    config = run.config
    own = {name: config[name] for name in ("arm", "loss", "seed", "data")}
    return own | {"profile": config["profile"]["name"], "platform": platform(config)}


def measures(run, sets: dict) -> dict:
    """What is measured of a run for the record: {table: a function that returns its rows}, but for `distances`."""
    names = {"loss": "train_loss", "mse": "train_mse"}
    tables = {
        "curves": lambda: run.history.rename(columns=names).rename_axis("epoch").reset_index(),
        "scores": lambda: evaluation.score_all([run], sets),
    }
    if run.label in FILTERED:
        tables["sweep"] = lambda: evaluation.strength_sweep([run], sets, STRENGTHS)
    if run.label in RIPPLED:
        tables["response"] = lambda: evaluation.response([run], next(iter(sets.values()))[:5])
        tables["first_layer"] = lambda: evaluation.first_layer([run])
    if run.label in PERCEIVED and find_spec("ssimulacra2"):
        tables["perceptual"] = lambda: perceptual.perceptual_scores([run], sets)
    return tables


def described(run) -> pd.DataFrame:
    """The row of `runs`: what was trained, where, when, and what is kept of it."""
    config, host = run.config, run.host
    profile, key = config["profile"], key_of(run)
    steps, file = profile["epochs"] * profile["steps"], run.folder / "run.json"
    versions = ", ".join(f"{name} {version}" for name, version in host["versions"].items())
    row = key | run.cost | {
        "rate": config["rate"], "steps": steps, "batch": profile["batch"], "patch": profile["patch"],
        "images": config["images"], "features": config["features"] or "",
        "recipe": configuration.recipe(config),
        "seconds": (host["seconds_per_step"] or 0) * steps, "processor": host.get("processor") or device.processor(),
        "versions": versions, "commit": host.get("commit") or commit(),
        "date": time.strftime("%Y-%m-%d", time.gmtime(file.stat().st_mtime)), "weights": "",
    }  # fmt: skip
    if config["seed"] == FIRST:
        row["weights"] = keep_weights(run, row)
    return pd.DataFrame([row])[KEY + records.RUN]


def commit() -> str:
    """The checkout's commit."""
    git = ["git", "-C", str(paths.ROOT), "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()


def keep_weights(run, row: dict) -> str:
    """Write a run's weights in float16 into the record; returns the file's SHA-256."""
    path = records.weights(pd.Series(row | {"weights": "kept"}))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, lambda scratch: halve(run.folder / "final.weights.h5", scratch))
    return pooch.file_hash(str(path))


def halve(source, target) -> None:
    """Copy a `.weights.h5` with every number as float16, compressed; Keras reads it like the original."""
    with h5py.File(source) as whole, h5py.File(target, "w") as half:

        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                half.create_dataset(name, data=item[()].astype(np.float16), compression="gzip", track_times=False)
            else:
                half.require_group(name).attrs.update(item.attrs)

        whole.visititems(copy)


def distances(found: list, sets: dict, have: set) -> list[pd.DataFrame]:
    """Distances of the pictures of `COMPARED` arms, for each seed of which all are here and none is in the record."""
    by_seed = {}
    for run in found:
        if run.label in COMPARED:
            by_seed.setdefault(run.config["seed"], []).append(run)
    frames = []
    for seed, group in by_seed.items():
        if seed not in have and len(group) == len(COMPARED):
            table = evaluation.picture_distances([*group, *by_seed.get(seed + 1, [])], sets)
            table = table[table.seed == seed]
            other = np.where(table.arm == table.other, seed + 1, seed)
            both = table.arm.str.partition(" ")
            key = key_of(group[0]) | {"arm": both[0], "loss": both[2].replace("", "mse")}
            frames.append(keyed(table.assign(other_seed=other), key, "distances"))
    return frames


def sets_of(data: str) -> dict:
    """The images that networks trained on `data` are scored on. Raises `StudyError` where a benchmark is not here."""
    return {"sample": load("sample").valid} if data == "sample" else {name: load(name).valid for name in BENCHMARKS}


def apart(mine: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
    """How far the PSNR of each image lies from the recorded one, in dB."""
    both = mine.merge(theirs, on=["set", "image"], suffixes=("", "_recorded"))
    return (both.psnr - both.psnr_recorded).abs()


def note_processors(run, row: pd.Series, differences: pd.Series) -> None:
    """Add to `processors.csv` how far two trainings of one run on two processors lie apart."""
    mine, path = run.host.get("processor") or device.processor(), paths.record() / "processors.csv"
    if mine != row.processor:
        seen = pd.DataFrame([row[KEY[:-1]].to_dict() | {"one": row.processor, "other": mine, "images": len(differences),
                             "largest": differences.max(), "mean": differences.mean()}])  # fmt: skip
        seen = pd.concat([pd.read_csv(path), seen]) if path.exists() else seen
        seen = seen.drop_duplicates(["arm", "loss", "seed", "profile", "data", "one", "other"], keep="last")
        replace(path, lambda scratch: seen.to_csv(scratch, index=False, float_format="%.3g"))


def add(tables: dict[str, pd.DataFrame]) -> None:
    """Add rows to tables of the record; a row with the same key is replaced. `runs` is written last."""
    for name in sorted(tables, key=lambda name: name == "runs"):
        columns, telling = records.TABLES[name]
        rows = pd.concat([records.read(name), tables[name]], ignore_index=True)
        rows = rows.drop_duplicates(KEY + columns[:telling], keep="last")
        rows = rows.sort_values([*KEY[3:], "seed"], kind="stable")
        path = records.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, lambda scratch, rows=rows: rows.to_csv(scratch, index=False, float_format="%.7g"))


def update(found: list, force: bool) -> int:
    """Add these runs where the record lacks them, or a table of them; returns how many rows of `runs` changed."""
    added = 0
    for run in found:
        key, sets = key_of(run), sets_of(run.config["data"])
        name = f"{run.label}, seed {key['seed']}, {key['profile']} on {key['data']}"
        add_interpolations(sets)
        tables, known = measures(run, sets), records.read("runs")
        known = known[(known[KEY] == pd.Series(key)[KEY]).all(axis=1)]
        if len(known):
            differences = apart(tables["scores"](), records.rows("scores", known.iloc[0]))
            note_processors(run, known.iloc[0], differences)
            if differences.max() > SAME and not force:
                worst = f"{differences.max():.4f} dB"
                print(f"{name}, is recorded with scores that differ by up to {worst}; FORCE=1 replaces them")
                continue
            if differences.max() <= SAME:
                lacking = {table for table in tables if records.rows(table, known.iloc[0]).empty}
                tables = {table: tables[table] for table in lacking}
        rows = {table: keyed(measure(), key, table) for table, measure in tables.items()}
        if known.empty or differences.max() > SAME or bool(known.iloc[0].weights) != (key["seed"] == FIRST):
            rows["runs"] = described(run)
        add(rows)
        if rows:
            added += "runs" in rows
            print(f"added {name}: {', '.join(rows)}", flush=True)
    for group in pd.DataFrame(map(key_of, found)).groupby(KEY[3:]).groups.values():
        some = [found[place] for place in group]
        known = records.read("distances")
        mine = (known[KEY[3:]] == pd.Series(key_of(some[0]))[KEY[3:]]).all(axis=1)
        frames = distances(some, sets_of(some[0].config["data"]), set() if force else set(known[mine].seed))
        if frames:
            add({"distances": pd.concat(frames)})
    return added


def add_interpolations(sets: dict) -> None:
    """What is measured of interpolations on these sets, which stand beside all trainings."""
    key = dict.fromkeys(KEY, "") | {"seed": -1}
    measures = {"scores": evaluation.score_all, "sweep": lambda *some: evaluation.strength_sweep(*some, STRENGTHS)}
    if find_spec("ssimulacra2"):
        measures["perceptual"] = perceptual.perceptual_scores
    for table, measure in measures.items():
        for arm in ("nearest", "bilinear", "bicubic") if table == "scores" else ("bicubic",):
            known = records.interpolated(table, arm, sets)
            if set(known.set) < set(sets) or (table == "sweep" and set(known.strength) < set(STRENGTHS)):
                add({table: keyed(measure([arm], sets), key | {"arm": arm}, table)})


def holdings(_) -> str:
    """Markdown: what the record holds now."""
    rows = []
    for (profile, data, where), group in records.read("runs").groupby(["profile", "data", "platform"], sort=False):
        seeds = ", ".join(map(str, sorted(group.seed.unique())))
        hours, made = f"{group.seconds.sum() / 3600:.1f}", "; ".join(dict.fromkeys(group.processor))
        rows.append([profile, data, where, seeds, len(group), hours, made])
    return markdown(["profile", "data", "platform", "seeds", "trainings", "hours of steps", "processors"], rows)


def processors(_) -> str:
    """Markdown: how far one training lies from itself on another processor."""
    path = paths.record() / "processors.csv"
    if not path.exists():
        return "No run has been trained on two processors."
    rows = []
    for loss, group in pd.read_csv(path).groupby("loss", sort=False):
        largest, mean = f"{group.largest.max():.4f}", f"{group['mean'].mean():.5f}"
        rows.append([loss, len(group), group.images.sum(), largest, mean])
    return markdown(["loss", "trainings", "images", "largest difference / dB", "mean / dB"], rows)


BLOCKS = {"holds": holdings, "processors": processors}


@command("record")
def main() -> int:
    try:
        return _main()
    except OSError as error:
        why = f"{paths.record()} cannot be written ({error.strerror or error})"
        raise StudyError(f"{why}; free space, and run the same command again: what was added before is kept.") from None


def _main() -> int:
    paths.record().mkdir(parents=True, exist_ok=True)
    with FileLock(paths.record() / ".lock"):
        for _, row in records.read("runs").iterrows():
            if recorded.stale(row):
                name = f"{row.arm} {row.loss}, seed {row.seed}, {row.profile} on {row.data}"
                print(f"stale, and left out of pages: {name}; make check settles it")
        added = update(complete_runs(), os.environ.get("FORCE") == "1")
        readme = paths.record() / "README.md"
        if readme.exists():
            replace(readme, lambda scratch: scratch.write_text(fill(readme.read_text("utf-8"), {}, BLOCKS), "utf-8"))
    print(f"{added} runs added; the record holds {len(records.read('runs'))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
