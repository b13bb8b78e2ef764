"""`make data`: have an image set on disk, and say how many images it holds."""

import sys

from sr_utils.data.sets import load
from tools import command


@command("data")
def main(name: str) -> int:
    images = load(name)
    print(f"{name}: {len(images.train)} images for training, {len(images.valid)} for validation")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
