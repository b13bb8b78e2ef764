"""SR of one image by every arm, against the same network in PyTorch."""

import numpy as np
import pandas as pd

from bench.racing import take_turns
from bench.twin import PRECISIONS, Twin, against_pytorch, print_table, torch
from sr_utils import device, models
from sr_utils.data import downscale
from sr_utils.evaluation.tiling import grey_levels


def inference(arms=tuple(models.MODELS)) -> dict:
    """SR of one 128×192 image, as `evaluation.upscale` makes it: megapixels a second, and times over PyTorch's."""
    precision, lr = device.setup()["precision"], downscale(np.zeros((512, 768, 3), np.uint8))
    rows = []
    for arm in arms:
        model = models.build(arm)
        twin = Twin(model).to(memory_format=torch.channels_last).eval()
        sides = {p: lambda p=p, twin=twin: pytorch_sr(twin, lr, p) for p in PRECISIONS}
        run = device.traced(model)
        sides["ours"] = lambda run=run: grey_levels(run(lr[None].astype(np.float32)))
        times = against_pytorch(take_turns(sides, 3, 2))
        speeds = {f"{who}MP/s": 0.512 * 0.768 * 1e3 / times[f"{who}ms"] for who in ("", "PyTorch ")}
        rows.append({"arm": arm, **times, **speeds})
    print(precision)
    print_table(pd.DataFrame(rows))
    return {"precision": precision, "rows": rows}


def pytorch_sr(twin, lr, precision):
    """SR by eager PyTorch, channels last: uint8 (4h, 4w, 3)."""
    x = torch.tensor(lr[None]).permute(0, 3, 1, 2).float()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        return twin(x).float().round().clip(0, 255).byte()[0].permute(1, 2, 0).numpy()
