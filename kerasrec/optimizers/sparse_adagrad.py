"""Adagrad for the rows that a batch touched."""

import keras

from kerasrec.optimizers.row_sparse import RowSparse
from kerasrec.register import register
from kerasrec.tables import rows


@register
class SparseAdagrad(RowSparse, keras.optimizers.Adagrad):
    """Adagrad whose step costs what the batch touches; equal to dense Adagrad in every row.

    For each row of a table that the batch holds, with g the sum of its gradients:

        a <- a + g^2        w <- w - lr g / sqrt(a + epsilon) - lr decay w

    A row without a gradient does not move in Adagrad either. Memory: one number a weight.

    Args:
        learning_rate: Float, or a Keras schedule.
        initial_accumulator_value, epsilon: As of Adagrad. Keras starts from 0.1, which is far above
            the squared gradients of a loss that is a mean over a batch: next to nothing moves.
        weight_decay: Decay, of the touched rows only.
        clipnorm: Greatest norm of the gradient of each variable.
        clipvalue: Greatest absolute value in a gradient.
        global_clipnorm: Greatest norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient makes one update.
        name: Of the optimizer.

    Example:

    >>> from kerasrec.optimizers import SparseAdagrad
    >>> optimizer = SparseAdagrad(learning_rate=0.1, clipnorm=1.0)

    Reference:
        Duchi, Hazan, Singer, Adaptive subgradient methods for online learning and stochastic
        optimization, JMLR 2011.
    """

    def __init__(
        self,
        learning_rate=0.01,
        initial_accumulator_value=0.0,
        epsilon=1e-14,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        gradient_accumulation_steps=None,
        name="sparse_adagrad",
    ):
        super().__init__(
            learning_rate=learning_rate,
            initial_accumulator_value=initial_accumulator_value,
            epsilon=epsilon,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
        )

    def slot_shapes(self, variable):
        return [tuple(variable.shape)]

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        if name != "accumulator":
            return super().add_optimizer_variables(trainable_variables, name, initializer)
        if not self.initial_accumulator_value:
            initializer = "zeros"  # Keras's constant makes the slot twice
        return [
            self.add_variable(self.slot_shapes(variable)[0], initializer, variable.dtype, name=name)
            for variable in trainable_variables
        ]

    def row_step(self, index, ids, gradient, learning_rate):
        import tensorflow as tf

        squares = rows.local(self._accumulators[index])
        total = squares.sparse_read(ids) + tf.square(gradient)
        squares.scatter_update(tf.IndexedSlices(total, ids))
        return learning_rate * gradient / tf.sqrt(total + self.epsilon)
