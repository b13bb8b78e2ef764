"""How figures look and where they go: one style, one colour and marker per arm, one way to save."""

import textwrap

import matplotlib.pyplot as plt
from IPython.display import Image as Picture

from sr_utils import StudyError, paths
from sr_utils.paths import replace

DPI = 100
FOOT = 24  # pixels kept free for the two lines that say what made a figure
STYLE = {
    "figure.dpi": DPI,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}
plt.rcdefaults()  # whatever matplotlibrc says for other projects
plt.rcParams.update(STYLE)

# Paul Tol's "muted" scheme, safe for colour-blind readers; markers and dashes carry the same meaning a second time.
LOOKS = {  # label: (name in figures, colour, marker, dashes)
    "lr": ("LR", "#888888", "x", ":"),
    "nearest": ("LR", "#888888", "x", ":"),
    "bilinear": ("bilinear", "#aaaaaa", "v", ":"),
    "bicubic": ("bicubic", "#777777", "^", ":"),
    "srcnn": ("SRCNN", "#222222", "o", "-"),
    "pre_upsampling": ("pre-upsampling", "#332288", "s", "-"),
    "post_upsampling": ("post-upsampling", "#CC6677", "D", "--"),
    "progressive_upsampling": ("progressive", "#117733", "P", "-."),
    "iterative_upsampling": ("iterative", "#DDAA33", "X", (0, (4, 1, 1, 1, 1, 1))),
    "residual": ("residual", "#44AA99", "h", "--"),
    "inception": ("inception", "#AA4499", "p", "-."),
    "residual_as_pre": ("residual, pre's cost", "#66CCBB", (6, 1, 0), "--"),
    "inception_as_pre": ("inception, pre's cost", "#DD88CC", (5, 0, 36), "-."),
    "srcnn mae": ("SRCNN, MAE", "#88CCEE", "<", "--"),
    "srcnn perceptual": ("SRCNN, perceptual", "#882255", ">", "-."),
    "srcnn perceptual_random": ("SRCNN, random features", "#6699CC", "H", ":"),
    "srcnn_edge_input": ("SRCNN, edge-enhanced input", "#999933", "*", "--"),
    "post_skip": ("post-upsampling + global skip", "#EE99AA", "8", "--"),
    "combined": ("combined", "#EE7733", "d", "-"),
    "combined mae": ("combined, MAE", "#FFAA66", (4, 1, 0), "--"),
    "hr": ("HR", "#000000", "", "-"),
}


def name(label: str) -> str:
    """The label as figures and tables write it."""
    return LOOKS[label][0] if label in LOOKS else label


def look(label: str, marker: bool = True) -> dict:
    _, colour, symbol, dashes = LOOKS.get(label, (label, "#555555", "o", "-"))
    return (
        {"color": colour, "linestyle": "none", "marker": symbol} if marker else {"color": colour, "linestyle": dashes}
    )


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


def save(fig, file: str, profile: str, note: str = "") -> Picture:
    """Write `figures/<profile>/<file>.png` with the note at its foot, close the figure, and return the picture.

    Raises `StudyError` if the folder cannot be written.
    """
    if note:
        lines = textwrap.fill(note, int(fig.bbox.width / 5))
        fig.text(4 / fig.bbox.width, 3 / fig.bbox.height, lines, fontsize=6.5, color="#666666", va="bottom")
    path = paths.figures() / profile / f"{file}.png"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"format": "png", "metadata": {"Software": None}}  # no version inside: same data, same bytes
        replace(path, lambda scratch: fig.savefig(scratch, dpi=DPI, **options))
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror or error}); free space, or set SR_FIGURES."
        ) from None
    finally:
        plt.close(fig)
    return Picture(filename=str(path))
