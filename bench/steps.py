"""`make bench`, steps and inference: every arm against the same network in plain PyTorch, and a training step against
the processor's own peak. Needs `pip install .[bench]`."""

import itertools
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from bench.racing import race, seconds
from sr_utils import device as backend
from sr_utils import filters, paths
from sr_utils.data import images
from sr_utils.device import keras
from sr_utils.evaluation import scores as evaluation
from sr_utils.models import layers as bricks
from sr_utils.models import networks as models
from sr_utils.plots import style

sys.modules["triton"] = None  # PyTorch's optimizers look for it, TensorFlow dies of it, and no processor needs it
BATCH = 16
PRECISIONS = ("bfloat16", "float32")
LAYERWISE = "bfloat16, but float32 where the study's layers are"
FLOPS = 6  # per multiply–add and training step: two forward, and two each for the gradients of input and weights


class Twin(nn.Module):
    """The same network as a Keras model of the study, with the same weights: (B, 3, h, w) -> (B, 3, 4h, 4w).

    PyTorch's autocast has every convolution in bfloat16; `layerwise` leaves those in float32 that the model has so.
    """

    def __init__(self, model: keras.Model, layerwise: bool = False):
        super().__init__()
        self.layerwise = layerwise
        self.convolutions, self.plan = nn.ModuleDict(), []
        shuffled = {_sources(layer)[0]: layer.scale for layer in model.layers if isinstance(layer, bricks.DepthToSpace)}
        for layer in model.layers[1:]:
            if isinstance(layer, keras.layers.Conv2D):
                self.convolutions[layer.name] = _convolution(layer, shuffled.get(layer.name, 1))
            self.plan.append((layer, _sources(layer)))

    def forward(self, x):
        made = {self.plan[0][1][0]: x}
        for layer, sources in self.plan:
            made[layer.name] = self._output(layer, [made[name] for name in sources])
        return made[self.plan[-1][0].name]

    def _output(self, layer, inputs):
        (x, *_), kinds = inputs, keras.layers
        match layer:
            case kinds.Conv2D():
                exact = self.layerwise and layer.compute_dtype == "float32"
                with torch.autocast("cpu", torch.bfloat16, enabled=torch.is_autocast_enabled("cpu") and not exact):
                    x = self.convolutions[layer.name](x.float() if exact else x)
                return functional.relu(x) if layer.activation is keras.activations.relu else x
            case kinds.Rescaling():
                return x * layer.scale + layer.offset
            case kinds.UpSampling2D():
                return functional.interpolate(x, scale_factor=4, mode="bilinear")
            case kinds.MaxPooling2D():
                return functional.max_pool2d(x, layer.pool_size)
            case kinds.Add():
                return sum(inputs[1:], x)
            case kinds.Concatenate():
                return torch.cat(inputs, 1)
            case bricks.DepthToSpace():
                return functional.pixel_shuffle(x, layer.scale)
            case bricks.EdgeEnhance():
                kernel = torch.tensor(np.tile(filters.KERNEL, (3, 1, 1, 1)), dtype=x.dtype)
                padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
                return functional.conv2d(padded, kernel, groups=3).clip(-0.5, 0.5)
        raise TypeError(f"PyTorch's twin knows no {type(layer).__name__}")


def _sources(layer) -> list[str]:
    """The names of the layers that feed this one."""
    return [tensor._keras_history.operation.name for tensor in layer._inbound_nodes[0].input_tensors]


def _convolution(layer, scale: int) -> nn.Conv2d:
    """The same convolution; before a shuffle its filters come in PyTorch's order: channel, row, column."""
    kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
    order = np.arange(len(bias)).reshape(scale**2, -1).T.ravel()
    made = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[:2], padding="same")
    made.weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1)[order])
    made.bias.data = torch.tensor(bias[order])
    return made


def ours(model, lr, hr):
    """A function that does one step as the study does it."""
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False)
    return lambda: model.train_on_batch(lr, hr)


def theirs(model, lr, hr, precision):
    """A function that does the same step in eager PyTorch, channels last."""
    twin = Twin(model, precision == LAYERWISE).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(twin.parameters(), 1e-3, eps=1e-7)

    def step():
        x, y = (torch.from_numpy(a).permute(0, 3, 1, 2).float() for a in (lr, hr))  # NHWC in memory: channels last
        with torch.autocast("cpu", torch.bfloat16, enabled=precision != "float32"):
            sr = twin(x)
        optimizer.zero_grad()
        functional.mse_loss(sr.float(), y).backward()
        optimizer.step()

    return step


def peak(precision: str, side: int = 2048, repetitions: int = 8) -> float:
    """Operations per second of the fastest of some multiplications of side×side matrices, by Keras' backend."""
    a = keras.ops.ones((side, side), precision)
    return 2 * side**3 / min(seconds(lambda: float(keras.ops.matmul(a, a)[0, 0])) for _ in range(repetitions))


def judged(times: dict) -> dict:
    """Medians and quartiles of ours and of PyTorch's better precision, and their ratio."""
    medians = {side: float(np.median(t)) for side, t in times.items()}
    best = min(PRECISIONS, key=medians.get)
    return {
        "ms": medians["ours"],
        "quartiles": np.quantile(times["ours"], (0.25, 0.75)).tolist(),
        "PyTorch ms": medians[best],
        "PyTorch quartiles": np.quantile(times[best], (0.25, 0.75)).tolist(),
        "PyTorch precision": best,
        "ratio": medians["ours"] / medians[best],
    }


def steps(patches=(48, 96), arms=tuple(models.MODELS)) -> dict:
    """A training step (batch 16): milliseconds, ratio to eager PyTorch's best of bf16 and f32, share of the peak.

    `layerwise ratio`: to PyTorch with the last layer in float32, as the study has it.
    """
    precision, rng, rows = backend.setup()["precision"], np.random.default_rng(0), []
    highest = peak(precision)
    for arm, patch in itertools.product(arms, patches):
        model = models.build(arm)
        hr = rng.integers(0, 256, (BATCH, patch, patch, 3), np.uint8)
        lr = np.stack([images.downscale(image) for image in hr])
        sides = {p: theirs(model, lr, hr, p) for p in (*PRECISIONS, LAYERWISE)} | {"ours": ours(model, lr, hr)}
        found = judged(times := race(sides))
        found["layerwise ratio"] = found["ms"] / float(np.median(times[LAYERWISE]))
        work = FLOPS * models.cost(model)["macs"] * BATCH * patch**2
        rows.append({"arm": arm, "patch": patch, **found, "share of peak": work / (found["ms"] / 1e3) / highest})
    table = pd.DataFrame(rows)
    print(f"{precision}; {highest / 1e9:.0f} Gflop/s in {precision} matrix products")
    _print(table)
    draw(table, precision)
    return {"precision": precision, "peak": highest, "rows": rows}


def inference(arms=tuple(models.MODELS)) -> dict:
    """SR of one 128×192 image as `make upscale` does it: megapixels of SR per second, and times over PyTorch's."""
    precision, lr = backend.setup()["precision"], images.downscale(np.zeros((512, 768, 3), np.uint8))
    rows = []
    for arm in arms:
        model = models.build(arm)
        twin = Twin(model).to(memory_format=torch.channels_last).eval()
        sides = {p: lambda p=p, twin=twin: enlarged(twin, lr, p) for p in PRECISIONS}
        sides["ours"] = lambda model=model: evaluation.upscale(model, lr)
        found = judged(race(sides, 3, 2))
        speeds = {f"{who}MP/s": 0.512 * 0.768 * 1e3 / found[f"{who}ms"] for who in ("", "PyTorch ")}
        rows.append({"arm": arm, **found, **speeds})
    print(precision)
    _print(pd.DataFrame(rows))
    return {"precision": precision, "rows": rows}


def enlarged(twin, lr, precision):
    """The same in eager PyTorch, channels last."""
    x = torch.tensor(lr[None]).permute(0, 3, 1, 2).float()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        return twin(x).float().round().clip(0, 255).byte()[0].permute(1, 2, 0).numpy()


def _print(table: pd.DataFrame) -> None:
    shown = table.drop(columns=[c for c in table if "quartiles" in c])
    spread = [f"{q[0]:.3g}–{q[1]:.3g}" for q in table["quartiles"]]
    shown.insert(shown.columns.get_loc("ms") + 1, "quartiles", spread)
    print(shown.to_string(index=False, float_format=lambda v: f"{v:.3g}"))


def draw(table: pd.DataFrame, precision: str) -> None:
    """build/bench_steps.png: each arm's step over PyTorch's, one panel per patch; left of 1 is faster."""
    patches = table.patch.unique()
    fig, axes = plt.subplots(1, len(patches), figsize=(4.5 * len(patches), 3.2), sharey=True, squeeze=False)
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
    fig.text(0.01, 0.01, f"batch {BATCH} · {precision} · medians and quartiles", fontsize=6.5, color="#666666")
    fig.tight_layout(rect=(0, 0.03, 1, 1))
    paths.build().mkdir(parents=True, exist_ok=True)
    fig.savefig(paths.build() / "bench_steps.png", dpi=style.DPI)
    plt.close(fig)
