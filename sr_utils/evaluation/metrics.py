"""The metrics of an SR image: PSNR, SSIM, sharpness and GMSD, on the luma with the border shaved.

Mean PSNR of bicubic enlargement in dB, published and measured here: Set5 28.42 and 28.43, Set14 26.00 and 26.09.
Pillow's kernel differs from MATLAB's by up to 0.2 grey levels. The difference on Set14 comes from the border: with 0,
1 and 4 pixels shaved, enlarging only the luma gives 25.86, 26.05 and 26.09 dB. Cropping HR to a multiple of 4, 8, 12
or 24 changes it by at most 0.01 dB (26.09, 26.08, 26.09, 26.08). HR in the benchmark archive, used here, is already
cropped to a multiple of 4, at the right and at the bottom; older tables cropped the originals in other ways.

GMSD needs no weights. LPIPS and SSIMULACRA2, which need packages of their own, are measured by tools/perceptual.py
when a run is recorded.
"""

import numpy as np
from scipy import ndimage
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from sr_utils import StudyError
from sr_utils.data.images import SCALE

SHAVE = SCALE  # pixels cut off at each side before scoring


def luma(image) -> np.ndarray:
    """BT.601 luma (16…235, float64) of uint8 (H, W, 3) RGB without its border."""
    return rgb2ycbcr(image)[SHAVE:-SHAVE, SHAVE:-SHAVE, 0]


def _lumas(sr, hr, least: int = 1):
    if sr.shape != hr.shape or sr.dtype != np.uint8 or hr.dtype != np.uint8:
        raise StudyError(f"SR and HR must be uint8 of one shape, not {sr.dtype} {sr.shape} and {hr.dtype} {hr.shape}.")
    if min(hr.shape[:2]) < (least := least + 2 * SHAVE):
        raise StudyError(f"Images of {hr.shape[1]}×{hr.shape[0]} pixels are too small; use at least {least}×{least}.")
    return luma(sr), luma(hr)


def psnr(sr, hr) -> float:
    """PSNR in dB of uint8 (H, W, 3) images, on the BT.601 luma (16…235), 4 pixels shaved; inf for equal images.

    The protocol of the ×4 tables since Timofte et al., 2014; bicubic on Set5 gives the published 28.42 dB (28.43 with
    Pillow's kernel). Raises `StudyError` unless both are uint8 of one shape, and larger than what is shaved.
    """
    sr, hr = _lumas(sr, hr)
    return float("inf") if np.array_equal(sr, hr) else float(peak_signal_noise_ratio(hr, sr, data_range=255))


def ssim(sr, hr) -> float:
    """SSIM in −1…1 of uint8 (H, W, 3) images, on the BT.601 luma, 4 pixels shaved; arguments and errors as for `psnr`.

    Wang et al., 2004, doi:10.1109/TIP.2003.819861: 11×11 Gaussian of σ = 1.5, population covariance.
    """
    sr, hr = _lumas(sr, hr, least=11)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(hr, sr, data_range=255, **settings))


def sharpness(sr, hr, above: float = 0.25 / SCALE, up_to: float = 1) -> float:
    """High-frequency power of SR over that of HR: 0 if SR has none, 1 if equal, more with added noise or ringing.

    Power of the luma (Hann window) at radial frequencies between two limits, in cycles per HR pixel: by default all
    above half of LR's Nyquist frequency. Arguments and errors as for `psnr`; raises `StudyError` for a flat HR.
    """
    sr, hr = _lumas(sr, hr)
    window = np.outer(*map(np.hanning, hr.shape))
    fy, fx = (np.fft.fftfreq(n) for n in hr.shape)
    frequency = np.hypot(fy[:, None], fx[None])
    high = (frequency > above) & (frequency <= up_to)
    powers = [np.sum(np.abs(np.fft.fft2((y - y.mean()) * window)[high]) ** 2) for y in (sr, hr)]
    if not powers[1]:
        raise StudyError("HR is flat: it has no high frequencies to compare with.")
    return float(powers[0] / powers[1])


def gmsd(sr, hr) -> float:
    """Gradient magnitude similarity deviation, a perceptual distance: 0 for equal images; arguments as for `psnr`.

    Xue et al., 2014, doi:10.1109/TIP.2013.2293423, on the luma at half size, with the paper's constant of 170.
    """
    a, b = (_gradient(y) for y in _lumas(sr, hr, least=6))
    return float(np.std((2 * a * b + 170) / (a**2 + b**2 + 170)))


def _gradient(y):
    """Prewitt's gradient magnitude of the luma, after averaging blocks of 2×2."""
    h, w = (n // 2 for n in y.shape)
    half = y[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean((1, 3))
    return np.hypot(*(ndimage.prewitt(half, axis)[1:-1, 1:-1] / 3 for axis in (0, 1)))


def mse(sr, hr) -> float:
    """Mean squared error in grey levels² of uint8 (H, W, 3) images: the training loss, but of rounded pixels."""
    return float(np.square(sr.astype(np.float64) - hr).mean())


METRICS = {"psnr": psnr, "ssim": ssim, "sharpness": sharpness, "gmsd": gmsd}  # on the luma


def measure(sr, hr) -> dict[str, float]:
    """`loss` (`mse`) and all `METRICS` of two images; arguments and errors as for `psnr`."""
    return {"loss": mse(sr, hr)} | {name: metric(sr, hr) for name, metric in METRICS.items()}
