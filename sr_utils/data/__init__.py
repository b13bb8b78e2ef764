"""Images: named sets, downloads, people's own folders, and the patches that training cuts from them."""

from sr_utils.data.images import SCALE, downscale, upsample
from sr_utils.data.patches import batch
from sr_utils.data.sets import load

__all__ = ["SCALE", "batch", "downscale", "load", "upsample"]
