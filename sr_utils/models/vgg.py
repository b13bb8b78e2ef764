"""VGG-19's ImageNet weights for the perceptual loss: a file of yours, or Keras' published one, downloaded once."""

import functools
import os
from pathlib import Path

import pooch
import requests

from sr_utils import StudyError
from sr_utils.data.archives import TIMEOUT

PUBLISHED = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{PUBLISHED}"
MD5 = "253f8cb515780f3b799900260a226db6"


def download() -> Path:
    """Keras' weights file in Keras' own cache, downloaded (80 MB) if it is not there. Raises `StudyError`."""
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    try:
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)
        return Path(pooch.retrieve(ADDRESS, f"md5:{MD5}", PUBLISHED, folder, downloader=downloader))
    except (requests.RequestException, OSError, ValueError) as error:
        cause = type(error).__name__ if isinstance(error, requests.RequestException) else error
        raise StudyError(
            f"VGG-19's ImageNet weights cannot be downloaded ({cause}); set VGG_WEIGHTS to a local {PUBLISHED}."
        ) from None


@functools.cache
def weights() -> str | None:
    """Where this machine has ImageNet's weights: the file in `VGG_WEIGHTS`, else the download, else None (printed).

    `VGG_WEIGHTS=none` does without them, and without trying the network.
    """
    asked = os.environ.get("VGG_WEIGHTS")
    if asked:
        return None if asked.lower() == "none" else asked
    try:
        return str(download())
    except StudyError as error:
        print(f"No perceptual loss with trained features, only with random ones: {error}")
        return None
