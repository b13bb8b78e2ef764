"""Numbers and equations in the text of pages agree with the code."""

import re

import numpy as np
import pytest
from PIL import Image, ImageFilter

from sr_utils import evaluation, filters, losses, models, profiles
from sr_utils.claims import CLAIMS
from sr_utils.data import load
from tests.notebooks.committed import prose


def number(latex: str) -> int:
    return int(re.sub(r"\\,|,", "", latex))


def macs(arm):
    return models.cost(models.build(arm))["macs"]


def test_01_counts_the_parameters_of_srcnn():
    (total,) = {number(n) for n in re.findall(r"=(\d+\\,\d+)\$\$", prose("01_baseline"))}
    parts = [number(n) for n in re.findall(r"underbrace\{[^}]*\}_\{([\d\\,]+)\}", prose("01_baseline"))]
    layers = [layer for layer in models.build("srcnn").layers if layer.weights]
    assert parts == [layer.count_params() for layer in layers] and sum(parts) == total


def test_01_halves_the_filters():
    answer = re.search(r"7\\,808.*?together \$(.*?)\$", prose("01_baseline"))[1]
    assert number(answer) == 9**2 * 3 * 32 + 32 + 5**2 * 32 * 16 + 16 + 5**2 * 16 * 3 + 3
    assert number(answer) < models.cost(models.build("srcnn"))["parameters"] / 3


def test_01_srcnn_loses_where_lr_was_made_in_another_way():
    """The answer to its third exercise, for every way to take one pixel of four."""
    network = models.load("srcnn")
    for first in (0, 1, 2, 3):
        for pair in load("sample").valid[:2]:
            lr = np.ascontiguousarray(pair.hr[first::4, first::4])
            sr, bicubic = (evaluation.upscale(arm, lr) for arm in (network, "bicubic"))
            assert evaluation.psnr(sr, pair.hr) < evaluation.psnr(bicubic, pair.hr), (first, pair.name)


def test_02_counts_multiply_adds_and_pixels_seen():
    text = prose("02_upsampling")
    assert number(re.search(r"=(5\\,036) \.", text)[1]) == round(macs("post_upsampling"))
    assert "see $1+8+4+4=17$ pixels" in text and receptive_field("srcnn") == 17
    assert "see $1+8+4+2=15$ LR pixels, which cover $60$ HR pixels" in text and receptive_field("post_upsampling") == 15


def receptive_field(arm):
    """How many pixels along one axis a chain of convolutions sees, each at the size at which it works."""
    kernels = [layer.kernel.shape[0] for layer in models.build(arm).layers if layer.weights]
    return 1 + sum(side - 1 for side in kernels)


def test_03_says_what_the_architectures_cost():
    text = prose("03_architecture")
    assert "has twice its multiply–adds, the inception network 1.4 times" in text
    pre = models.cost(models.build("pre_upsampling"))
    assert macs("residual") / pre["macs"] == pytest.approx(2, abs=0.15)
    assert macs("inception") / pre["macs"] == pytest.approx(1.4, abs=0.05)
    assert "within 5 % of pre-upsampling's" in text
    for arm in ("residual_as_pre", "inception_as_pre"):
        cost = models.cost(models.build(arm))
        assert all(cost[key] == pytest.approx(pre[key], rel=0.05) for key in pre), arm
    assert text.count("thirteen convolutions") == 1
    assert sum("conv" in layer.name for layer in models.build("plain").layers) == 13 + 2  # and up-sampler, last layer


def test_03_counts_the_multiply_adds_of_blocks():
    text = prose("03_architecture")
    blocks = {
        arm: [layer for layer in models.build(arm).layers if "block3" in layer.name and layer.weights]
        for arm in ("residual", "inception")
    }
    costs = {arm: sum(int(np.prod(layer.kernel.shape)) for layer in layers) for arm, layers in blocks.items()}
    assert number(re.search(r"64\\cdot64=([\d\\,]+)", text)[1]) == costs["residual"]
    assert number(re.search(r"64\\cdot16=([\d\\,]+)", text)[1]) == costs["inception"]
    assert "The 9×9 kernel alone is 70 % of that" in text and 9**2 * 64 * 16 / costs["inception"] == pytest.approx(
        0.7, abs=0.005
    )


def test_04_gives_the_weights_of_the_perceptual_loss():
    text = prose("04_loss")
    alpha = float(re.search(r"\\alpha=(\d+)", text)[1])
    beta, gamma = (
        float(n) * 10 ** int(power) for n, power in re.findall(r"\\(?:beta|gamma)=(\d+)\\cdot10\^\{(-\d+)\}", text)
    )
    assert [alpha, beta, gamma] == losses.PerceptualLoss().terms


def test_04_equations_are_what_the_code_computes():
    """The equations of the page, in NumPy, on the features that the loss reads."""
    rng = np.random.default_rng(0)
    hr, sr = rng.uniform(0, 255, (2, 3, 24, 24, 3)).astype(np.float32)
    loss = losses.PerceptualLoss()
    alpha, beta, gamma = loss.terms
    pairs = [
        (np.asarray(a, float), np.asarray(b, float))
        for a, b in zip(loss._features(sr), loss._features(hr), strict=True)
    ]

    def gram(x):
        _, h, w, c = x.shape
        return np.einsum("bijc,bijd->bcd", x, x) / (h * w * c)

    content = sum(np.square(a - b).sum((1, 2, 3)) / np.prod(a.shape[1:]) for a, b in pairs) / len(pairs)
    texture = sum(np.square(gram(a) - gram(b)).sum((1, 2)) / a.shape[-1] ** 2 for a, b in pairs) / len(pairs)
    expected = alpha * np.square((sr - hr) / 255).mean() + (beta * content + gamma * texture).mean()
    assert float(loss(hr, sr)) == pytest.approx(expected, rel=1e-3)


def test_04_names_the_layers_of_each_profile():
    text = prose("04_loss")
    assert "first and last max-pooling layers, `block1_pool` and `block5_pool`, and so does the profile `paper`" in text
    assert profiles.get("paper").vgg_layers == ("block1_pool", "block5_pool")
    assert "The shorter profiles take `block1_pool` and `block3_pool`" in text
    others = {p.vgg_layers for p in profiles.PROFILES.values() if p.name != "paper"}
    assert others == {("block1_pool", "block3_pool")}


def test_05_shows_the_kernel_and_its_gain():
    text = prose("05_signal_processing")
    rows = re.search(r"s\\begin\{bmatrix\}(-1.*?)\\end\{bmatrix\}", text)[1].split(r"\\")
    assert np.array_equal([[float(n) for n in row.split("&")] for row in rows], filters.KERNEL)
    nyquist, finest = filters.wave_gain(np.array([1 / 8, 1 / 2]))
    assert "at $f=1/8$ it is $2.76$ (9 dB), at $f=1/2$ it is $13$ (22 dB)" in text
    assert (round(nyquist, 2), round(finest, 6)) == (2.76, 13)
    assert [round(20 * np.log10(gain)) for gain in (nyquist, finest)] == [9, 22]
    assert "multiplies it by 2.8, which is 9 dB" in text


def test_05_pillows_filter_is_half_the_strength():
    """What the original applied after the network."""
    hr = load("sample").valid[0].hr
    pillow = np.asarray(Image.fromarray(hr).filter(ImageFilter.EDGE_ENHANCE)).astype(int)
    assert np.abs(pillow - filters.edge_enhance(hr, 0.5))[1:-1, 1:-1].max() <= 1
    assert "so $s=0.5$" in prose("05_signal_processing")


def test_00_converts_an_error_to_decibels():
    assert "$10\\log_{10}(255^2/100)=28.1$ dB" in prose("00_background")
    assert round(10 * np.log10(255**2 / 100), 1) == 28.1


def test_06_counts_the_claims_of_the_original():
    """ "Says eleven things …, and explains one of them": 6s is the explanation; some of the eleven are two rows."""
    assert "says eleven things about" in prose("06_conclusions")
    ids = {claim.id for claim in CLAIMS if claim.family == "primary"}
    assert len({re.match(r"\d+", id)[0] for id in ids}) == 11 and "6s" in ids
