"""`make bench`, tried: ideas that might make the study faster, each timed with and without it, in turns."""

import functools
import itertools
import os
import subprocess
import sys
from unittest import mock

import numpy as np

from bench.racing import compared, relative_time
from sr_utils import data, device, models, paths, profiles, training
from sr_utils.device import keras
from sr_utils.models import layers

QUICK = profiles.get("quick")
GRADIENTS = "gradients alone, without optimizer and training loop"
FITS = 8, 1, np.min  # rounds, repeats and typical time for actions that call `fit`


def patches(dtype=np.uint8):
    """A batch of `quick`'s size."""
    lr, hr = data.batch(data.load("sample").train, QUICK.batch, QUICK.patch, seed=0, epoch=0, step=0)
    return lr.astype(dtype), hr.astype(dtype)


def step(model, lr, hr, **options):
    """A function that does one training step."""
    model.compile(keras.optimizers.Adam(1e-3), "mse", **({"jit_compile": False} | options))
    return lambda: model.train_on_batch(lr, hr)


def epoch(model, batches, validation=None, **options):
    """A function that does 50 steps as `fit` does them, and a validation if there are crops for it."""
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False, **options)

    def run():
        model.fit(
            batches(), steps_per_epoch=50, validation_data=validation, validation_batch_size=QUICK.batch, verbose=0,
            shuffle=False,
        )  # fmt: skip

    return run


def same():
    """One batch, again and again: training without the cost of patches."""
    batch = patches()
    while True:
        yield batch


def fresh():
    """Patches as training cuts them."""
    pairs = data.load("sample").train
    for number in itertools.count():
        yield data.batch(pairs, QUICK.batch, QUICK.patch, seed=0, epoch=0, step=number)


def graphs(arm):
    """Inference on a tile of one size, by a graph that is traced already."""
    model, lr = models.build(arm), np.zeros((1, 64, 96, 3), np.float32)
    graph = device.traced(model)
    return relative_time(lambda: np.asarray(graph(lr)), lambda: np.asarray(model(lr, training=False)))


def graph_for_all(arm):
    """Scoring eight images of eight sizes by one graph for all."""
    model, rng = models.build(arm), np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (64 + 4 * i, 96 - 4 * i, 3), np.uint8) for i in range(8)]

    def scored(run):
        for lr in pictures:
            np.asarray(run(lr[None].astype(np.float32)))

    single = functools.partial(model, training=False)
    return relative_time(lambda: scored(device.traced(model)), lambda: scored(single), 2, 2)


def sub_pixel_at_lr(arm="pre_upsampling"):
    """Sub-pixel convolution against the transposed convolution that it equals, with 12×12 kernels at stride 4."""

    def transposed(x, scale, channels, name, **options):
        return keras.layers.Conv2DTranspose(channels, 3 * scale, strides=scale, padding="same", name=name, **options)(x)

    with mock.patch.object(layers, "sub_pixel", transposed):
        other = models.build(arm)
    return relative_time(step(models.build(arm), *patches()), step(other, *patches()))


def fused_bilinear(arm="srcnn"):
    """Bilinear ×4 and 9×9 convolution as one 5×5 sub-pixel convolution at LR size (its borders would differ)."""
    lr, x = layers.lr_input()
    x = layers.conv(x, 64 * 16, 5, "conv_9", activation="relu")
    x = layers.conv(layers.DepthToSpace(4)(x), 32, 5, "conv_5", activation="relu")
    other = layers.sr_output(lr, layers.conv(x, 3, 5, "conv_out"), "fused")
    return relative_time(step(other, *patches()), step(models.build(arm), *patches()))


def ten_in_a_call(arm):
    """Ten steps in a call of the compiled function."""
    return relative_time(epoch(models.build(arm), same, steps_per_execution=10), epoch(models.build(arm), same), *FITS)


def bytes_in(arm):
    """Batches as uint8, scaled in the network, instead of float32."""
    return relative_time(step(models.build(arm), *patches()), step(models.build(arm), *patches(np.float32)))


def gradients_alone(arm):
    """TensorFlow's gradients, without Adam and without Keras' loop."""
    import tensorflow as tf

    model, (lr, hr) = models.build(arm), map(tf.constant, patches())

    @tf.function
    def gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(lr, training=True) - tf.cast(hr, tf.float32)))
        return tape.gradient(loss, model.trainable_variables)

    return relative_time(gradients, step(models.build(arm), *patches()))


def no_patches(arm):
    """The same batch at every step: the most that a thread that cuts patches ahead could save."""
    return relative_time(epoch(models.build(arm), same), epoch(models.build(arm), fresh), *FITS)


def fewer_crops(arm):
    """An epoch of 50 steps with a validation on 16 crops instead of 64."""
    crops = training.validation_crops(data.load("sample").valid, QUICK.patch)
    few = tuple(part[:16] for part in crops)
    return relative_time(epoch(models.build(arm), same, few), epoch(models.build(arm), same, crops), *FITS)


def _process(code: str, **settings) -> str:
    """What a new Python process prints that runs this code."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | settings
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout


def _steps(arm, setup="", options="", **settings) -> float:
    """Median milliseconds of a training step in a new process, for settings that are fixed at its start."""
    code = f"""
{setup}
from bench import racing, tried
run = tried.step(tried.models.build({arm!r}), *tried.patches(), {options})
run()
print(tried.np.median([racing.seconds(run) for _ in range(40)]))
"""
    return 1e3 * float(_process(code, **settings))


def one_between(arm):
    """One thread between operations."""
    pairs = [(_steps(arm, TF_NUM_INTEROP_THREADS="1"), _steps(arm)) for _ in range(3)]
    return compared(*zip(*pairs, strict=True))


def xla(arm):
    """Compiled by XLA, which Keras does not use if TensorFlow's operations are deterministic."""
    setup = "from sr_utils import device; device._make_deterministic = lambda on_gpu: None"
    return compared([_steps(arm, setup, "jit_compile=True")], [_steps(arm, setup)])


def late_import(arm=""):
    """`make reproduce` up to where it starts the first kernel: Keras is imported by the kernels alone."""
    early = "import tools.reproduce, sr_utils.training.runs"
    return relative_time(lambda: _process("import tools.reproduce"), lambda: _process(early), 2, 2)


#: What was tried, on which arms, and whether the study does it.
TRIED = (
    ("inference by a graph instead of op by op", graphs, ("srcnn", "residual", "combined"), "yes"),
    ("the same for images of eight sizes, by one graph for all", graph_for_all, ("srcnn", "residual", "combined"),
     "yes"),
    ("learnt up-sampling as a convolution at LR size, not a transposed one", sub_pixel_at_lr, ("pre_upsampling",),
     "yes"),
    ("bilinear up-sampling and first convolution as one at LR size", fused_bilinear, ("srcnn",),
     "no: its borders differ, and SRCNN would no longer read like its diagram"),
    ("ten steps in a call (`steps_per_execution`)", ten_in_a_call, ("post_upsampling", "combined"),
     "yes: more than a millisecond a step, and the weights are equal to the byte"),
    ("XLA", xla, ("post_upsampling", "srcnn"), "on a GPU only"),
    ("uint8 batches, scaled in the network", bytes_in, ("post_upsampling", "srcnn"), "yes"),
    ("no patches to cut at all: the most that cutting ahead could save", no_patches, ("post_upsampling", "srcnn"),
     "no thread of our own: Keras' generator already feeds ahead"),
    ("validation on 16 crops instead of 64", fewer_crops, ("srcnn",),
     "no: final losses are compared crop by crop"),
    ("one thread between operations", one_between, ("post_upsampling", "combined"), "no"),
    (GRADIENTS, gradients_alone, ("post_upsampling", "progressive_upsampling", "srcnn_edge_input", "combined"),
     "no: it trains nothing, and only shows what is left to save"),
    ("Keras imported late: from command to first kernel", late_import, ("",), "yes"),
)  # fmt: skip


def tried() -> list[dict]:
    """What might make the study faster: the time with it, relative to the time without it."""
    rows = []
    for what, measure, arms, _ in TRIED:
        for arm in arms:
            rows.append({"tried": what, "arm": arm, **measure(arm)})
            print(f"  {rows[-1]['share']:.2f}  {what}  {arm}", flush=True)
            keras.utils.clear_session()
    return rows
