"""Numbers and equations in the text of pages agree with the code."""

import ast
import re

import numpy as np
import pytest

from sr_utils import filters, losses, models
from sr_utils.claims import CLAIMS
from tests.notebooks.committed import PAGES, code, prose


def number(latex: str) -> int:
    return int(re.sub(r"\\,|,", "", latex))


def macs(arm):
    return models.cost(models.build(arm))["macs"]


def test_01_counts_the_parameters_of_srcnn():
    (total,) = {number(n) for n in re.findall(r"=(\d+\\,\d+)\$\$", prose("01_baseline"))}
    parts = [number(n) for n in re.findall(r"underbrace\{[^}]*\}_\{([\d\\,]+)\}", prose("01_baseline"))]
    layers = [layer for layer in models.build("srcnn").layers if layer.weights]
    assert parts == [layer.count_params() for layer in layers] and sum(parts) == total


def test_02_counts_multiply_adds_and_pixels_seen():
    text = prose("02_upsampling")
    assert number(re.search(r"=(5\\,036) \.", text)[1]) == round(macs("post_upsampling"))
    seen = [number(n) for n in re.findall(r"\$1\+8[+\d]*=(\d+)\$", text)]
    built = map(models.build, ("srcnn", "post_upsampling"))
    kernels = ([layer.kernel.shape[0] for layer in model.layers if layer.weights] for model in built)
    assert seen == [1 + sum(side - 1 for side in sides) for sides in kernels]


def test_03_says_what_the_architectures_and_their_blocks_cost():
    """ "Twice its multiply–adds, the inception network 1.4 times"; the narrow pair is "within 5 %"."""
    pre = models.cost(models.build("pre_upsampling"))
    assert macs("residual") / pre["macs"] == pytest.approx(2, abs=0.15)
    assert macs("inception") / pre["macs"] == pytest.approx(1.4, abs=0.05)
    for arm in ("residual_as_pre", "inception_as_pre"):
        cost = models.cost(models.build(arm))
        assert all(cost[key] == pytest.approx(pre[key], rel=0.05) for key in pre), arm
    assert sum("conv" in layer.name for layer in models.build("plain").layers) == 13 + 2  # and up-sampler, last layer
    text, costs = prose("03_architecture"), {}
    for arm, filters_of_arm in (("residual", 64), ("inception", 16)):
        block = [layer for layer in models.build(arm).layers if "block3" in layer.name and layer.weights]
        costs[arm] = sum(int(np.prod(layer.kernel.shape)) for layer in block)
        assert number(re.search(rf"64\\cdot{filters_of_arm}=([\d\\,]+)", text)[1]) == costs[arm]
    assert "The 9×9 kernel alone is 70 % of that" in text
    assert 9**2 * 64 * 16 / costs["inception"] == pytest.approx(0.7, abs=0.005)


def test_04_equations_and_their_weights_are_what_the_code_computes():
    text, loss = prose("04_loss"), losses.PerceptualLoss()
    powers = re.findall(r"\\(?:beta|gamma)=(\d+)\\cdot10\^\{(-\d+)\}", text)
    weights = [float(re.search(r"\\alpha=(\d+)", text)[1]), *(float(n) * 10 ** int(power) for n, power in powers)]
    assert weights == loss.terms
    alpha, beta, gamma = weights
    rng = np.random.default_rng(0)
    hr, sr = rng.uniform(0, 255, (2, 3, 24, 24, 3)).astype(np.float32)
    features = [[np.asarray(each, float) for each in loss._features(images)] for images in (sr, hr)]
    pairs = list(zip(*features, strict=True))

    def gram(x):
        _, h, w, c = x.shape
        return np.einsum("bijc,bijd->bcd", x, x) / (h * w * c)

    content = sum(np.square(a - b).sum((1, 2, 3)) / np.prod(a.shape[1:]) for a, b in pairs) / len(pairs)
    texture = sum(np.square(gram(a) - gram(b)).sum((1, 2)) / a.shape[-1] ** 2 for a, b in pairs) / len(pairs)
    expected = alpha * np.square((sr - hr) / 255).mean() + (beta * content + gamma * texture).mean()
    assert float(loss(hr, sr)) == pytest.approx(expected, rel=1e-3)


def test_05_shows_the_kernel_and_its_gain():
    text = prose("05_signal_processing")
    rows = re.search(r"s\\begin\{bmatrix\}(-1.*?)\\end\{bmatrix\}", text)[1].split(r"\\")
    assert np.array_equal([[float(n) for n in row.split("&")] for row in rows], filters.KERNEL)
    (cell,) = (cell.source for cell in code(PAGES["05_signal_processing"]) if cell.id == "gain")
    function = next(node for node in ast.parse(cell).body if getattr(node, "name", "") == "wave_gain")
    exec(ast.unparse(function), page := {"np": np})
    nyquist, finest = page["wave_gain"](np.array([1 / 8, 1 / 2]))
    assert "at $f=1/8$ it is $2.76$ (9 dB), at $f=1/2$ it is $13$ (22 dB)" in text
    assert (round(nyquist, 2), round(finest, 6)) == (2.76, 13)
    assert [round(20 * np.log10(gain)) for gain in (nyquist, finest)] == [9, 22]
    assert "multiplies it by 2.8, which is 9 dB" in text


def test_06_counts_the_claims_of_the_original():
    """ "Says eleven things …, and explains one of them": 6s is the explanation; some of the eleven are two rows."""
    assert "says eleven things about" in prose("06_conclusions")
    ids = {claim.id for claim in CLAIMS if claim.family == "primary"}
    assert len({re.match(r"\d+", id)[0] for id in ids}) == 11 and "6s" in ids
