"""The only place that sets up the device: Keras' backend, processor or GPU, and the precision."""

import contextlib
import functools
import itertools
import os
import platform
import random
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import numpy as np

from sr_utils import StudyError, profiles

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"  # TensorFlow's fast convolutions on processors
#: With one of these TensorFlow uses oneDNN by itself.
FLAGS = {"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"}


def _import_keras():
    """Keras on a backend of the study, whatever keras.json says for other projects."""
    backend = os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend not in ("tensorflow", "jax"):
        raise StudyError(f"KERAS_BACKEND is {backend!r}, but the study runs on tensorflow or jax; set one of them.")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what TensorFlow logs later
    if "tensorflow" not in sys.modules:
        os.environ.setdefault(ONEDNN, "1")
    kept = os.dup(2)  # TensorFlow's C++ code logs to this file descriptor at start-up; no setting stops that
    with open(os.devnull, "wb") as null:
        os.dup2(null.fileno(), 2)
    try:
        import keras
    except ModuleNotFoundError as error:
        how = "pip install .[tensorflow], or pip install .[jax] and set KERAS_BACKEND=jax"
        raise StudyError(f"Keras finds no {error.name}; run {how}.") from None
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    return keras


keras = _import_keras()


def _jax() -> bool:
    return keras.backend.backend() == "jax"


def setup() -> dict:
    """Choose device and precision by `DEVICE` (auto, cpu or gpu), once per process, and set Keras for the study.

    Returns {"backend", "device", "precision"}, and "onednn" where TensorFlow on this processor would choose otherwise.
    """
    chosen = _choose()
    keras.config.set_image_data_format("channels_last")  # a session may have set another one since
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    # Keras keeps the policy per thread.
    keras.config.set_dtype_policy("mixed_bfloat16" if chosen["precision"] == "bfloat16" else "float32")
    return dict(chosen)


@functools.cache
def _choose() -> dict:
    asked = profiles.check_device(os.environ.get("DEVICE"))
    gpu, bfloat16, more = (_on_jax if _jax() else _on_tensorflow)(asked)
    if asked == "gpu" and not gpu:
        raise StudyError("DEVICE=gpu, but this machine shows no GPU; use DEVICE=auto, or install with make env GPU=1.")
    chosen = {"device": "gpu" if gpu else "cpu", "precision": "bfloat16" if bfloat16 else "float32"}
    return {"backend": keras.backend.backend(), **chosen, **more}


def _on_jax(asked: str) -> tuple[bool, bool, dict]:
    import jax

    if asked == "cpu":
        jax.config.update("jax_default_device", jax.devices("cpu")[0])
    gpus = [] if asked == "cpu" else [device for device in jax.devices() if device.platform == "gpu"]
    return bool(gpus), bool(gpus) and float(gpus[0].compute_capability) >= 8, {}  # XLA's processors lack bfloat16


def _on_tensorflow(asked: str) -> tuple[bool, bool, dict]:
    """Whether there is a GPU, whether bfloat16 is fast, and "onednn", as `setup` returns it."""
    import tensorflow as tf

    gpus = [] if asked == "cpu" else tf.config.list_physical_devices("GPU")
    if gpus:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)  # else one process takes all of its memory
        # The same bits each time: with TensorFlow's own switch, Keras would not compile the steps by XLA.
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true"
        details = tf.config.experimental.get_device_details(gpus[0])
        return True, details.get("compute_capability", (0, 0)) >= (8, 0), {}
    if asked == "cpu":
        tf.config.set_visible_devices([], "GPU")
    tf.config.experimental.enable_op_determinism()
    onednn, flags = os.environ.get(ONEDNN), set(_cpuinfo().split())
    other = flags and onednn in ("0", "1") and (onednn == "1") != bool(flags & FLAGS)  # it changes last digits
    return False, bool(flags & {"amx_bf16", "avx512_bf16"}), {"onednn": onednn == "1"} if other else {}


@contextlib.contextmanager
def seeded(seed: int):
    """Seed everything; layers draw their seeds from a generator of their own, since other threads use Python's."""
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    with mock.patch.object(seed_generator, "python_random", random.Random(seed)):
        yield


def feed(batches: Iterator):
    """Batches, tuples of arrays, for one call of `fit`: for TensorFlow as a pipeline without autotuning.

    Of `fit`'s own, the end can wait for seconds. With a fixed batch size TensorFlow's graph would end in other bytes.
    """
    if _jax():
        return batches
    import tensorflow as tf

    first = next(batches)
    options = tf.data.Options()
    options.autotune.enabled = False
    signature = tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in first)
    every = tf.data.Dataset.from_generator(lambda: itertools.chain([first], batches), output_signature=signature)
    return every.prefetch(2).with_options(options)


@functools.lru_cache(maxsize=32)  # tracing takes as long as enlarging a small image
def traced(model):
    """`model(x, training=False)` as one graph for (B, h, w, 3) of every size, which rounds as in training.

    JAX runs the model eagerly: XLA would compile again for every size.
    """
    call = functools.partial(model, training=False)
    if _jax():
        return call
    import tensorflow as tf

    def resize(layer, x):
        """In place of `UpSampling2D.call`, which compares a size that the graph does not know with zero."""
        return tf.image.resize(x, tf.shape(x)[1:3] * tf.constant(layer.size), layer.interpolation)

    graph = tf.function(call, input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
    with mock.patch.object(keras.layers.UpSampling2D, "call", resize):
        graph.get_concrete_function()
    return graph


def gradient(function, x) -> np.ndarray:
    """The gradient of the sum of what `function` returns, by its input: an array of the shape of x."""
    if _jax():
        import jax

        return np.asarray(jax.grad(lambda x: keras.ops.sum(function(x)))(keras.ops.convert_to_tensor(x)))
    import tensorflow as tf

    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, unconnected_gradients="zero").numpy()


def versions() -> dict:
    """The versions that a result's record names: {"python", "machine", "keras", …}."""
    backend = setup()["backend"]  # its package may be called otherwise: tensorflow-cpu, tf-nightly
    numbers = {name: version(name) for name in ("keras", "numpy", "pillow", "scikit-image")}
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    return machine | numbers | {backend: sys.modules[backend].__version__}


def processor() -> str:
    """This machine's processor, as Linux describes it; empty elsewhere."""
    found = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", _cpuinfo(), re.M))
    return "{model name} (family {cpu family}, model {model})".format_map(found) if len(found) == 3 else ""


def cores() -> int:
    """How many cores TensorFlow divides a convolution among: another number changes last digits."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or len(usable))


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")  # Linux alone has it
    return path.read_text(encoding="utf-8") if path.exists() else ""
