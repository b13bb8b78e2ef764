"""How figures look and where they go: one style, one colour and marker per arm, one way to save."""

import io
import textwrap
from math import ceil

import matplotlib.pyplot as plt
from IPython.display import Image
from matplotlib.colors import to_rgb
from matplotlib.transforms import Bbox
from PIL.Image import open as open_image

from sr_utils import StudyError, paths
from sr_utils.models.arms import ARMS
from sr_utils.paths import replace

DPI = 100
PAGE = 1160  # pixels: the width of a page, and of the widest figure
PAD = 6  # pixels around title and note
INK, GREY = "#222222", "#666666"
plt.rcdefaults()  # a reader's own matplotlibrc must not change the study's figures
plt.style.use("sr_utils.plots.study")

#: What is no arm: (name in figures, colour, marker, dashes). The arms' looks stand in `models.arms`.
LOOKS = {
    "lr": ("LR", "#888888", "x", ":"),
    "nearest": ("LR", "#888888", "x", ":"),
    "bilinear": ("bilinear", "#bbbbbb", "+", ":"),
    "bicubic": ("bicubic", "#999999", "^", ":"),
    "hr": ("HR", "#000000", "", "-"),
} | {label: (arm.name, arm.colour, arm.marker, arm.dashes) for label, arm in ARMS.items()}

#: The pictures' usual names, in the order of the benchmark archive's img_001, img_002, …
PICTURES = {
    "Set5": "baby, bird, butterfly, head, woman",
    "Set14": "baboon, barbara, bridge, coastguard, comic, face, flowers, foreman, lenna, man, monarch, pepper, ppt3, "
    "zebra",
}


def name(label: str) -> str:
    """The label as figures and tables write it; a label that no arm has stands as it is."""
    return LOOKS[label][0] if label in LOOKS else label


def picture_name(dataset: str, stem: str) -> str:
    """What a picture is usually called: ("Set5", "img_003") -> "butterfly"; other names stay as they are."""
    names = {f"img_{i:03d}": usual for i, usual in enumerate(PICTURES.get(dataset, "").split(", "), 1)}
    return names.get(stem, stem)


def look(label: str, marker: bool = True) -> dict:
    """Matplotlib's keywords for an arm: colour and marker, or (`marker=False`) colour and dashes."""
    _, colour, symbol, dashes = LOOKS.get(label, (label, "#555555", "o", "-"))
    return {"color": colour} | ({"linestyle": "none", "marker": symbol} if marker else {"linestyle": dashes})


def legible(colour: str) -> tuple:
    """The colour, darkened until text in it has WCAG's contrast of 4.5 on white: RGB in 0…1."""
    rgb = to_rgb(colour)
    while 1.05 / (0.05 + sum(w * c**2.2 for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))) < 4.5:
        rgb = tuple(0.95 * c for c in rgb)
    return rgb


def caption(runs, scored=()) -> str:
    """What made a figure: profile, training data, seeds, precision, feature weights and the sets scored on."""
    configs = [run.config | {"profile": run.config["profile"]["name"]} for run in runs]
    keys = ("profile", "data", "seed", "precision", "device", "features")
    used = {k: ", ".join(dict.fromkeys(str(c[k]) for c in configs if c[k] is not None)) for k in keys}
    parts = ["profile {profile}", "trained on {data}", "seeds {seed}", "{precision} on {device}"]
    parts += ["scored on " + ", ".join(scored)] if scored else []
    parts += ["features: {features}"] if used["features"] else []
    return " · ".join(parts).format(**used)


def axes(height: int, rows: int = 1, columns: int = 1, width: int = PAGE, **options):
    """A figure of so many pixels, and its axes in one list; `options` as for `plt.subplots`."""
    size = (width / DPI, height / DPI)
    fig, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **options)
    return fig, list(grid.flat)


def headline(fig, title: str, what: str):
    """Give a figure its title, which says what is to be seen, and an alt text that begins with `what` it is."""
    title = title[:1].upper() + title[1:]
    fig.suptitle(title, in_layout=False)
    fig.set_label(f"{what}. {title}".strip())
    return fig


def save(fig, file: str, profile: str, note: str = "", alt: str = "", title: str = "") -> "Picture":
    """Write `figures/<profile>/<file>.png`, close the figure, and return the picture for the page.

    The title stands above what is drawn, the note (what made the figure) in grey below; both are wrapped. `alt` and
    `title` replace those that the drawing function gave.

    Raises `StudyError` for a figure without alt text, and if the folder cannot be written.
    """
    path = paths.figures() / profile / f"{file}.png"
    alt = alt or fig.get_label()
    try:
        if not alt:
            raise StudyError(f"{file} has no alt text; give save an alt that says what the picture shows.")
        box, drawn = _frame(fig, title or fig.get_suptitle(), note), io.BytesIO()
        fig.savefig(drawn, dpi=DPI, format="png", bbox_inches=box)
        page = open_image(drawn).convert("RGB")  # no transparency: a tenth smaller
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, lambda scratch: page.save(scratch, "PNG", optimize=True))  # no version: same data, same bytes
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror or error}); free space, or set SR_FIGURES."
        ) from None
    finally:
        plt.close(fig)
    return Picture(filename=str(path), alt=alt)


def _frame(fig, title: str, note: str) -> Bbox:
    """Put the title above the figure and the note below it; the page that holds all three, in inches."""
    width, height = fig.bbox.size
    head = fig.suptitle(
        textwrap.fill(title, int(width / 10)), x=PAD / width, y=1 + PAD / height, ha="left", va="bottom"
    )
    foot = fig.text(PAD / width, -PAD / height, textwrap.fill(note, int(width / 6.5)), color=GREY, fontsize=9, va="top")
    above, below = (ceil(t.get_window_extent().height) + 2 * PAD if t.get_text() else 0 for t in (head, foot))
    return Bbox.from_extents(0, -below / DPI, width / DPI, (height + above) / DPI)


class Picture(Image):
    """A saved figure as PNG, with its alt text as metadata (nbconvert and the site write it) and as plain text.

    No HTML beside it: a page would hold each picture twice.
    """

    def __repr__(self):
        return self.alt
