"""Experts of each task beside shared ones, level by level."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.dense_stack import DenseStack
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class ProgressiveExperts(keras.layers.Layer):
    """Experts of each task beside shared ones, level by level: progressive layered extraction.

        E_k = [MLP(x_k) for each expert of task k],   E_s = [MLP(x_s) for each shared expert]
        x'_k = softmax(W_k x_k) [E_k; E_s]                            for each task k
        x'_s = softmax(W_s x_s) [E_1; ...; E_K; E_s]                  not at the last level

    At the first level all x_k and x_s are x; y_k is x'_k of the last level. The experts of a task
    learn from its loss and from what the shared part passes on, so tasks that disagree disturb each
    other less than in `ExpertMixture`.

    Args:
        num_shared_experts: Shared experts in each level.
        num_task_experts: Experts of each task in each level.
        units: Widths of the layers of each expert.
        num_tasks: Number of tasks, such as click and purchase.
        num_levels: Number of levels; one is the customized gate control of the paper.
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
    >>> from kerasrec.layers import ProgressiveExperts
    >>> x, experts = np.ones((5, 8)), ProgressiveExperts(1, 2, units=[16, 4], num_tasks=2)
    >>> click, purchase = experts(x)
    >>> click.shape, experts.gates(x).shape
    (TensorShape([5, 4]), TensorShape([5, 2, 3]))

    Reference:
        Tang et al., Progressive layered extraction (PLE): a novel multi-task learning model for
        personalized recommendations, RecSys 2020.
    """

    def __init__(
        self,
        num_shared_experts,
        num_task_experts,
        units,
        num_tasks,
        num_levels=1,
        activation="relu",
        dropout=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not len(units):
            raise InputError(f"units={units!r}: an expert has no layer: give at least one width")
        self.num_shared_experts = whole_number(num_shared_experts, "num_shared_experts", 1)
        self.num_task_experts = whole_number(num_task_experts, "num_task_experts", 1)
        self.units = units
        self.num_tasks = whole_number(num_tasks, "num_tasks", 1)
        self.num_levels = whole_number(num_levels, "num_levels", 1)
        self.activation = activation
        self.dropout = dropout
        counts = [self.num_task_experts] * self.num_tasks + [self.num_shared_experts]
        self.levels = [
            _Level(
                counts,
                units,
                activation,
                dropout,
                last=n == self.num_levels - 1,
                dtype=self.dtype_policy,
                name=f"level_{n}",
            )
            for n in range(self.num_levels)
        ]

    def build(self, input_shape):
        for level in self.levels:
            level.build(input_shape)
            input_shape = (*input_shape[:-1], self.units[-1])

    def call(self, x):
        return tuple(self.levels[-1](self._before_last(x)))

    def compute_output_spec(self, x):
        # One object for each task: Keras tells the outputs of a graph apart by identity.
        shape = x.shape[0], self.units[-1]
        return tuple(keras.KerasTensor(shape, self.compute_dtype) for _ in range(self.num_tasks))

    def gates(self, x):
        """The weights of the last level, for each task those of its own experts, then the shared.

        Returns:
            `(batch, num_tasks, num_task_experts + num_shared_experts)` float32. The layer must be
            built.
        """
        parts, last = self._before_last(x), self.levels[-1]
        return ops.stack([last.gate(k, parts[k]) for k in range(self.num_tasks)], axis=1)

    def _before_last(self, x):
        """[x_1, ..., x_K, x_s], what the last level reads."""
        parts = [x] * (self.num_tasks + 1)
        for level in self.levels[:-1]:
            parts = level(parts)
        return parts


class _Level(keras.layers.Layer):
    """From [x_1, ..., x_K, x_s] to the next of these; the last level leaves out x_s."""

    def __init__(self, counts, units, activation, dropout, last, **kwargs):
        super().__init__(**kwargs)
        policy = {"dtype": self.dtype_policy}
        self.shared = len(counts) - 1
        self.owners = [k for k, count in enumerate(counts) for _ in range(count)]
        self.experts = [DenseStack(units, activation, dropout, **policy) for _ in self.owners]
        sizes = [count + counts[-1] for count in counts[:-1]]
        sizes += [] if last else [sum(counts)]
        self.gate_logits = [
            keras.layers.Dense(size, use_bias=False, **policy, name=f"gate_{k}")
            for k, size in enumerate(sizes)
        ]

    def build(self, input_shape):
        for layer in (*self.experts, *self.gate_logits):
            layer.build(input_shape)

    def call(self, parts):
        answers = [expert(parts[k]) for expert, k in zip(self.experts, self.owners, strict=True)]
        return [self._mixed(k, parts[k], answers) for k in range(len(self.gate_logits))]

    def gate(self, k, x):
        return ops.softmax(ops.cast(self.gate_logits[k](x), "float32"))

    def _mixed(self, k, x, answers):
        if k != self.shared:
            owned = zip(answers, self.owners, strict=True)
            answers = [answer for answer, owner in owned if owner in (k, self.shared)]
        experts = ops.stack(answers, axis=1)
        gate = ops.cast(self.gate(k, x), experts.dtype)
        return ops.matmul(gate[:, None], experts)[:, 0]
