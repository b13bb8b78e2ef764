"""The one table of arms. To add one: its builder in `networks`, its line here, its claim in claims.csv, its page."""

from collections.abc import Callable
from dataclasses import dataclass

from sr_utils import Named
from sr_utils.models import networks


@dataclass(frozen=True)
class Arm:
    """A network trained with a loss, and how figures and tables show it (in Matplotlib's terms)."""

    builder: Callable  # a function of `networks`
    name: str
    colour: str
    marker: str | tuple
    dashes: str | tuple
    rate: float  # the first learning rate, chosen by `make bench BENCHES=rates` on validation images only
    loss: str = "mse"  # a name in `losses.LOSSES`

    @property
    def label(self) -> str:
        return label(self.builder.__name__, self.loss)


def label(arm: str, loss: str = "mse") -> str:
    """How tables name a network trained with a loss: `srcnn`, or `srcnn mae` for a loss other than MSE."""
    return arm if loss == "mse" else f"{arm} {loss}"


# Paul Tol's "muted" colours, which colour-blind readers can tell apart; markers and dashes repeat the distinction.
# A placement with and without the global skip has one hue, and so have a network and its narrow version.
n, DOTTED = networks, (0, (4, 1, 1, 1, 1, 1))
ARMS = {
    arm.label: arm
    for arm in (
        #   network, name, colour, marker, dashes, rate, loss
        Arm(n.srcnn, "SRCNN", "#222222", "o", "-", 1e-3),
        Arm(n.pre_upsampling, "pre-upsampling", "#332288", "s", "-", 1e-3),
        Arm(n.post_upsampling, "post-upsampling", "#CC6677", "D", "--", 3e-3),
        Arm(n.progressive_upsampling, "progressive", "#117733", "P", "-.", 1e-3),
        Arm(n.iterative_upsampling, "iterative", "#DDAA33", "X", DOTTED, 1e-3),
        Arm(n.srcnn_skip, "SRCNN + skip", "#777777", "o", "-", 1e-3),
        Arm(n.pre_skip, "pre + skip", "#8877CC", "s", "-", 1e-3),
        Arm(n.post_skip, "post + skip", "#EE99AA", "D", "--", 1e-3),
        Arm(n.progressive_skip, "progressive + skip", "#66BB88", "P", "-.", 1e-3),
        Arm(n.iterative_skip, "iterative + skip", "#EECC77", "X", DOTTED, 1e-3),
        Arm(n.residual, "residual", "#44AA99", "h", "--", 1e-3),
        Arm(n.inception, "inception", "#AA4499", "p", "-.", 1e-3),
        Arm(n.residual_as_pre, "residual, pre's cost", "#66CCBB", (6, 1, 0), "--", 1e-3),
        Arm(n.inception_as_pre, "inception, pre's cost", "#DD88CC", (5, 0, 36), "-.", 1e-3),
        Arm(n.plain, "plain, no skips", "#226655", "v", ":", 1e-3),
        Arm(n.srcnn, "SRCNN, MAE", "#88CCEE", "<", "--", 1e-3, "mae"),
        Arm(n.srcnn, "SRCNN, VGG", "#882255", ">", "-.", 1e-3, "perceptual"),
        Arm(n.srcnn, "SRCNN, random VGG", "#997744", "H", ":", 1e-3, "perceptual_random"),
        Arm(n.srcnn_edge_input, "SRCNN, edge-enhanced input", "#999933", "*", "--", 1e-3),
        Arm(n.combined, "combined", "#EE7733", "d", "-", 1e-3),
        Arm(n.combined, "combined, MAE", "#FFAA66", (4, 1, 0), "--", 1e-3, "mae"),
    )
}

#: Network by name.
MODELS = Named("arm", {arm.builder.__name__: arm.builder for arm in ARMS.values()})

#: Every training of the study as (network, loss), in the table's order.
STUDY = tuple((arm.builder.__name__, arm.loss) for arm in ARMS.values())

#: Where up-sampling can sit, in the order that the original study reports, best first.
PLACES = {place: f"{place}_upsampling" for place in ("pre", "progressive", "iterative", "post")}

#: The original says that the pictures of these look alike, and that the perceptual loss's look different.
PICTURES_ALIKE = ("srcnn", *PLACES.values())
PICTURES_COMPARED = (*PICTURES_ALIKE, "srcnn perceptual")
