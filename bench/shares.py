"""`make bench`, shares: where `make reproduce` spends its wall time, on a first run."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

#: Runs at a kernel's start: a thread that samples the main thread every hundredth of a second, and adds the time to the
#: label of the innermost frame that matches a rule: file, function, label.
SAMPLER = """
def _sample():
    import collections, json, os, re, sys, threading, time
    rules = [
        (r"importlib", r".*", "import"),
        (r"tensorflow/python", r"_initialize|trace_function|_maybe_define_function", "compile"),
        (r"sr_utils/training/checkpoints", r".*", "keep checkpoints"),
        (r"sr_utils/data", r".*", "data"),
        (r"keras/src/backend/\\w+/trainer", r"evaluate", "validate"),
        (r"keras/src/backend/\\w+/trainer", r"fit", "training steps"),
        (r"sr_utils/(evaluation|claims)", r".*", "evaluate"),
        (r"sr_utils/(plots|widgets)", r".*", "draw"),
        (r"sr_utils/(training|models|losses|device)", r".*", "build models, read weights"),
        (r"ipykernel/kernelapp|asyncio/", r"start|run_forever", "between cells"),
    ]
    spent, known, main = collections.Counter(), {}, threading.main_thread().ident
    target = os.path.join(os.environ["SR_SHARES"], f"{os.getpid()}.json")

    def rule(code):
        for file, function, label in rules:
            if re.search(file, code.co_filename) and re.fullmatch(function, code.co_name):
                return label

    def label():
        frame = sys._current_frames()[main]
        while frame:
            if frame.f_code not in known:
                known[frame.f_code] = rule(frame.f_code)
            if known[frame.f_code]:
                return known[frame.f_code]
            frame = frame.f_back
        return "other"

    def look():
        before = written = time.perf_counter()
        while True:
            time.sleep(0.01)
            now = time.perf_counter()
            spent[label()] += now - before
            before = now
            if now > written + 0.5:
                with open(target + ".new", "w") as file:
                    json.dump(spent, file)
                os.replace(target + ".new", target)
                written = now

    threading.Thread(target=look, daemon=True).start()

_sample()
"""


def shares(profile: str = "quick", startup: str = "") -> dict:
    """Where a first `make reproduce` spends its wall time, without the environment. Takes as long as that command.

    `startup` is further Python code that each kernel runs first.
    """
    with tempfile.TemporaryDirectory() as folder:
        scripts = Path(folder, "ipython/profile_default/startup")
        scripts.mkdir(parents=True)
        (scripts / "00-sampler.py").write_text(SAMPLER)
        (scripts / "01-more.py").write_text(startup)
        counted = Path(folder, "counted")
        counted.mkdir()
        own = {f"SR_{name.upper()}": str(Path(folder, name)) for name in ("runs", "figures", "build")}
        own |= {"IPYTHONDIR": str(Path(folder, "ipython")), "SR_SHARES": str(counted), "TQDM_DISABLE": "1"}
        began = time.perf_counter()
        command = [sys.executable, "-m", "tools.reproduce", "--profile", profile]
        subprocess.run(command, env=os.environ | own, stdout=subprocess.DEVNULL, check=True)
        wall = time.perf_counter() - began
        spent = pd.DataFrame([json.loads(path.read_text()) for path in counted.glob("*.json")]).sum()
    spent["start and end of processes"] = wall - spent.sum()
    table = pd.DataFrame({"seconds": spent, "share / %": 100 * spent / wall}).sort_values("seconds", ascending=False)
    print(f"make reproduce PROFILE={profile}: {wall:.0f} s")
    print(table.round(1).to_string())
    return {"profile": profile, "wall": wall, "seconds": spent.to_dict()}
