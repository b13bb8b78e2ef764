"""VGG-19's ImageNet weights for the perceptual loss: a file of yours, or Keras' published one, downloaded once."""

import functools
import os
from pathlib import Path

from sr_utils import StudyError
from sr_utils.data import archives

PUBLISHED = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{PUBLISHED}"
MD5 = "253f8cb515780f3b799900260a226db6"


def download() -> Path:
    """Keras' weights file in Keras' own cache, downloaded (80 MB) if it is not there. Raises `StudyError`."""
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    return archives.download(ADDRESS, f"md5:{MD5}", folder, f"set VGG_WEIGHTS to a local {PUBLISHED}")


@functools.cache
def weights() -> str | None:
    """The file in `VGG_WEIGHTS`, which may be none, else Keras' download, else None, with the reason printed."""
    asked = os.environ.get("VGG_WEIGHTS")
    if asked:
        return None if asked.lower() == "none" else asked
    try:
        return str(download())
    except StudyError as error:
        print(f"No perceptual loss with trained features, only with random ones: {error}")
        return None
