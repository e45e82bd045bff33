"""Gradient descent that updates only the table rows in the batch."""

import keras

from kerasrec.optimizers.row_sparse import RowSparse
from kerasrec.register import register


@register
class SparseSGD(RowSparse, keras.optimizers.SGD):
    """Gradient descent that updates only the table rows in the batch. It has no slots.

        w <- w - lr g - lr decay w

    Momentum is not supported: it moves every row at every step.

    Args:
        learning_rate: Float, or a Keras schedule.
        weight_decay: Weight decay, of the rows in the batch only.
        clipnorm: Maximal norm of the gradient of each variable.
        clipvalue: Maximal absolute value in a gradient.
        global_clipnorm: Maximal norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient is applied in one update.
        name: Name of the optimizer.

    Example:

    >>> from kerasrec.optimizers import SparseSGD
    >>> optimizer = SparseSGD(learning_rate=0.1, weight_decay=0.01)

    Reference:
        Koren, Bell, Volinsky, Matrix factorization techniques for recommender systems, 2009.
    """

    def __init__(
        self,
        learning_rate=0.01,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        gradient_accumulation_steps=None,
        name="sparse_sgd",
    ):
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
        )

    def slot_shapes(self, variable):
        return []

    def row_step(self, index, ids, gradient, learning_rate):
        return learning_rate * gradient
