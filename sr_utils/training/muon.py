"""Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon) for convolutions: a kernel counts as the matrix
that it multiplies patches with, as in the original's code. Keras' own takes matrices only."""

from sr_utils.device import keras


@keras.saving.register_keras_serializable("sr_utils")
class Muon(keras.optimizers.Muon):
    """`keras.optimizers.Muon`, whose matrices are the kernels (k, k, c, filters), c > 3.

    Biases and the kernels that read the image stay with Adam. Both have one rate: an update of Muon is scaled to the
    size of Adam's (Liu et al., 2025, arXiv:2502.16982).
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4 or variable.shape[2] <= 3

    def zeropower_via_newtonschulz5(self, x, steps):
        matrix = keras.ops.reshape(x, (-1, x.shape[-1]))
        return keras.ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x):
        return keras.ops.reshape(super().lr_adjust(keras.ops.reshape(x, (-1, x.shape[-1]))), x.shape)
