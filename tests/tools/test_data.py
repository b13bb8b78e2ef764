"""`make data`."""

from tools.data import main as make_data


def test_make_data_says_what_is_there(capsys):
    assert make_data("sample") == 0
    assert capsys.readouterr().out == "sample: 4 images for training, 4 for validation\n"
