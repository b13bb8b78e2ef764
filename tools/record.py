"""`make record`: add the complete trainings of runs/ that the record lacks, with everything that pages show of them.

Scores, sweeps, distances and responses are measured here, once; a page only reads them. Each table is replaced whole,
and `runs` last, so that a stopped command leaves a record that lacks a run, never half of one.
"""

import os
import re
import subprocess
import time
from importlib.util import find_spec

import h5py
import numpy as np
import pandas as pd
import pooch

from sr_utils import device, evaluation, paths
from sr_utils import record as records
from sr_utils.claims import replication
from sr_utils.claims.observations import STRENGTHS
from sr_utils.data.sets import NAMES, load
from sr_utils.models.arms import ARMS, PICTURES_COMPARED
from sr_utils.paths import replace
from sr_utils.record import KEY
from sr_utils.training import checkpoints, configuration, recorded, runs
from tools import perceptual
from tools.readme import fill, markdown

#: What is measured of some only: what eyes prefer, the sweep of strengths, the response to ripples.
PERCEIVED = {"srcnn", "srcnn mae", "srcnn perceptual", "srcnn perceptual_random", "combined", "combined mae"}
PERCEIVED |= {"nearest", "bicubic"}
FILTERED, RIPPLED = {"srcnn", "bicubic"}, {"srcnn", "srcnn_edge_input"}
BENCHMARKS = ("Set5", "Set14", "BSD100")  # what networks are scored on; those of `sample` on its validation images
RECORDED = ("quick", "standard", "long", "paper")  # profiles; six steps of smoke say nothing
SAME = 5e-5  # dB: what rounding in the tables makes
KEPT = {"profile": "standard", "data": "bsds500", "seed": 0}  # whose weights are kept: they draw the pages' pictures


def key_of(run) -> dict:
    """The columns `KEY` of a run."""
    config = run.config
    own = {name: config[name] for name in ("arm", "loss", "seed", "data")}
    return own | {"profile": config["profile"]["name"], "platform": records.platform(config)}


def complete_runs() -> list[runs.Run]:
    """The complete trainings of runs/, of a named profile and image set, that today's code would train again.

    They may come from another machine. Others are named and left out.
    """
    found, named = [], re.compile(rf"({'|'.join(RECORDED)})_({'|'.join(NAMES)})_[^.]*$")
    for folder in sorted(file.parent for file in paths.runs().glob("*/run.json")):
        if not named.match(folder.name) or not checkpoints.complete(folder):
            continue
        run = runs.read(folder)
        if recorded.stale(pd.Series(key_of(run) | {"recipe": configuration.recipe(run.config)})):
            print(f"{folder.name} is left out: today's code would train another network.")
        else:
            found.append(run)
    return found


def keyed(frame: pd.DataFrame, key: dict, table: str) -> pd.DataFrame:
    """A table that `evaluation` returned, as the record has it: labels become arms and losses; `key` fills the rest."""
    frame = frame.rename(columns={"loss": "mse"})
    for name, loss in {"arm": "loss", "other": "other_loss"}.items():
        if name in frame:
            parts = frame[name].str.partition(" ")
            frame[name], frame[loss] = parts[0], parts[2].replace("", "mse")
    return frame.assign(**key)[KEY + records.TABLES[table][0]]


def measures(entry, sets: dict) -> dict:
    """What is measured of a run or an interpolation: {table: a function that returns its rows}, but for `distances`."""
    label, tables = getattr(entry, "label", entry), {}
    if not isinstance(entry, str):
        names = {"loss": "train_loss", "mse": "train_mse"}
        tables["curves"] = lambda: entry.history.rename(columns=names).rename_axis("epoch").reset_index()
    tables["scores"] = lambda: evaluation.score_all([entry], sets)
    if label in FILTERED:
        tables["sweep"] = lambda: evaluation.strength_sweep([entry], sets, STRENGTHS)
    if label in RIPPLED:
        tables["response"] = lambda: evaluation.response([entry], next(iter(sets.values()))[:5])
        tables["first_layer"] = lambda: evaluation.first_layer([entry])
    if label in PERCEIVED and find_spec("ssimulacra2"):
        tables["perceptual"] = lambda: perceptual.perceptual_scores(entry, sets)
    return tables


def described(run) -> pd.DataFrame:
    """The row of `runs`: what was trained, where, when, and what is kept of it."""
    config, profile, key = run.config, run.config["profile"], key_of(run)
    steps, trained = profile["epochs"] * profile["steps"], (run.folder / "run.json").stat().st_mtime
    git = ["git", "-C", str(paths.ROOT), "rev-parse", "--short=10", "HEAD"]
    row = key | run.cost | {
        "rate": config["rate"], "steps": steps, "batch": profile["batch"], "patch": profile["patch"],
        "images": config["images"], "features": config["features"] or "",
        "recipe": configuration.recipe(config),
        "seconds": (run.host["seconds_per_step"] or 0) * steps, "processor": machine(run.host),
        "versions": ", ".join(f"{name} {version}" for name, version in run.host["versions"].items()),
        "commit": subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip(),
        "date": time.strftime("%Y-%m-%d", time.gmtime(trained)), "weights": "",
    }  # fmt: skip
    if KEPT.items() <= key.items():  # in float16
        path = records.weights(pd.Series(row | {"weights": "kept"}))
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, lambda scratch: halve(run.folder / "final.weights.h5", scratch))
        row["weights"] = pooch.file_hash(str(path))
    return pd.DataFrame([row])[KEY + records.RUN]


def halve(source, target) -> None:
    """Copy a `.weights.h5` with every number as float16, compressed, without optimizer and loss; Keras reads it."""
    with h5py.File(source) as whole, h5py.File(target, "w", libver="latest") as half:  # a sixth smaller

        def copy(name, item):
            if isinstance(item, h5py.Dataset) and not name.startswith(("loss/", "optimizer/")):
                half.create_dataset(name, data=item[()].astype(np.float16), chunks=item.shape, compression="gzip")

        whole.visititems(copy)


def machine(host: dict) -> str:
    """The processor and the number of cores, as far as they are known: "AMD EPYC (family 25, model 17), 2 cores"."""
    name, cores = host.get("processor") or device.processor(), host.get("cores")
    return f"{name}, {cores} core{'s' * (cores != 1)}" if cores else name


def sets_of(data: str) -> dict:
    """The images that networks trained on `data` are scored on. Raises `StudyError` where a benchmark is not here."""
    return {"sample": load("sample").valid} if data == "sample" else {name: load(name).valid for name in BENCHMARKS}


def apart(mine: pd.DataFrame, theirs: pd.DataFrame) -> pd.Series:
    """How far the PSNR of each image lies from the recorded one, in dB; infinitely far where only one has the image."""
    both = mine.merge(theirs, "outer", on=["set", "image"], suffixes=("", "_recorded")).set_index("image")
    return (both.psnr - both.psnr_recorded).abs().fillna(np.inf)


def note_processors(run, row: pd.Series, differences: pd.Series) -> None:
    """Add to `processors.csv` how far two trainings of one run on two processors lie apart."""
    path, mine, key = paths.record() / "processors.csv", machine(run.host), KEY[:-1]
    if mine != row.processor:
        seen = row[key].to_dict() | {"one": row.processor, "other": mine, "images": len(differences)}
        seen = pd.DataFrame([seen | {"largest": differences.max(), "mean": differences.mean()}])
        seen = pd.concat([pd.read_csv(path), seen]) if path.exists() else seen
        seen = seen.drop_duplicates([*key, "one", "other"], keep="last")
        replace(path, lambda scratch: seen.to_csv(scratch, index=False, float_format="%.3g"))


def add(tables: dict[str, pd.DataFrame]) -> None:
    """Add rows to tables of the record; a row with the same key is replaced. `runs` is written last."""
    for name in sorted(tables, key=lambda name: name == "runs"):
        columns, telling = records.TABLES[name]
        rows = pd.concat([records.read(name), tables[name]], ignore_index=True)
        rows = rows[~rows[KEY + columns[:telling]].round(6).duplicated(keep="last")]  # a table has 7 digits
        rows = rows.sort_values([*KEY[3:], "seed"], kind="stable")
        path = records.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, lambda scratch, rows=rows: rows.to_csv(scratch, index=False, float_format="%.7g"))


def add_run(run, force: bool) -> bool | None:
    """Add a run where the record lacks it, or a table of it. Returns whether `runs` changed; None for a refused run."""
    key, sets = key_of(run), sets_of(run.config["data"])
    name = f"{run.label}, seed {key['seed']}, {key['profile']} on {key['data']}"
    add_interpolations(sets)
    tables, known = measures(run, sets), records.read("runs")
    known = known[(known[KEY] == pd.Series(key)[KEY]).all(axis=1)]
    anew = known.empty
    if not anew:
        row = known.iloc[0]
        differences = apart(tables["scores"](), records.rows("scores", row))
        note_processors(run, row, differences)
        anew = differences.max() > SAME
        if anew and not force:
            worst = f"{differences.max():.4f} dB"
            print(f"{name}, is recorded with scores that differ by up to {worst}; FORCE=1 replaces them")
            return None
        if not anew:
            tables = {table: measure for table, measure in tables.items() if records.rows(table, row).empty}
            anew = bool(row.weights) != (KEPT.items() <= key.items())
    rows = {table: keyed(measure(), key, table) for table, measure in tables.items()}
    rows |= {"runs": described(run)} if anew else {}
    add(rows)
    if rows:
        print(f"added {name}: {', '.join(rows)}", flush=True)
    return anew


def add_distances(found: list, force: bool) -> None:
    """Add distances of `PICTURES_COMPARED` for each seed of which all are here: between them, and to the next seed's.

    The last of the old seeds, and of those that confirm, is compared with their first as well: it closes the circle.
    """
    firsts = {replication.FIRST - 1: 0, replication.LAST: replication.FIRST}
    groups = {}
    for run in sorted(found, key=lambda run: list(ARMS).index(run.label)):  # one order of two, for one key
        if run.label in PICTURES_COMPARED:
            groups.setdefault(tuple(key_of(run)[name] for name in (*KEY[3:], "seed")), []).append(run)
    groups = {key: group for key, group in groups.items() if len(group) == len(PICTURES_COMPARED)}
    have = set(records.read("distances")[[*KEY[3:], "seed", "other_seed"]].itertuples(index=False, name=None))
    for (*same, seed), group in groups.items():
        nexts = {seed + 1, firsts.get(seed, seed + 1)}
        for other in [each for each in nexts if (*same, each) in groups] or [seed]:
            if force or not {(*same, seed, seed), (*same, seed, other)} <= have:
                both = group + (groups[*same, other] if other != seed else [])
                table = evaluation.picture_distances(both, sets_of(group[0].config["data"]))
                table = table[table.seed == seed].copy()
                table["other_seed"] = np.where(table.arm == table.other, other, seed)
                add({"distances": keyed(table, dict(zip(KEY[3:], same, strict=True)), "distances")})


def add_interpolations(sets: dict) -> None:
    """What is measured of interpolations on these sets, which stand beside all trainings."""
    for arm in ("nearest", "bilinear", "bicubic"):
        key = dict.fromkeys(KEY, "") | {"seed": -1, "arm": arm}
        for table, measure in measures(arm, sets).items():
            known = records.interpolated(table, arm, sets)
            if set(known.set) < set(sets) or (table == "sweep" and set(known.strength) < set(STRENGTHS)):
                add({table: keyed(measure(), key, table)})


def holdings(_) -> str:
    """Markdown: what the record holds now."""
    table = records.read("runs").groupby(["profile", "data", "platform"], sort=False)
    table = table.agg(
        seeds=("seed", lambda seeds: ", ".join(map(str, sorted(set(seeds))))),
        trainings=("seed", "size"),
        hours=("seconds", lambda seconds: f"{seconds.sum() / 3600:.1f}"),
        processors=("processor", lambda names: "; ".join(dict.fromkeys(names))),
    )
    return markdown(table.rename(columns={"hours": "hours of steps"}))


def processors(_) -> str:
    """Markdown: how far one training lies from itself on another processor."""
    seen = pd.read_csv(paths.record() / "processors.csv").groupby("loss", sort=False)
    table = {"trainings": seen.size(), "images": seen.images.sum()}
    table["largest difference / dB"] = seen.largest.max().map("{:.4f}".format)
    table["mean / dB"] = seen["mean"].mean().map("{:.5f}".format)
    return markdown(pd.DataFrame(table))


BLOCKS = {"holds": holdings, "processors": processors}


def main() -> None:
    readme, force = paths.record() / "README.md", os.environ.get("FORCE") == "1"
    with checkpoints.lock(paths.record(), "adding to", "and run the same command again: what was added before is kept"):
        for _, row in records.read("runs").iterrows():
            if recorded.stale(row):
                name = f"{row.arm} {row.loss}, seed {row.seed}, {row.profile} on {row.data}"
                print(f"stale, and left out of pages: {name}; make check settles it")
        added = {run: add_run(run, force) for run in complete_runs()}
        add_distances([run for run, anew in added.items() if anew is not None], force)
        if readme.exists():
            text = fill(readme.read_text(encoding="utf-8"), {}, BLOCKS)
            replace(readme, lambda scratch: scratch.write_text(text, encoding="utf-8"))
    print(f"{sum(filter(None, added.values()))} runs added; the record holds {len(records.read('runs'))}")
