"""Properties that hold for any input, tested on random inputs."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sr_utils import StudyError
from sr_utils.data import sets
from sr_utils.evaluation import gmsd, psnr, ssim

settings.register_profile("study", deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
settings.load_profile("study")

SIDES = st.integers(19, 48)
PICTURES = st.builds(
    lambda h, w, seed: np.random.default_rng(seed).integers(0, 256, (h, w, 3)).astype(np.uint8),
    SIDES, SIDES, st.integers(0, 99),
)  # fmt: skip


@given(PICTURES, st.integers(0, 99))
def test_metrics_know_equality_and_their_ranges(hr, seed):
    noise = np.random.default_rng(seed).integers(-30, 31, hr.shape)
    sr = (hr + noise).clip(0, 255).astype(np.uint8)
    assert psnr(sr, hr) == psnr(hr, sr) < math.inf == psnr(hr, hr)
    assert -1 <= ssim(sr, hr) < ssim(hr, hr) == 1
    assert gmsd(sr, hr) == pytest.approx(gmsd(hr, sr)) and gmsd(hr, hr) == 0


SIGNATURES = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"II*\x00", b"RIFF\x00\x00\x00\x00WEBP"]


@settings(max_examples=150)
@given(st.sampled_from(SIGNATURES), st.binary(max_size=200))
def test_any_bytes_are_an_image_or_the_one_error(tmp_path_factory, signature, content):
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(signature + content)
    try:
        image = sets.read_image(path)
    except StudyError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
