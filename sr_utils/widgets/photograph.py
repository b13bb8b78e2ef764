"""The comparer on a reader's own photograph, with the weights that come with the study."""

import tempfile
from pathlib import Path

import ipywidgets
from IPython.display import display

from sr_utils import StudyError
from sr_utils.data.reading import read_image
from sr_utils.evaluation import upscale
from sr_utils.models import pretrained
from sr_utils.plots.style import name
from sr_utils.widgets.comparer import compare

ARMS = ("srcnn", "combined")
LARGEST = 400  # LR pixels to a side; of a larger photograph, its middle


def _told(arm: str) -> str:
    """The arm's name, and how long the network that comes with the study was trained."""
    profile = pretrained.record()[arm]["profile"]
    return f"{name(arm)}, {profile['epochs'] * profile['steps']:,} steps"


class Upload(ipywidgets.VBox):
    """A button that takes an image file and shows LR, bicubic and SR of its middle 400×400 pixels, or what is wrong.

    The file stays between browser and kernel. SR is made when first shown, by the networks `ARMS` of `models.load`.
    """

    def __init__(self):
        self.button = ipywidgets.FileUpload(accept="image/*", description="photograph")
        self.message = ipywidgets.Label()
        super().__init__([self.button, self.message])
        self.button.observe(self._show, "value")

    def _show(self, _):
        (file,) = self.button.value
        self.children, self.message.value = [self.button, self.message], ""
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, Path(file["name"]).name)
                path.write_bytes(file["content"])
                whole = read_image(path)
            top, left = (max(0, n - LARGEST) // 2 for n in whole.shape[:2])
            lr = whole[top : top + LARGEST, left : left + LARGEST]
            comparer = compare({"lr": lr, **{_told(arm): lambda arm=arm: upscale(arm, lr) for arm in ARMS}})
        except StudyError as error:
            self.message.value = str(error).replace(folder, "").lstrip("/")
            return
        part = "" if whole.shape == lr.shape else f"; shown: its middle {lr.shape[1]}×{lr.shape[0]}"
        self.message.value = f"{path.name}, {whole.shape[1]}×{whole.shape[0]} pixels{part}"
        self.children = [self.button, self.message, comparer]


def upload() -> None:
    """Show the button where a kernel runs, and a sentence on static pages."""
    note = "*A button stands here where a kernel runs (`make lab`).*"
    display({"text/markdown": note, **Upload()._repr_mimebundle_()}, raw=True)
