"""SR of one image by every arm, against the same network in PyTorch."""

import numpy as np
import pandas as pd

from bench.twin import Twin, beside_pytorch, print_table, torch, two_processes
from sr_utils import device, models
from sr_utils.data import downscale
from sr_utils.evaluation.tiling import grey_levels

LR = downscale(np.zeros((512, 768, 3), np.uint8))


def inference(arms=tuple(models.MODELS)) -> dict:
    """SR of one 128×192 image, as `evaluation.upscale` makes it: megapixels a second, and times over PyTorch's."""
    precision, rows = device.setup()["precision"], []
    with two_processes() as processes:
        for arm in arms:
            times = beside_pytorch(processes, {"ours": (study_sr, arm), "PyTorch": (pytorch_sr, arm, precision)}, 3, 2)
            speeds = {f"{who}MP/s": 0.512 * 0.768 * 1e3 / times[f"{who}ms"] for who in ("", "PyTorch ")}
            rows.append({"arm": arm, **times, **speeds})
    print(precision)
    print_table(pd.DataFrame(rows))
    return {"precision": precision, "rows": rows}


def study_sr(arm):
    """A function that makes SR as in the study: uint8 (4h, 4w, 3)."""
    run = device.traced(models.build(arm))
    return lambda: grey_levels(run(LR[None].astype(np.float32)))


def pytorch_sr(arm, precision):
    """A function that makes the same SR in eager PyTorch, channels last."""
    twin = Twin(models.build(arm)).to(memory_format=torch.channels_last).eval()

    def run():
        x = torch.tensor(LR[None]).permute(0, 3, 1, 2).float()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            return twin(x).float().round().clip(0, 255).byte()[0].permute(1, 2, 0).numpy()

    return run
