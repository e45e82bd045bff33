"""Shared experts, mixed by one gate for each task."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.dense_stack import DenseStack
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class ExpertMixture(keras.layers.Layer):
    """Shared experts, mixed by one gate for each task: the multi-gate mixture of experts.

        y_k = sum_e g_ke MLP_e(x),   g_k = softmax(W_k x)          for each task k

    The experts are shared; how much of each a task reads depends on x. One expert is the shared
    bottom, the usual baseline.

    Args:
        num_experts: Number of experts.
        units: Widths of the layers of each expert.
        num_tasks: Number of tasks, such as click and purchase.
        activation: Activation of the experts, a name of Keras or "dice".
        dropout: Rate on the output of each layer of the experts.

    Call arguments:
        x: Vectors.

    Input shape:
        `(batch, width)`.

    Output:
        A tuple with one tensor `(batch, units[-1])` for each task.

    Raises:
        InputError: for a number below 1, or experts without a layer.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import ExpertMixture
    >>> x, mixture = np.ones((5, 8)), ExpertMixture(num_experts=3, units=[16, 4], num_tasks=2)
    >>> click, purchase = mixture(x)
    >>> click.shape, mixture.gates(x).shape
    (TensorShape([5, 4]), TensorShape([5, 2, 3]))

    Reference:
        Ma et al., Modeling task relationships in multi-task learning with multi-gate
        mixture-of-experts, KDD 2018.
    """

    def __init__(self, num_experts, units, num_tasks, activation="relu", dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        if not len(units):
            raise InputError(f"units={units!r}: an expert has no layer: give at least one width")
        self.num_experts = whole_number(num_experts, "num_experts", 1)
        self.units = units
        self.num_tasks = whole_number(num_tasks, "num_tasks", 1)
        self.activation = activation
        self.dropout = dropout
        policy = {"dtype": self.dtype_policy}
        self.experts = [
            DenseStack(units, activation, dropout, **policy) for _ in range(self.num_experts)
        ]
        self.gate_logits = [
            keras.layers.Dense(self.num_experts, use_bias=False, **policy, name=f"gate_{k}")
            for k in range(self.num_tasks)
        ]

    def build(self, input_shape):
        for layer in (*self.experts, *self.gate_logits):
            layer.build(input_shape)

    def call(self, x):
        experts = ops.stack([expert(x) for expert in self.experts], axis=1)
        mixed = ops.matmul(ops.cast(self.gates(x), experts.dtype), experts)
        return tuple(mixed[:, k] for k in range(self.num_tasks))

    def compute_output_spec(self, x):
        # One object for each task: Keras tells the outputs of a graph apart by identity.
        shape = x.shape[0], self.units[-1]
        return tuple(keras.KerasTensor(shape, self.compute_dtype) for _ in range(self.num_tasks))

    def gates(self, x):
        """The weights g, `(batch, num_tasks, num_experts)` float32. The layer must be built."""
        logits = ops.stack([logits(x) for logits in self.gate_logits], axis=1)
        logits = ops.cast(logits, "float32")
        # Not Keras's softmax, which warns of one expert.
        return ops.exp(logits - ops.logsumexp(logits, axis=-1, keepdims=True))
