"""`make data`: have an image set on disk, and say how many images it holds."""

from sr_utils.data.sets import load


def main(name: str) -> None:
    images = load(name)
    print(f"{name}: {len(images.train)} images for training, {len(images.valid)} for validation")
