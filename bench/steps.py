"""A training step of every arm against the same step in PyTorch, and against the processor's own peak."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from bench.racing import seconds
from bench.twin import Twin, beside_pytorch, functional, print_table, torch, two_processes
from sr_utils import device, models, paths
from sr_utils.data import downscale
from sr_utils.device import keras
from sr_utils.plots import style
from sr_utils.training.runs import TOGETHER

BATCH = 16
FLOPS = 6  # per multiply–add and training step: two forward, and two each for the gradients of input and weights


def random_batch(side: int):
    """A batch of random pixels: uint8 LR and HR."""
    hr = np.random.default_rng(0).integers(0, 256, (BATCH, side, side, 3), np.uint8)
    return np.stack([downscale(image) for image in hr]), hr


def study_steps(arm, patch):
    """A function that does `TOGETHER` training steps as in the study."""
    model = models.build(arm)
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False, steps_per_execution=TOGETHER)
    model.make_train_function()
    batches = iter(device.feed(itertools.repeat(random_batch(patch))))
    return lambda: float(model.train_function(batches)["loss"])


def pytorch_steps(arm, patch, precision):
    """A function that does the same steps in eager PyTorch, channels last."""
    twin, (lr, hr) = Twin(models.build(arm)).to(memory_format=torch.channels_last), random_batch(patch)
    optimizer = torch.optim.Adam(twin.parameters(), 1e-3, eps=1e-7)

    def step():
        x, y = (torch.from_numpy(a).permute(0, 3, 1, 2).float() for a in (lr, hr))  # NHWC in memory: channels last
        with torch.autocast("cpu", torch.bfloat16, enabled=precision != "float32"):
            sr = twin(x)
        optimizer.zero_grad()
        functional.mse_loss(sr.float(), y).backward()
        optimizer.step()

    return lambda: [step() for _ in range(TOGETHER)]


def peak(precision: str, side: int = 2048, repetitions: int = 8) -> float:
    """Operations per second of the fastest of some multiplications of side×side matrices, by Keras' backend."""
    a = keras.ops.ones((side, side), precision)
    return 2 * side**3 / min(seconds(lambda: float(keras.ops.matmul(a, a)[0, 0])) for _ in range(repetitions))


def steps(sides=(48, 96), arms=tuple(models.MODELS)) -> dict:
    """A training step (batch 16): milliseconds, ratio to eager PyTorch in the same precision, share of the peak."""
    precision, rows = device.setup()["precision"], []
    highest = peak(precision)
    with two_processes() as processes:
        for arm, patch in itertools.product(arms, sides):
            builders = {"ours": (study_steps, arm, patch), "PyTorch": (pytorch_steps, arm, patch, precision)}
            times = beside_pytorch(processes, builders, 4, 1, TOGETHER)
            work = FLOPS * models.cost(models.build(arm))["macs"] * BATCH * patch**2
            share = work / (times["ms"] / 1e3) / highest
            rows.append({"arm": arm, "patch": patch, **times, "share of peak": share})
    table = pd.DataFrame(rows)
    print(f"{precision}; {highest / 1e9:.0f} Gflop/s in {precision} matrix products")
    print_table(table)
    draw_steps(table, precision)
    return {"precision": precision, "peak": highest, "rows": rows}


def draw_steps(table: pd.DataFrame, precision: str) -> None:
    """build/bench_steps.png: each arm's step over PyTorch's, one panel per patch; left of 1 is faster."""
    patches = table.patch.unique()
    size = 4.5 * len(patches), 1 + 0.24 * table.arm.nunique()
    fig, axes = plt.subplots(1, len(patches), figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, patch in zip(axes[0], patches, strict=True):
        rows = table[table.patch == patch].reset_index()
        for y, row in rows.iterrows():
            low, high = (q / row["PyTorch ms"] for q in row["quartiles"])
            ax.plot([low, high], [y, y], color="#bbbbbb", zorder=1)
            ax.plot(row.ratio, y, **style.look(row.arm))
        ax.axvline(1, color="#555555", lw=0.8)
        ax.set(title=f"{patch}×{patch}", xlabel="step / PyTorch's step", yticks=range(len(rows)))
        ax.set_yticklabels([style.name(arm) for arm in rows.arm])
    axes[0, 0].invert_yaxis()
    fig.text(0.01, 0.01, f"batch {BATCH} · {precision} · medians and quartiles", fontsize=9, color="#666666")
    fig.tight_layout(rect=(0, 0.06, 1, 1))
    paths.output().mkdir(parents=True, exist_ok=True)
    fig.savefig(paths.output() / "bench_steps.png", dpi=style.DPI)
    plt.close(fig)
