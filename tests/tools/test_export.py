"""`make export`: the ONNX file against Keras, and the card's five lines against `make upscale`'s picture."""

import re

import numpy as np
import onnx
import pytest
from PIL import Image

from sr_utils import StudyError
from sr_utils.data.sets import load
from sr_utils.device import keras
from sr_utils.evaluation.scores import upscale
from sr_utils.models import build
from sr_utils.models import load as load_trained
from sr_utils.models.pretrained import FOLDER
from tools import export, run

#: Together they have every kind of layer.
ARMS = ("srcnn_edge_input", "iterative_upsampling", "inception_as_pre", "post_skip")


def drawn(arm):
    """An arm with weights at random, since some start at zero; its output stays within 0…255, mostly."""
    model, rng = build(arm), np.random.default_rng(0)
    shapes = [weight.shape for weight in model.get_weights()]
    model.set_weights([rng.normal(0, 1.2 / np.sqrt(np.prod(s[:-1]) if len(s) > 1 else 400), s) for s in shapes])
    return model


@pytest.mark.parametrize("arm", ARMS)
def test_the_file_gives_keras_picture(arm, tmp_path, picture):
    model, file = drawn(arm), tmp_path / "network.onnx"
    export.export(model, file)
    lr = picture(11, 17, 1)
    off = export.difference(onnx.load(file), model, lr)
    assert off.max() <= 1 and off.mean() < 0.01
    assert upscale(export.in_float32(model), lr).std() > 5  # there is something to compare


def test_the_file_says_what_it_takes(tmp_path):
    assert run("export", export.main, "--arm", "srcnn", "--out", str(tmp_path / "srcnn.onnx")) == 0
    made = onnx.load(tmp_path / "srcnn.onnx")
    said = {prop.key: prop.value for prop in made.metadata_props}
    assert said["arm"] == "srcnn" and said["reach"] == "3" and said["lr"].startswith("uint8 RGB, 0 to 255")
    types = {str(made.graph.input[0].type.tensor_type.elem_type), str(made.graph.output[0].type.tensor_type.elem_type)}
    assert types == {str(onnx.TensorProto.UINT8)}


def test_the_five_lines_of_the_card(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(import numpy.*?)```", (FOLDER / "README.md").read_text(), re.S)
    assert len([line for line in code.splitlines() if line and "import" not in line]) <= 5
    lr = load("sample").valid[0].lr[:45, :61]
    Image.fromarray(lr).save(tmp_path / "photo.png")
    assert run("export", export.main, "--out", str(tmp_path / "build/combined.onnx")) == 0
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    sr = np.asarray(Image.open("photo_x4.png")).astype(int)
    assert np.abs(sr - upscale(export.in_float32(load_trained("combined")), lr)).max() <= 1


def test_a_file_that_differs_is_not_written_and_an_unknown_layer_is_named(tmp_path, monkeypatch):
    lr, other = keras.Input((None, None, 3)), export.to_onnx(load_trained("srcnn"))
    with pytest.raises(StudyError, match="odd is a Cropping2D"):
        export.to_onnx(keras.Model(lr, keras.layers.Cropping2D(name="odd")(lr)))
    monkeypatch.setattr(export, "to_onnx", lambda model: other)
    with pytest.raises(StudyError, match=r"differs from Keras by up to \d+ grey levels"):
        export.export(build("srcnn"), tmp_path / "srcnn.onnx")
    assert not list(tmp_path.iterdir())


CASES = {
    "an unknown arm": (["--arm", "srgan"], "'srgan'"),
    "no weights": (["--arm", "residual"], "'residual'"),
    "another arm's weights": (["--arm", "srcnn", "--weights", str(FOLDER / "combined.weights.h5")], "of srcnn"),
    "no file": (["--weights", "none.h5"], "none.h5"),
    "a folder that is a file": (["--arm", "srcnn", "--out", "Makefile/x.onnx"], "Makefile/x.onnx"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_one_sentence(case, capsys):
    arguments, named = CASES[case]
    assert run("export", export.main, *arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("make export stopped: ") and named in line


def test_weights_of_a_training(tmp_path):
    model = drawn("post_skip")
    model.save_weights(tmp_path / "final.weights.h5")
    file = tmp_path / "post_skip.onnx"
    export.main("--arm", "post_skip", "--weights", str(tmp_path / "final.weights.h5"), "--out", str(file))
    assert export.difference(onnx.load(file), model, load("sample").valid[1].lr[:9, :13]).max() <= 1
