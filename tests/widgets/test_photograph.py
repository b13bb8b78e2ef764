import datetime
import io

import numpy as np
from PIL import Image

from sr_utils import evaluation, models
from sr_utils.widgets import photograph


def given(widget, name, content):
    """As the browser hands a chosen file over."""
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    widget.button.value = (file | {"last_modified": datetime.datetime.now(datetime.UTC)},)
    return widget.message.value


def encoded(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def test_a_photograph_is_compared_with_the_shipped_networks(picture):
    lr, upload = picture(40, 60), photograph.Upload()
    assert "mine.png, 60×40 pixels" in given(upload, "mine.png", encoded(lr))
    comparer = upload.children[-1]
    assert comparer.labels == ["lr", "bicubic", "SRCNN, 1,500 steps", "combined, 80,000 steps"]
    made = comparer.scene.picture("combined, 80,000 steps")
    np.testing.assert_array_equal(made, evaluation.upscale(models.load("combined"), lr))


def test_of_a_large_one_the_middle_is_shown(picture):
    image, upload = picture(500, 410), photograph.Upload()
    assert "shown: its middle 400×400" in given(upload, "large.png", encoded(image))
    np.testing.assert_array_equal(upload.children[-1].scene.picture("lr"), image[50:450, 5:405])


def test_a_bad_file_is_told_and_a_good_one_may_follow(picture):
    upload = photograph.Upload()
    assert given(upload, "note.png", b"no picture").startswith("note.png cannot be read as an image (cannot identify")
    assert len(upload.children) == 2
    assert "tiny.png" not in given(upload, "tiny.png", encoded(picture(3, 3)))
    given(upload, "mine.png", encoded(picture(40, 60)))
    assert len(upload.children) == 3
    given(upload, "note.png", b"no picture")
    assert len(upload.children) == 2  # no comparer of another picture under this message


def test_static_pages_get_a_sentence(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(photograph, "display", lambda bundle, raw: shown.append(bundle))
    photograph.upload()
    assert "make lab" in shown[0]["text/markdown"] and "application/vnd.jupyter.widget-view+json" in shown[0]
