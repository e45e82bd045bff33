"""Adagrad that updates only the table rows in the batch."""

import keras

from kerasrec.optimizers.row_sparse import RowSparse
from kerasrec.register import register
from kerasrec.tables import rows


@register
class SparseAdagrad(RowSparse, keras.optimizers.Adagrad):
    """Adagrad that updates only the table rows in the batch; equal to dense Adagrad.

    For each row in the batch, with g the sum of its gradients:

        a <- a + g^2        w <- w - lr g / sqrt(a + epsilon) - lr decay w

    Dense Adagrad does not move a row without a gradient either. Memory: one number per weight.

    Args:
        learning_rate: Float, or a Keras schedule.
        initial_accumulator_value, epsilon: As for Adagrad. Keras's initial value of 0.1 is far
            above the squared gradients of a mean over a batch and makes the steps too small.
        weight_decay: Weight decay, of the rows in the batch only.
        clipnorm: Maximal norm of the gradient of each variable.
        clipvalue: Maximal absolute value in a gradient.
        global_clipnorm: Maximal norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient is applied in one update.
        name: Name of the optimizer.

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
            initializer = "zeros"  # Keras's constant allocates the slot twice
        return [
            self.add_variable(self.slot_shapes(variable)[0], initializer, variable.dtype, name=name)
            for variable in trainable_variables
        ]

    def row_step(self, index, ids, gradient, learning_rate):
        import tensorflow as tf

        squares = rows.local_variable(self._accumulators[index])
        total = squares.sparse_read(ids) + tf.square(gradient)
        squares.scatter_update(tf.IndexedSlices(total, ids))
        return learning_rate * gradient / tf.sqrt(total + self.epsilon)
