"""Training on a borrowed machine: runs are packed small, `make record` takes them, and time and room have an end."""

import h5py
import pytest

from sr_utils import record
from sr_utils.data import load
from sr_utils.training import checkpoints
from tools import fleet, run
from tools import record as recording


def test_two_seeds_are_trained_packed_and_recorded(tmp_path, monkeypatch):
    out, kinds = tmp_path / "out", set()
    assert run("fleet", fleet.main, str(out), "60", "smoke:sample:0,1", "post_upsampling") == 0
    folders = sorted(out.iterdir())
    assert [folder.name[:-10] for folder in folders] == [f"smoke_sample_post_upsampling_mse_seed{n}_" for n in (0, 1)]
    for folder in folders:
        assert checkpoints.complete(folder)
        with h5py.File(folder / "final.weights.h5") as weights:
            weights.visititems(lambda _, item: kinds.add(str(getattr(item, "dtype", "float16"))))
    assert kinds == {"float16"}
    before = folders[0].stat().st_mtime_ns
    assert run("fleet", fleet.main, str(out), "60", "smoke:sample:0", "post_upsampling") == 0  # what is there is kept
    assert folders[0].stat().st_mtime_ns == before
    monkeypatch.setenv("SR_RUNS", str(out))
    monkeypatch.setenv("SR_RECORD", str(tmp_path / "record"))
    monkeypatch.setattr(recording, "RECORDED", ("smoke",))
    monkeypatch.setattr(recording, "sets_of", lambda data: {"sample": load("sample").valid[:1]})
    assert run("record", recording.main) == 0
    assert record.read("runs").seed.tolist() == [0, 1]


@pytest.mark.parametrize(("minutes", "room"), [("0", 2**20), ("60", -1)])
def test_it_stops_in_time_and_before_the_folder_is_full(tmp_path, monkeypatch, capsys, minutes, room):
    monkeypatch.setattr(fleet, "LARGEST", room)
    assert run("fleet", fleet.main, str(tmp_path / "out"), minutes, "smoke:sample:0", "srcnn") == 0
    assert "stopped before srcnn, seed 0" in capsys.readouterr().out and not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("rest", [[], ["smoke:sample"], ["smoke:sample:0", "srgan"]])
def test_a_mistake_is_one_sentence(tmp_path, capsys, rest):
    assert run("fleet", fleet.main, str(tmp_path / "out"), "1", *rest) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
