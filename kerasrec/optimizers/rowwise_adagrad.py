"""Adagrad with one accumulator per table row."""

from keras import ops

from kerasrec.optimizers.gradient_sums import is_table
from kerasrec.optimizers.sparse_adagrad import SparseAdagrad
from kerasrec.register import register
from kerasrec.tables import rows


@register
class RowwiseAdagrad(SparseAdagrad):
    """Adagrad with one accumulator per table row, which needs little memory.

    For each row in the batch, with g the sum of its gradients:

        a <- a + mean(g^2)        w <- w - lr g / sqrt(a + epsilon) - lr decay w

    For tables with many millions of rows: the slots take 1 / dim of the table's memory. A table is
    the weight of an `EmbeddingTable` or `keras.layers.Embedding`. Other weights use Adagrad.

    Args:
        learning_rate: Float, or a Keras schedule.
        initial_accumulator_value, epsilon: As for Adagrad. Keras's initial value of 0.1 is far
            above the squared gradients of a mean over a batch and makes the steps too small.
        weight_decay: Weight decay, of the rows in the batch only.
        clipnorm: Maximal norm of the gradient of each variable.
        clipvalue: Maximal absolute value in a gradient.
        global_clipnorm: Maximal norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient is applied in one update. The sums
            take as much memory as the table.
        name: Name of the optimizer.

    Example:

    >>> from kerasrec.optimizers import RowwiseAdagrad
    >>> optimizer = RowwiseAdagrad(learning_rate=0.05)

    Reference:
        Mudigere et al., Software-hardware co-design for fast and scalable training of deep learning
        recommendation models, ISCA 2022.
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
        name="rowwise_adagrad",
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
        return [tuple(variable.shape[:1]) if is_table(variable) else tuple(variable.shape)]

    def update_step(self, gradient, variable, learning_rate):
        squares = self._accumulators[self._get_variable_index(variable)]
        if len(squares.shape) == len(variable.shape):
            super().update_step(gradient, variable, learning_rate)
            return
        rate, gradient = (ops.cast(x, variable.dtype) for x in (learning_rate, gradient))
        self.assign_add(squares, ops.mean(ops.square(gradient), axis=-1))
        self.assign_sub(variable, rate * gradient / ops.sqrt(squares + self.epsilon)[:, None])

    def row_step(self, index, ids, gradient, learning_rate):
        import tensorflow as tf

        squares = rows.local_variable(self._accumulators[index])
        if len(squares.shape) == len(gradient.shape):
            return super().row_step(index, ids, gradient, learning_rate)
        total = squares.sparse_read(ids) + tf.reduce_mean(tf.square(gradient), axis=-1)
        squares.scatter_update(tf.IndexedSlices(total, ids))
        return (learning_rate / tf.sqrt(total + self.epsilon))[:, None] * gradient
