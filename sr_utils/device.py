"""The only place that sets up the device: Keras' backend, processor or GPU, and the precision."""

import contextlib
import functools
import itertools
import os
import platform
import random
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from unittest import mock

from sr_utils import StudyError, profiles


@contextlib.contextmanager
def _silent_stderr():
    """Hide stderr: TensorFlow's C++ code logs to the file descriptor at start-up, and no setting stops that."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what it logs later
    if sys.stderr is None:  # closed by the caller
        yield
        return
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
    """Keras on a backend of the study, independent of what keras.json and the environment set for other projects.

    Keras reads both while it is imported. What can be set after the import is set then.
    """
    backend = os.environ.get("KERAS_BACKEND") or BACKENDS[0]
    if backend not in BACKENDS:
        raise StudyError(f"KERAS_BACKEND is {backend!r}, but the study runs on tensorflow or jax; set one of them.")
    os.environ["KERAS_BACKEND"] = backend  # it has priority over keras.json
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
    except (OSError, ValueError, AttributeError, TypeError) as error:  # keras.json holds something invalid
        settings = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "keras.json"
        raise StudyError(f"{settings} stops Keras ({error}); correct or remove it.") from None
    if keras.backend.backend() not in BACKENDS:  # the same program imported it before
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
    """Whether the hardware multiplies in bfloat16, as the device itself reports."""
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

    Reads `DEVICE` (auto, cpu or gpu; default auto), sets Keras' dtype policy, and returns {"backend", "device",
    "precision"}. Raises `StudyError` for an unknown `DEVICE`, or if `DEVICE` is gpu and there is none.
    """
    chosen = _choose()
    policy = "mixed_bfloat16" if chosen["precision"] == "bfloat16" else "float32"
    keras.config.set_dtype_policy(policy)  # Keras keeps the policy per thread, so that it is set at each call
    return dict(chosen)


@functools.cache
def _choose() -> dict:
    device = profiles.check_device(os.environ.get("DEVICE"))
    gpus = [] if device == "cpu" else _gpus()
    if device == "gpu" and not gpus:
        raise StudyError("DEVICE=gpu, but this machine shows no GPU; use DEVICE=auto, or install with make env GPU=1.")
    if device == "cpu":
        _hide_gpus()
    if keras.backend.backend() == "tensorflow":
        _make_deterministic(on_gpu=bool(gpus))
    return {
        "backend": keras.backend.backend(),
        "device": "gpu" if gpus else "cpu",
        "precision": "bfloat16" if _bfloat16(gpus[0] if gpus else None) else "float32",
    }


def _make_deterministic(on_gpu: bool) -> None:
    """Make TensorFlow add in the same order each time: the same seed gives the same bits on the same machine.

    With TensorFlow's own switch Keras does not use XLA, which compiles the training steps on a GPU. There XLA gets a
    flag of its own instead.
    """
    if on_gpu:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true"
    else:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def seeded(seed: int):
    """Seed everything, and let layers draw their seeds from a generator that no other thread uses.

    Keras draws them from Python's global generator, which other threads of a Dask worker use too. The numbers are the
    same.
    """
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    with mock.patch.object(seed_generator, "python_random", random.Random(seed)):
        yield


def feed(batches: Iterator):
    """Batches, tuples of arrays, for one call of `fit`: for TensorFlow as a pipeline without autotuning.

    `fit` makes a pipeline of a generator by itself, but with a thread that tunes it. The end of `fit` waits for that
    thread, up to seconds, in some calls and not in others. The size of a batch is left open, as `fit` leaves it: with
    a fixed one TensorFlow makes another graph, which ends in other bytes.
    """
    if keras.backend.backend() == "jax":
        return batches
    import tensorflow as tf

    first = next(batches)
    options = tf.data.Options()
    options.autotune.enabled = False
    pipeline = tf.data.Dataset.from_generator(
        lambda: itertools.chain([first], batches),
        output_signature=tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in first),
    )
    return pipeline.prefetch(2).with_options(options)


@functools.lru_cache(maxsize=32)  # tracing takes as long as enlarging a small image
def traced(model):
    """`model(x, training=False)` as one graph for (B, h, w, 3) of every size; traced once per model.

    A graph rounds the sum of convolution and bias to bfloat16 once, as in training; eager execution rounds both. JAX
    runs the model eagerly: XLA would compile again for every size, and its convolutions are slow on processors.
    """
    call = functools.partial(model, training=False)
    if keras.backend.backend() == "jax":
        return call
    import tensorflow as tf

    def resize(layer, x):
        """Replaces `UpSampling2D.call`, which compares the size with zero, although a graph does not know it yet."""
        size = tf.shape(x)[1:3] * tf.constant(layer.size)
        return tf.image.resize(x, size, layer.interpolation)

    graph = tf.function(call, input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    with mock.patch.object(keras.layers.UpSampling2D, "call", resize):
        graph.get_concrete_function()
    return graph


def _hide_gpus() -> None:
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_default_device", jax.devices("cpu")[0])
    else:
        import tensorflow as tf

        tf.config.set_visible_devices([], "GPU")


def versions() -> dict:
    """The versions that a result's record names: {"python", "machine", "keras", …}."""
    backend = setup()["backend"]
    numbers = {name: version(name) for name in ("keras", "numpy", "pillow", "scikit-image")}
    numbers[backend] = sys.modules[backend].__version__  # whatever its package is called: tensorflow-cpu, tf-nightly
    return {"python": platform.python_version(), "machine": platform.machine(), **numbers}
