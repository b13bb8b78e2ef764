"""What claims are measured in: units, how they are printed, and from which size on a difference counts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What is measured and its `unit`; printed as a `percent`, or kept as a base-2 logarithm and shown as a `ratio`."""

    name: str
    unit: str
    percent: bool = False
    ratio: bool = False


METRICS = {
    "psnr": Metric("PSNR", "dB"),
    "ssim": Metric("SSIM", "in SSIM"),
    "gmsd": Metric("GMSD", "in GMSD"),
    "loss": Metric("MSE on the benchmark images", "grey levels²"),
    "sharpness": Metric("high-frequency power", "of HR's", percent=True),
    "epochs": Metric("epochs to the same validation loss", "epochs"),
    "area": Metric("mean validation MSE over the schedule", "grey levels²"),
    "first_fifth": Metric("share of the loss's fall", "of the fall", percent=True),
    "last_two_fifths": Metric("share of the loss's fall", "of the fall", percent=True),
    "response": Metric("gain of a fine ripple", "dB of gain"),
    "apart": Metric("RMS difference of pictures", "× that of two seeds", ratio=True),
    "apart_gmsd": Metric("GMSD between pictures", "× that of two seeds", ratio=True),
}

MARGIN = 0.1  # dB; a smaller difference of PSNR counts as none
MARGINS = (0.05, MARGIN, 0.2)  # dB; at which equivalence is shown
OF_LOSS = 10 ** (MARGIN / 10) - 1  # the share of an MSE that 0.1 dB of PSNR is: 2.3 %
