"""A training step and an SR of every arm against the same in PyTorch, and against the processor's own peak."""

import itertools

import numpy as np

from bench.racing import own_processes, seconds, take_turns
from sr_utils import device, models
from sr_utils.data import downscale
from sr_utils.device import keras
from sr_utils.evaluation.tiling import grey_levels
from sr_utils.training.runs import TOGETHER

BATCH = 16
FLOPS = 6  # per multiply–add and training step: two forward, and two each for the gradients of input and weights


def random_batch(height: int, width: int, batch: int = BATCH):
    """A batch of random pixels: uint8 LR and HR; the size is that of HR."""
    hr = np.random.default_rng(0).integers(0, 256, (batch, height, width, 3), np.uint8)
    return np.stack([downscale(image) for image in hr]), hr


def study_steps(arm, patch):
    """A function that does `TOGETHER` training steps as in the study."""
    model = models.build(arm)
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False, steps_per_execution=TOGETHER)
    model.make_train_function()
    batches = iter(device.feed(itertools.repeat(random_batch(patch, patch))))
    return lambda: float(model.train_function(batches)["loss"])


def pytorch_steps(arm, patch, precision):
    """A function that does the same steps in eager PyTorch, channels last."""
    from bench.twin import Twin, functional, torch

    twin = Twin(models.build(arm)).to(memory_format=torch.channels_last)
    lr, hr = map(torch.from_numpy, random_batch(patch, patch))
    optimizer = torch.optim.Adam(twin.parameters(), 1e-3, eps=1e-7)

    def step():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            sr = twin(lr)
        optimizer.zero_grad()
        functional.mse_loss(sr, hr.float()).backward()
        optimizer.step()

    return lambda: [step() for _ in range(TOGETHER)]


def study_sr(arm, picture):
    """A function that makes SR as in the study: uint8 (4h, 4w, 3)."""
    run, (lr, _) = device.traced(models.build(arm)), random_batch(*picture, 1)
    return lambda: grey_levels(run(lr.astype(np.float32)))


def pytorch_sr(arm, picture, precision):
    """A function that makes the same SR in eager PyTorch, channels last."""
    from bench.twin import Twin, torch

    twin = Twin(models.build(arm)).to(memory_format=torch.channels_last).eval()
    lr = torch.from_numpy(random_batch(*picture, 1)[0])

    def run():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            return twin(lr).round().clip(0, 255).byte().numpy()

    return run


def peak(precision: str, side: int, repetitions: int = 8) -> float:
    """Operations per second of the fastest of some multiplications of side×side matrices, by Keras' backend."""
    a = keras.ops.ones((side, side), precision)
    return 2 * side**3 / min(seconds(lambda: float(keras.ops.matmul(a, a)[0, 0])) for _ in range(repetitions))


def steps(patches=(48, 96), picture=(512, 768), arms=tuple(models.MODELS), rounds=4, matrix=2048) -> dict:
    """A training step (batch 16) and an SR of every arm: milliseconds, ratio to eager PyTorch, share of the peak."""
    precision = device.setup()["precision"]
    found = {"precision": precision, "peak": peak(precision, matrix), "picture": picture, "rows": [], "inference": []}
    with own_processes(("ours", "theirs")) as processes:
        for arm in arms:
            work = FLOPS * models.cost(models.build(arm))["macs"] * BATCH
            for patch in patches:
                builders = {"ours": (study_steps, arm, patch), "theirs": (pytorch_steps, arm, patch, precision)}
                times = take_turns(processes, builders, rounds, 1, TOGETHER)
                share = work * patch**2 / (times["ms"] / 1e3) / found["peak"]
                found["rows"].append({"arm": arm, "patch": patch, **times, "share of peak": share})
            builders = {"ours": (study_sr, arm, picture), "theirs": (pytorch_sr, arm, picture, precision)}
            found["inference"].append({"arm": arm, **take_turns(processes, builders, rounds, 2)})
            print(f"  {arm}: {found['rows'][-1]['ratio']:.2f}", flush=True)
    return found
