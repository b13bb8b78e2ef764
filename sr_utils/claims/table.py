"""The study's claims: what the original says, and what is tested for it, one line each.

The original is the study that these notebooks reproduce. Each of its claims is one *primary* row. Where it says several
things at once, the primary row is the intersection of its parts: it holds only if all of them do. Every other row is
*secondary*: the parts, the controls, the quantities behind them, and the study's own combined model.
"""

from dataclasses import dataclass

from sr_utils.claims.metrics import MARGIN, OF_LOSS
from sr_utils.models.arms import PLACES

#: From SRCNN to the combined model: (arm, the arm before it, what was changed). The middle step changes two things.
LADDER = (
    ("post_upsampling", "srcnn", "moving every convolution to LR size"),
    ("post_skip", "post_upsampling", "a global skip and a last layer that starts at zero, together"),
    ("combined", "post_skip", "residual blocks for two large convolutions"),
    ("combined mae", "combined", "the absolute for the squared error"),
)

FURTHEST = "the furthest two of the five"


def between(a: str, b: str) -> str:
    """The name under which observations hold what two arms have in common, the same in either order."""
    return " ~ ".join(sorted((a, b)))


def against(a: str, b: str) -> str:
    """The name under which observations hold the race of arm `a` against arm `b`."""
    return f"{a} against {b}"


@dataclass(frozen=True)
class Claim:
    """In `metric`, `arm` is expected to have "more" or "less" than `reference`, or the "same" within ±`margin`.

    Attributes
    ----------
    id : as text cites it: the original's claim, and a letter for a row behind it. 6s is the original's word on skips.
    study : the notebook that asks it.
    text : what is tested.
    reference : an arm; "" where the claim is about a quantity, which is then compared with `null`.
    metric : a column of the observations, one of `METRICS`. "loss" is the MSE of uint8 SR over all pixels and
        channels of a benchmark image.
    margin : for "same"; of a loss, as a share of the reference's mean.
    parts : ids of the rows whose intersection this row is; it has no arm of its own then.
    original : what the original says, for a primary row.
    published : the original's own difference, where it gives one, in the metric's unit.
    control : whether the row exists to rule out another explanation of the claim.
    note : what a reader must know beside the verdict.
    """

    id: str
    study: int
    text: str
    arm: str = ""
    reference: str = ""
    expect: str = "more"
    metric: str = "psnr"
    null: float = 0.0
    margin: float = 0.0
    parts: tuple[str, ...] = ()
    original: str = ""
    published: float | None = None
    control: bool = False
    note: str = ""

    @property
    def family(self) -> str:
        """ "primary" or "secondary": which correction applies."""
        return "primary" if self.original else "secondary"


def _primary(id: str, study: int, letters: str, original: str, note: str = "") -> Claim:
    parts = tuple(id + letter for letter in letters)
    return Claim(id, study, original, parts=parts, original=original, note=note)


def _table():
    c, PRE, RES, INC = Claim, PLACES["pre"], "residual", "inception"
    less, more, same = ({"expect": word} for word in ("less", "more", "same"))
    loss, area, epochs = ({"metric": name, **less} for name in ("loss", "area", "epochs"))
    sharper = {"metric": "sharpness", **more}
    control = {"control": True}

    yield _primary("1", 1, "abcde", "SRCNN and all four placements clearly improve on the interpolated image")
    yield c("1a", 1, "SRCNN beats bicubic", "srcnn", "bicubic")
    for id, place in zip(("1b", "1c", "1d", "1e"), PLACES, strict=True):
        yield c(id, 2, f"{place} beats bicubic", PLACES[place], "bicubic")
    yield c("1f", 1, "SRCNN beats bilinear", "srcnn", "bilinear")

    yield _primary(
        "2", 1, "ab", "The loss falls fast in the first fifth of the schedule and is flat after three fifths",
        "A learning rate that decays to zero flattens any curve, so 2b says little about the network.",
    )  # fmt: skip
    yield c("2a", 1, "more than half of the fall is done after a fifth", "srcnn", metric="first_fifth", null=0.5)
    yield c("2b", 1, "less than 5 % of the fall is left after three fifths", "srcnn", metric="last_two_fifths",
            null=0.05, **less)  # fmt: skip

    yield c("3", 1, "SR has less high-frequency power than HR", "srcnn", metric="sharpness", null=1.0, **less,
            original="SR is smoother than HR")  # fmt: skip

    yield _primary("4", 2, "abc", "Final loss: pre < progressive < iterative < post")
    for id, (a, b) in zip(("4a", "4b", "4c"), zip(PLACES, list(PLACES)[1:], strict=False), strict=True):
        yield c(id, 2, f"{a} ends lower than {b}", PLACES[a], PLACES[b], **loss)
    for id, (a, b) in zip(("4d", "4e", "4f"), zip(PLACES, list(PLACES)[1:], strict=False), strict=True):
        yield c(id, 2, f"under the skip, {a} ends lower than {b}", f"{a}_skip", f"{b}_skip", **loss, **control)
    yield c("4g", 2, "the skip from zero raises SRCNN's PSNR", "srcnn_skip", "srcnn", **control)
    for id, place in zip(("4h", "4i", "4j", "4k"), PLACES, strict=True):
        yield c(id, 2, f"the skip from zero raises {place}'s PSNR", f"{place}_skip", PLACES[place], **control)
    for id, place in zip(("4l", "4m", "4n", "4o"), PLACES, strict=True):
        yield c(id, 2, f"{place} beats the baseline", PLACES[place], "srcnn", **control)
    for id, place in zip(("4p", "4q", "4r", "4s"), PLACES, strict=True):
        yield c(id, 2, f"under the skip, {place} beats the baseline", f"{place}_skip", "srcnn_skip", **control)

    yield _primary(
        "5", 2, "abcdef", "Pre-upsampling converges fastest",
        "Epochs are counted until the validation loss is as low as the slower arm's last one.",
    )  # fmt: skip
    for id, other in zip(("5a", "5b", "5c"), list(PLACES)[1:], strict=True):
        yield c(id, 2, f"pre gets there in fewer epochs than {other}", against(PRE, PLACES[other]), **epochs)
    for id, other in zip(("5d", "5e", "5f"), list(PLACES)[1:], strict=True):
        yield c(id, 2, f"pre has less area under its curve than {other}", PRE, PLACES[other], **area)

    yield _primary("6", 3, "abcdef", "Residual and inception beat the baseline in loss and in speed")
    yield c("6a", 3, "residual ends lower than the baseline", RES, "srcnn", **loss)
    yield c("6b", 3, "residual gets there in fewer epochs than the baseline", against(RES, "srcnn"), **epochs)
    yield c("6c", 3, "residual has less area under its curve than the baseline", RES, "srcnn", **area)
    yield c("6d", 3, "inception ends lower than the baseline", INC, "srcnn", **loss)
    yield c("6e", 3, "inception gets there in fewer epochs than the baseline", against(INC, "srcnn"), **epochs)
    yield c("6f", 3, "inception has less area under its curve than the baseline", INC, "srcnn", **area)
    yield c("6g", 3, "residual beats the baseline", RES, "srcnn")
    yield c("6h", 3, "inception beats the baseline", INC, "srcnn")
    yield c("6i", 3, "residual beats the same up-sampler with SRCNN", RES, PRE, **control)
    yield c("6j", 3, "residual at that network's cost still beats it", "residual_as_pre", PRE, **control)
    yield c("6k", 3, "inception beats the same up-sampler with SRCNN", INC, PRE, **control)
    yield c("6l", 3, "inception at that network's cost still beats it", "inception_as_pre", PRE, **control)

    yield _primary(
        "6s", 3, "ab", "Skips make depth trainable, and keep what early layers know",
        "What early layers know is not measured, only what the network loses without its skips.",
    )  # fmt: skip
    yield c("6sa", 3, "residual ends lower than the same convolutions without skips", RES, "plain", **loss)
    yield c("6sb", 3, "residual beats the same convolutions without skips", RES, "plain")
    yield c("6sc", 3, "thirteen convolutions without skips beat three", "plain", PRE, **control)

    yield _primary("7", 3, "ab", "Residual and inception end alike")
    yield c("7a", 3, "residual and inception have the same PSNR", RES, INC, margin=MARGIN, **same)
    yield c("7b", 3, "residual and inception have the same loss", RES, INC, metric="loss", margin=OF_LOSS, **same)

    yield _primary(
        "8", 2, "ab", "Though losses differ, the pictures of all five look alike",
        "It would be refuted by two of the five that are more than twice as far apart as two seeds of one network.",
    )  # fmt: skip
    for id, metric, words in (("8a", "apart", "in RMS difference"), ("8b", "apart_gmsd", "in GMSD")):
        yield c(id, 2, f"the furthest two of the five are less than twice as far apart as two seeds, {words}",
                FURTHEST, metric=metric, null=1.0, **less)  # fmt: skip
    yield c("8c", 2, "they are nearer to each other, in GMSD, than the MSE network to the perceptual one",
            FURTHEST, between("srcnn", "srcnn perceptual"), metric="gmsd", **less, **control)  # fmt: skip

    mae, perceptual, random = (f"srcnn {loss}" for loss in ("mae", "perceptual", "perceptual_random"))
    yield _primary("9", 4, "abcde", "PSNR: MSE > MAE > perceptual; the perceptual loss is more vivid, and better")
    yield c("9a", 4, "MAE has lower PSNR than MSE", mae, "srcnn", **less, published=-0.07)
    yield c("9b", 4, "the perceptual loss has lower PSNR than MAE", perceptual, mae, **less, published=-0.57)
    yield c("9c", 4, "the perceptual loss has more high frequencies than MSE", perceptual, "srcnn", **sharper)
    yield c("9d", 4, "the perceptual loss comes nearer to HR than MSE, in GMSD", perceptual, "srcnn", metric="gmsd",
            **less)  # fmt: skip
    yield c("9e", 4, "the perceptual loss comes nearer to HR than MSE, in SSIM", perceptual, "srcnn", metric="ssim")
    yield c("9f", 4, "the perceptual loss has lower PSNR than MSE", perceptual, "srcnn", **less, published=-0.64)
    yield c("9g", 4, "the perceptual loss has more high frequencies than MAE", perceptual, mae, **sharper)
    yield c("9h", 4, "random features add high frequencies too", random, "srcnn", **sharper, **control)
    yield c("9i", 4, "trained features add more of them than random ones", perceptual, random, **sharper, **control)
    yield c("9j", 4, "trained features come nearer to HR than random ones, in GMSD", perceptual, random, metric="gmsd",
            **less, **control)  # fmt: skip

    edge = "srcnn_edge_input"
    yield _primary("10", 5, "ab", "Edge enhancement before the network changes neither pictures nor losses")
    yield c("10a", 5, "with edge enhancement before it, the network has the same PSNR", edge, "srcnn", margin=MARGIN,
            **same)  # fmt: skip
    yield c("10b", 5, "with edge enhancement before it, the network has the same loss", edge, "srcnn", metric="loss",
            margin=OF_LOSS, **same)  # fmt: skip
    yield c("10c", 5, "the network undoes that filter: its gain is the baseline's", edge, "srcnn", metric="response",
            margin=1.0, **same, **control)  # fmt: skip

    yield _primary("11", 5, "abc", "Edge enhancement after the network sharpens, and adds artefacts")
    yield c("11a", 5, "edge enhancement after the network sharpens", "srcnn enhanced 1", "srcnn", **sharper)
    yield c("11b", 5, "at full strength it costs PSNR", "srcnn enhanced 1", "srcnn", **less)
    yield c("11c", 5, "at full strength it costs SSIM", "srcnn enhanced 1", "srcnn", metric="ssim", **less)
    yield c("11d", 5, "at a tenth of the strength it costs PSNR", "srcnn enhanced 0.1", "srcnn", **less)
    yield c("11e", 5, "it sharpens bicubic too", "bicubic enhanced 1", "bicubic", **sharper, **control)
    yield c("11f", 5, "it costs bicubic PSNR at full strength", "bicubic enhanced 1", "bicubic", **less, **control)
    yield c("11g", 5, "it costs bicubic PSNR at a tenth of it", "bicubic enhanced 0.1", "bicubic", **less, **control)

    yield c("12a", 6, "the combined model beats the baseline", "combined", "srcnn")
    yield c("12b", 6, "the combined model beats residual", "combined", RES)
    yield c("12c", 6, "residual blocks for two large convolutions raise PSNR", "combined", "post_skip")
    yield c("12d", 6, "the absolute for the squared error raises the combined model's PSNR", "combined mae", "combined")


CLAIMS = tuple(_table())
BY_ID = {claim.id: claim for claim in CLAIMS}
