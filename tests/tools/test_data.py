"""`make data`."""

from tools import data
from tools.data import main as make_data


def test_make_data_says_what_is_there(capsys):
    assert make_data("sample") == 0
    assert capsys.readouterr().out == "sample: 4 images for training, 4 for validation\n"


def test_an_interrupted_download_is_a_sentence(monkeypatch, capsys):
    def interrupt(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "load", interrupt)
    assert make_data("bsds500") == 130
    assert capsys.readouterr().err == "\nmake data was interrupted; run the same command again.\n"
