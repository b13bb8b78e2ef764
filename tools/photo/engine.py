"""The networks of `make upscale`: by OpenVINO, which starts in a tenth of the time of Keras, or on a GPU by Keras."""

import os
import sys
from collections.abc import Callable

from sr_utils import profiles
from sr_utils.models import pretrained


def network(arm: str) -> tuple[Callable, int]:
    """What `evaluation.tiling.tiles` takes: (float32 (1, h, w, 3) -> (1, 4h, 4w, 3) in 0…255, the field's radius).

    Raises `StudyError` for an arm without weights, an altered file, and, with DEVICE=gpu, a GPU that is not there.
    """
    if profiles.check_device(os.environ.get("DEVICE")) == "gpu":
        from sr_utils import device  # so late, for it brings the backend with it

        device.setup()
        run = device.traced(pretrained.load(arm))
    else:
        sys.modules.setdefault("openvino_telemetry", None)  # it tells OpenVINO's makers of each import: leave it out
        import openvino

        file = pretrained.path(arm, ".onnx")
        compiled = openvino.Core().compile_model(file, "CPU", {"PERFORMANCE_HINT": "LATENCY"})

        def run(lr):
            return compiled(lr)[0]

    return run, pretrained.record()[arm]["reach"]
