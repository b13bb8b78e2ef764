"""How figures look and where they go: one style, one colour and marker per arm, one way to save."""

import io
from math import ceil

import matplotlib.pyplot as plt
from IPython.display import Image
from matplotlib.colors import to_rgb
from PIL.Image import open as open_image

from sr_utils import StudyError, paths
from sr_utils.models.arms import ARMS
from sr_utils.paths import replace

DPI = 100
PAGE = 1160  # pixels: the width of a page, and of the widest figure
PAD = 6  # pixels around title and note
INK, GREY, LIGHT = "#222222", "#666666", "#e4e4e4"
STYLE = {
    "figure.dpi": DPI,
    "figure.constrained_layout.h_pad": 0.06,
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.titlesize": 12,
    "figure.titleweight": "bold",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "grid.color": LIGHT,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}
plt.rcdefaults()  # a reader's own matplotlibrc must not change the study's figures
plt.rcParams.update(STYLE)

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
    "Set5": ("baby", "bird", "butterfly", "head", "woman"),
    "Set14": (
        "baboon", "barbara", "bridge", "coastguard", "comic", "face", "flowers", "foreman", "lenna", "man", "monarch",
        "pepper", "ppt3", "zebra",
    ),
}  # fmt: skip


def name(label: str) -> str:
    """The label as figures and tables write it; a label that no arm has stands as it is."""
    return LOOKS[label][0] if label in LOOKS else label


def picture_name(dataset: str, stem: str) -> str:
    """What a picture is usually called: ("Set5", "img_003") -> "butterfly"; other names stay as they are."""
    number = stem.removeprefix("img_")
    known = PICTURES.get(dataset, ())
    return known[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(known) else stem


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
    configs = [run.config for run in runs]

    def unique(key):
        return ", ".join(dict.fromkeys(str(c[key]) for c in configs if c[key] is not None))

    profiles = ", ".join(dict.fromkeys(c["profile"]["name"] for c in configs))
    parts = [
        f"profile {profiles}",
        f"trained on {unique('data')}",
        f"seeds {unique('seed')}",
        f"{unique('precision')} on {unique('device')}",
    ]
    if scored:
        parts.append(f"scored on {', '.join(scored)}")
    if unique("features"):
        parts.append(f"features: {unique('features')}")
    return " · ".join(parts)


def headline(fig, title: str, alt: str):
    """Give a figure its title, which says what is to be seen, and its alt text; `save` uses both."""
    fig.suptitle(title[:1].upper() + title[1:], in_layout=False)
    fig.set_label(alt)
    return fig


def save(fig, file: str, profile: str, note: str = "", alt: str = "", title: str = "") -> "Picture":
    """Write `figures/<profile>/<file>.png`, close the figure, and return the picture for the page.

    The title stands above, the note (what made the figure) in grey below; both are wrapped, and the figure grows by
    their height. `alt` and `title` replace those that the drawing function gave.

    Raises `StudyError` for a figure without alt text, and if the folder cannot be written.
    """
    path = paths.figures() / profile / f"{file}.png"
    alt = alt or fig.get_label()
    try:
        if not alt:
            raise StudyError(f"{file} has no alt text; give save an alt that says what the picture shows.")
        _frame(fig, title or fig.get_suptitle(), note)
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = io.BytesIO()
        fig.savefig(drawn, dpi=DPI, format="png")
        page = open_image(drawn).convert("RGB")  # no transparency: a tenth smaller
        replace(path, lambda scratch: page.save(scratch, "PNG", optimize=True))  # no version: same data, same bytes
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror or error}); free space, or set SR_FIGURES."
        ) from None
    finally:
        plt.close(fig)
    return Picture(filename=str(path), alt=alt)


def _frame(fig, title: str, note: str) -> None:
    """Put the title above and the note below what is drawn. No axes changes its size in pixels."""
    fig.draw_without_rendering()  # the layout engine places the axes for the last time
    fig.set_layout_engine("none")
    width, height = round(fig.bbox.width), round(fig.bbox.height)
    others = list(fig.texts)
    head = fig.suptitle(title, x=PAD / width, y=0.5, ha="left", va="top", wrap=True)  # at 1 it would wrap each word
    foot = fig.text(PAD / width, 0, note, fontsize=9, color=GREY, va="bottom", wrap=True)
    above, below = (ceil(t.get_window_extent().height) + 2 * PAD if t.get_text() else 0 for t in (head, foot))
    total = height + above + below
    boxes = [(ax, ax.get_position(original=True)) for ax in fig.axes]
    fig.set_size_inches(width / DPI, total / DPI)
    for ax, box in boxes:
        ax.set_position((box.x0, (box.y0 * height + below) / total, box.width, box.height * height / total))
    for text in others:
        if text is not head:
            text.set_y((text.get_position()[1] * height + below) / total)
    head.set_y(1 - PAD / total)
    foot.set_y(PAD / total)


class Picture(Image):
    """A saved figure as PNG, with its alt text as metadata (nbconvert and the site write it) and as plain text.

    No HTML beside it: a page would hold each picture twice.
    """

    def __repr__(self):
        return self.alt
