"""The code of CONTRIBUTING's "Your own network beside ours" runs as it stands, at `smoke`."""

import re

import pandas as pd
from PIL import Image

from sr_utils import models, paths


def test_a_network_of_ones_own_is_trained_scored_and_compared(tmp_path, picture, monkeypatch, capsys):
    text = (paths.ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"## Your own network beside ours\n.*?```python\n(.*?)```", text, re.S)
    assert len(code.splitlines()) < 25
    (tmp_path / "photos").mkdir()
    for i in range(3):
        Image.fromarray(picture(64, 64, i)).save(tmp_path / f"photos/{i}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(models.MODELS, "mine", None)  # so that it is gone afterwards
    exec(code.replace('"quick"', '"smoke"'), {})
    assert set(pd.read_csv("scores.csv").arm) == {"srcnn", "mine"}
    assert "difference" in capsys.readouterr().out
