"""How figures look and how they are saved: one style, and one colour and marker for each arm."""

import io
import re
import textwrap
from dataclasses import dataclass
from math import ceil

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.transforms import Bbox
from PIL.Image import open as open_image

from sr_utils import StudyError, paths
from sr_utils.models.arms import ARMS

DPI = 100
PIXEL = 72 / DPI  # in points, as offsets are given: an .svg has other pixels
PAGE = 1148  # pixels: the width of the widest drawing
PHONE = 470  # the width of panels that stand one under the other
PAD = 6  # pixels around drawing, title and note
INK, GREY = "#222222", "#666666"

#: (name in figures, colour, marker, dashes); those of the arms stand in `models.arms`.
LOOKS = {
    "lr": ("LR", "#888888", "x", ":"),
    "bilinear": ("bilinear", "#bbbbbb", "+", ":"),
    "bicubic": ("bicubic", "#999999", "^", ":"),
    "hr": ("HR", "#000000", "", "-"),
} | {label: (arm.name, arm.colour, arm.marker, arm.dashes) for label, arm in ARMS.items()}

#: The usual names of the pictures that the benchmark archive calls img_001, img_002, …
PICTURES = {
    "Set5": "baby bird butterfly head woman",
    "Set14": "baboon barbara bridge coastguard comic face flowers foreman lenna man monarch pepper ppt3 zebra",
}


def styled():
    """The study's style, as a decorator or for a `with` block; then the reader's own settings come back."""
    return plt.style.context("sr_utils.plots.study", after_reset=True)


def name(label: str) -> str:
    """The label as figures and tables write it; a label without an entry in `LOOKS` is not changed."""
    return LOOKS[label][0] if label in LOOKS else label


def picture_name(dataset: str, stem: str) -> str:
    """The usual name of a picture: ("Set5", "img_003") -> "butterfly"; other names are not changed."""
    names = {f"img_{i:03d}": usual for i, usual in enumerate(PICTURES.get(dataset, "").split(), 1)}
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


def caption(runs, scored=(), pictured: str = "", seeds=()) -> str:
    """What a figure was made from: profile, steps, data, seeds, precision, feature weights, and sets scored on.

    `pictured` names the set that its pictures are from; `seeds` those of its numbers, where they are not the runs'.
    """
    configs = [run.config | {"profile": run.config["profile"]["name"], "steps": steps(run)} for run in runs]
    keys = ("profile", "steps", "data", "seed", "precision", "device", "features")
    used = {k: ", ".join(dict.fromkeys(str(c[k]) for c in configs if c[k] is not None)) for k in keys}
    pictured += f", seed {used['seed']}" if pictured and len(seeds) else ""
    used |= {"seed": ", ".join(map(str, seeds))} if len(seeds) else {}
    used["seed"] = f"seed{'s' * (', ' in used['seed'])} {used['seed']}"
    text = "profile {profile} · {steps} · trained on {data} · {seed} · {precision} on {device}".format(**used)
    text += f" · scored on {', '.join(scored)}" if len(scored) else ""
    text += f" · pictures of {pictured}" if pictured else ""
    return text + (f" · features: {used['features']}" if used["features"] else "")


def steps(run) -> str:
    """How long a run was trained: "1,500 steps"."""
    profile = run.config["profile"]
    return f"{profile['epochs'] * profile['steps']:,} steps"


def axes(height: int, rows: int = 1, columns: int = 1, width: int = PAGE, **options):
    """A figure of so many pixels, and a list of its axes; `options` as for `plt.subplots`."""
    size = (width / DPI, height / DPI)
    fig, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **options)
    return fig, list(grid.flat)


def canvas(width: float, height: float):
    """A figure of so many pixels, and axes over all of it: their unit is a pixel, and y grows downwards."""
    fig = plt.figure(figsize=(width / DPI, height / DPI))
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return fig, ax


def headline(fig, title: str, what: str, key: str = ""):
    """Give a figure a title that says what can be seen, `what` it is, for its alt text, and a key to its marks."""
    fig.suptitle(title[:1].upper() + title[1:], in_layout=False)
    fig.set_label(what)
    fig.key = key
    return fig


@styled()
def save(fig, file: str, profile: str, note: str = "", alt: str = "", title: str = "", phone=None) -> "Picture":
    """Write `figures/<profile>/<file>.png`, close the figure, and return the picture for the page.

    A figure without pictures is written as .svg as well, which the site shows. On a phone it shows <file>-phone.svg:
    the figure `phone`, or this one with its panels one under the other. The title stands above the drawing, its key and
    the note (what the figure was made from) below it. `alt` and `title` replace those of the drawing function. Raises
    `StudyError` if the folder cannot be written.
    """
    path, title = paths.figures() / profile / f"{file}.png", title or fig.get_suptitle()
    alt = alt or (fig.get_label() and f"{fig.get_label()}. {title}".strip())
    try:
        if not alt:
            raise StudyError(f"{file} has no alt text; give save an alt that says what the picture shows.")
        box, drawn = _frame(fig, title, note), io.BytesIO()
        fig.savefig(drawn, dpi=DPI, format="png", bbox_inches=box)
        page = open_image(drawn).convert("RGB")  # no transparency: a tenth smaller
        path.parent.mkdir(parents=True, exist_ok=True)
        paths.replace(path, lambda scratch: page.save(scratch, "PNG", optimize=True))  # without Matplotlib's version
        if not any(ax.images for ax in fig.axes):
            vector = {"format": "svg", "bbox_inches": box, "metadata": {"Date": None}}
            paths.replace(path.with_suffix(".svg"), lambda scratch: fig.savefig(scratch, **vector))
            if phone := phone or _stacked(fig):
                vector["bbox_inches"] = _frame(phone, title, note)
                paths.replace(path.with_name(f"{file}-phone.svg"), lambda scratch: phone.savefig(scratch, **vector))
    except OSError as error:
        reason = error.strerror or error
        raise StudyError(f"{path} cannot be written ({reason}); free space, or set SR_FIGURES.") from None
    finally:
        plt.close(fig)
        plt.close(phone or fig)
    return Picture(path.read_bytes(), alt)


def _stacked(fig):
    """The figure with panels that stand side by side put one under the other, or None where there are none."""
    cells = [ax.get_subplotspec() for ax in fig.axes]
    if len(cells) < 2 or None in cells or len({cell.rowspan.start for cell in cells}) > 1:
        return None
    fig.texts[-1].remove()  # the note
    fig.set_size_inches(PHONE / DPI, len(cells) * fig.bbox.height / DPI)
    for ax, cell in zip(fig.axes, fig.add_gridspec(len(cells), 1), strict=True):
        ax.set_subplotspec(cell)
        ax.tick_params(labelleft=True)
        ax.set_ylabel(ax.get_ylabel() or fig.axes[0].get_ylabel())
    return fig


def _frame(fig, title: str, note: str) -> Bbox:
    """Put the title above the figure and the note below it; the box around all three, in inches."""
    width, height = fig.bbox.size
    note = "\n".join(filter(None, [getattr(fig, "key", ""), note]))
    title = re.sub(r" (?=dB\b|%)", "\u00a0", title)  # a number keeps its unit
    title = textwrap.fill(title, int(width / 10), break_on_hyphens=False)  # Matplotlib wraps no text above a figure
    head = fig.suptitle(title, x=0, y=1 + PAD / height, ha="left", va="bottom")
    foot = fig.text(0, -PAD / height, note, color=GREY, va="top", wrap=True)
    above, below = (ceil(t.get_window_extent().height) + 2 * PAD if t.get_text() else PAD for t in (head, foot))
    return Bbox.from_extents(-PAD / DPI, -below / DPI, (width + PAD) / DPI, (height + above) / DPI)


@dataclass
class Picture:
    """A saved figure as PNG; its alt text, as metadata, is read by the site and by nbconvert --template classic."""

    png: bytes
    alt: str  # Colab's IPython knows no Image(alt=)

    def _repr_png_(self):
        return self.png, {"alt": self.alt}

    def __repr__(self):
        return self.alt
