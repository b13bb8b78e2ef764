"""Device and precision on other machines, which are simulated: the tests replace what a framework reports."""

import os
import subprocess
import sys
import types

import numpy as np
import pytest

from sr_utils import StudyError, device, evaluation, models


@pytest.fixture
def machine(monkeypatch):
    """machine(framework, capability, flags) shows such a card, or none, and a processor: what is chosen, and called."""
    calls, policies, unasked = [], [], device._choose.__wrapped__

    def show(framework="tensorflow", capability=None, flags=""):
        card = types.SimpleNamespace(platform="gpu", compute_capability=capability)
        cards = [card] * (capability is not None)
        if framework == "jax":  # which need not be installed
            config = types.SimpleNamespace(update=lambda *arguments: calls.append(arguments))
            devices = {"cpu": ["processor"]}
            jax = types.SimpleNamespace(devices=lambda kind="": devices.get(kind, cards), config=config)
            monkeypatch.setitem(sys.modules, "jax", jax)
        else:
            tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
            details = {"compute_capability": tuple(map(int, (capability or "0.0").split(".")))}
            monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: cards)
            monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda card: details)
            monkeypatch.setattr(tf.config, "set_visible_devices", lambda *arguments: calls.append(arguments))
            for name in ("set_memory_growth", "enable_op_determinism"):
                monkeypatch.setattr(tf.config.experimental, name, lambda *_, name=name: calls.append(name))
        monkeypatch.setattr(device.keras.backend, "backend", lambda: framework)
        monkeypatch.setattr(device.keras.config, "set_dtype_policy", policies.append)
        monkeypatch.setattr(device, "_cpuinfo", lambda: "" if flags is None else f"flags : fpu sse {flags} avx2")
        monkeypatch.setattr(device, "_choose", unasked)
        chosen = device.setup()
        assert policies[-1] == ("mixed_bfloat16" if chosen["precision"] == "bfloat16" else "float32")
        return chosen, calls

    monkeypatch.delenv("DEVICE", raising=False)
    monkeypatch.setenv("XLA_FLAGS", "--mine")
    monkeypatch.setenv(device.ONEDNN, "1")
    return show


@pytest.mark.parametrize("framework", ["tensorflow", "jax"])
@pytest.mark.parametrize(("capability", "precision"), [("7.5", "float32"), ("8.0", "bfloat16"), ("12.0", "bfloat16")])
def test_a_card_is_taken_and_its_precision_read_off_it(machine, framework, capability, precision):
    chosen, calls = machine(framework, capability)
    assert chosen == {"backend": framework, "device": "gpu", "precision": precision}
    assert calls == (["set_memory_growth"] if framework == "tensorflow" else [])


@pytest.mark.parametrize(("framework", "flags", "precision", "more"), [
    ("tensorflow", "avx512_bf16", "bfloat16", {}),
    ("tensorflow", "amx_bf16", "bfloat16", {}),
    ("tensorflow", "avx512f avx512_vnni", "float32", {}),
    ("tensorflow", "avx512f", "float32", {"onednn": True}),  # TensorFlow alone would do without it
    ("tensorflow", None, "float32", {}),  # a system without /proc
    ("jax", "avx512_bf16", "float32", {}),
])  # fmt: skip
def test_a_processors_precision_is_read_off_its_flags(machine, framework, flags, precision, more):
    expected = {"backend": framework, "device": "cpu", "precision": precision, **more}
    assert machine(framework, flags=flags)[0] == expected


def test_onednn_is_on_unless_the_reader_switched_it_off():
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    script = f"import os; from sr_utils import device; print(os.environ[{device.ONEDNN!r}])"
    environment = {name: value for name, value in os.environ.items() if name != device.ONEDNN}
    for given, expected in (({}, "1"), ({device.ONEDNN: "0"}, "0")):
        done = subprocess.run([sys.executable, "-c", script], env=environment | given, capture_output=True, text=True)
        assert (done.stdout.strip(), done.stderr) == (expected, "")


@pytest.mark.parametrize(
    ("framework", "call"), [("tensorflow", ([], "GPU")), ("jax", ("jax_default_device", "processor"))]
)
def test_a_card_is_left_alone_where_the_processor_is_asked_for(machine, monkeypatch, framework, call):
    monkeypatch.setenv("DEVICE", "cpu")
    chosen, calls = machine(framework, "9.0", "avx512_vnni")
    assert chosen == {"backend": framework, "device": "cpu", "precision": "float32"} and calls[0] == call


@pytest.mark.parametrize("framework", ["tensorflow", "jax"])
def test_a_card_that_is_asked_for_and_absent_is_missed(machine, monkeypatch, framework):
    monkeypatch.setenv("DEVICE", "gpu")
    with pytest.raises(StudyError, match="this machine shows no GPU; use DEVICE=auto"):
        machine(framework)


def test_operations_are_made_deterministic(machine):
    """Only the settings are tested: a GPU would add in any order without them, but a small processor does not."""
    assert machine("tensorflow")[1] == ["enable_op_determinism"] and os.environ["XLA_FLAGS"] == "--mine"
    machine("tensorflow", "9.0")
    assert os.environ["XLA_FLAGS"] == "--mine --xla_gpu_deterministic_ops=true"


def test_settings_of_the_session_do_not_reach_the_study():
    """Another float type, layout or precision, set after the import, changes neither weights nor pictures."""

    def upscaled():
        with device.seeded(3):
            return evaluation.upscale(models.build("iterative_upsampling"), lr)

    lr = np.random.default_rng(0).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    keras, before = device.keras, upscaled()
    try:
        keras.config.set_image_data_format("channels_first")
        keras.config.set_floatx("float64")
        keras.config.set_epsilon(0.1)
        keras.config.set_dtype_policy("mixed_float16")
        assert np.array_equal(upscaled(), before)
    finally:
        device.setup()
