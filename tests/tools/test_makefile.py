"""How make passes its variables on: file names unchanged, and yes or no."""

import os
import subprocess

import pytest

from sr_utils import paths


@pytest.fixture
def made(tmp_path):
    """made(target, variable=value, …): what python would be called with, or what make says instead."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nfor argument; do printf "%s\\0" "$argument"; done\n')
    python.chmod(0o755)

    def make(target, in_environment=(), **variables):
        command = ["make", "-s", "-C", str(paths.ROOT), target, "ENV=", f"BIN={tmp_path}"]
        command += [f"{name}={os.fsdecode(value)}" for name, value in variables.items()]
        done = subprocess.run(command, capture_output=True, check=False, env=os.environ | dict(in_environment))
        began = 2 if target == "upscale" else 3  # -m tools.photo, or -m tools and the command's name
        return done.stdout.split(b"\0")[began:-1] or done.stderr.decode()

    return make


NAMES = [b"a$b.jpg", b"say \"x\" 'y'.jpg", b"a\nb.jpg", b"caf\xe9.jpg", b"$(shell touch own).jpg", b"a#b `id`.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_commands_as_they_were_typed(made, name):
    assert made("upscale", IMAGE=name, OUT=name) == [b"--arm", b"combined", b"--", name, name]
    assert made("upscale", {b"IMAGE": name}) == [b"--arm", b"combined", b"--", name]
    assert made("reproduce", DATA=name)[2] == b"--data=" + name
    assert made("data", DATA=name) == [name]
    assert made("export", OUT=name, WEIGHTS=name)[2:] == [b"--out=" + name, b"--weights=" + name]
    assert made("export", OUT=b"-x.onnx")[2:] == [b"--out=-x.onnx"]
    assert not (paths.ROOT / "own").exists()


def test_yes_is_yes_no_is_no_another_word_is_refused_and_a_picture_must_be_named(made):
    assert made("upscale")[:1] != [b"--arm"]
    for words, yes in ((("1", "true", "yes"), True), (("0", "false", "no", ""), False)):
        for word in words:
            assert (b"--force" in made("upscale", IMAGE=b"a.jpg", FORCE=word)) == yes
    for variable in ("DEMO", "FORCE", "GPU", "FRESH"):
        assert f"{variable}=maybe" in made("upscale", IMAGE=b"a.jpg", **{variable: "maybe"})
