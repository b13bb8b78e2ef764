"""The one place that sets the device up: Keras' backend, processor or GPU, and the precision."""

import contextlib
import functools
import os
import platform
import random
import sys
from importlib.metadata import version
from pathlib import Path
from unittest import mock

from sr_utils import StudyError, profiles


@contextlib.contextmanager
def _silent_stderr():
    """TensorFlow's C++ start-up logs to the file descriptor before any setting can reach it."""
    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


BACKENDS = ("tensorflow", "jax")


def _import_keras():
    """Keras on a backend of the study, whatever the user's keras.json and environment ask for in other projects.

    Keras reads both while it is imported; what can be set afterwards is set afterwards.
    """
    backend = os.environ.get("KERAS_BACKEND") or BACKENDS[0]
    if backend not in BACKENDS:
        raise StudyError(f"KERAS_BACKEND is {backend!r}, but the study runs on tensorflow or jax; set one of them.")
    os.environ["KERAS_BACKEND"] = backend  # before that of keras.json
    for variable in ("TF_USE_LEGACY_KERAS", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        os.environ.pop(variable, None)
    try:
        with _silent_stderr():
            import keras
    except ModuleNotFoundError as error:
        raise StudyError(
            f"Keras finds no {error.name}; run pip install .[tensorflow], or pip install .[jax] and set "
            "KERAS_BACKEND=jax."
        ) from None
    except (ValueError, AttributeError, TypeError) as error:  # what keras.json holds is no setting
        settings = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "keras.json"
        raise StudyError(f"{settings} stops Keras ({error}); correct or remove it.") from None
    if keras.backend.backend() not in BACKENDS:  # imported before, by the same program
        raise StudyError(f"Keras runs on {keras.backend.backend()} already; restart, and import sr_utils first.")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    return keras


keras = _import_keras()


def _gpus() -> list:
    if keras.backend.backend() == "jax":
        import jax

        try:
            return jax.devices("gpu")
        except RuntimeError:
            return []
    import tensorflow as tf

    return tf.config.list_physical_devices("GPU")


def _bfloat16(gpu) -> bool:
    """Whether the hardware multiplies in bfloat16; read from the device, never guessed."""
    if gpu is not None:
        if keras.backend.backend() == "jax":
            return float(getattr(gpu, "compute_capability", "0")) >= 8.0
        import tensorflow as tf

        return tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)) >= (8, 0)
    if keras.backend.backend() == "jax":  # XLA has no fast bfloat16 convolution on processors
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags


def setup() -> dict:
    """Choose device and precision, once per process.

    Reads `DEVICE` (auto, cpu or gpu; default auto) and returns
    {"backend", "device", "precision"}; sets Keras' dtype policy accordingly.

    Raises
    ------
    StudyError : for an unknown `DEVICE`, or a GPU that was asked for and is absent.
    """
    chosen = _choose()
    keras.config.set_dtype_policy({"bfloat16": "mixed_bfloat16"}.get(chosen["precision"], "float32"))  # a thread's own
    return dict(chosen)


@functools.cache
def _choose() -> dict:
    device = profiles.check_device(os.environ.get("DEVICE"))
    gpus = [] if device == "cpu" else _gpus()
    if device == "gpu" and not gpus:
        raise StudyError("DEVICE=gpu, but this machine shows no GPU; use DEVICE=auto, or install with make env GPU=1.")
    if device == "cpu":
        _hide_gpus(keras.backend.backend())
    if keras.backend.backend() == "tensorflow":
        _make_deterministic(on_gpu=bool(gpus))
    return {
        "backend": keras.backend.backend(),
        "device": "gpu" if gpus else "cpu",
        "precision": "bfloat16" if _bfloat16(gpus[0] if gpus else None) else "float32",
    }


def _make_deterministic(on_gpu: bool) -> None:
    """Have TensorFlow do the same sums in the same order each time: same seed, same machine, same bits.

    Under its own switch Keras refuses XLA, which compiles every training step on a GPU, so XLA is told itself.
    """
    if on_gpu:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true"
    else:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def seeded(seed: int):
    """Seed everything, and let layers draw their seeds from a stream that no other thread draws from.

    Keras takes them from Python's one stream, which a Dask worker's other threads use too; the numbers are the same.
    """
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    with mock.patch.object(seed_generator, "python_random", random.Random(seed)):
        yield


@functools.lru_cache(maxsize=32)  # tracing again would cost as much as a small picture
def traced(model):
    """`model(x, training=False)` as one graph for (B, h, w, 3) of every size, traced at once and kept.

    A graph rounds bias and convolution to bfloat16 together, as in training; op by op they are rounded one after the
    other. On JAX it stays op by op: XLA compiles anew for every size, and its convolutions are slow on processors.
    """
    call = functools.partial(model, training=False)
    if keras.backend.backend() == "jax":
        return call
    import tensorflow as tf

    def resize(layer, x):
        """`UpSampling2D.call`, which compares the new size with zero, although a graph does not know it yet."""
        size = tf.shape(x)[1:3] * tf.constant(layer.size)
        return tf.image.resize(x, size, layer.interpolation)

    graph = tf.function(call, input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    with mock.patch.object(keras.layers.UpSampling2D, "call", resize):
        graph.get_concrete_function()
    return graph


def _hide_gpus(backend: str) -> None:
    if backend == "jax":
        import jax

        jax.config.update("jax_default_device", jax.devices("cpu")[0])
    else:
        import tensorflow as tf

        tf.config.set_visible_devices([], "GPU")


def versions() -> dict:
    """Versions of what made a result, for its record: {"python", "keras", …}."""
    backend = setup()["backend"]
    packages = ("keras", "numpy", backend, "pillow", "scikit-image")
    return {"python": platform.python_version(), "machine": platform.machine(), **{p: version(p) for p in packages}}
