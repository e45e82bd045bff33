"""Adagrad with one number a row."""

from keras import ops

from kerasrec.optimizers.gradient_sums import is_table
from kerasrec.optimizers.sparse_adagrad import SparseAdagrad
from kerasrec.register import register
from kerasrec.tables import rows


@register
class RowwiseAdagrad(SparseAdagrad):
    """Adagrad with one accumulator for each row of a table: the memory of a table alone.

    For each row of a table that the batch holds, with g the sum of its gradients:

        a <- a + mean(g^2)        w <- w - lr g / sqrt(a + epsilon) - lr decay w

    For tables of many millions of rows: the slots take 1 / dim of the table. A table is a variable
    that `EmbeddingTable` or `keras.layers.Embedding` has made; other weights take Adagrad.

    Args:
        learning_rate: Float, or a Keras schedule.
        initial_accumulator_value, epsilon: As of Adagrad. Keras starts from 0.1, which is far above
            the squared gradients of a loss that is a mean over a batch: next to nothing moves.
        weight_decay: Decay, of the touched rows only.
        clipnorm: Greatest norm of the gradient of each variable.
        clipvalue: Greatest absolute value in a gradient.
        global_clipnorm: Greatest norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient makes one update. The sums take as
            much memory as the table.
        name: Of the optimizer.

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

        squares = rows.local(self._accumulators[index])
        if len(squares.shape) == len(gradient.shape):
            return super().row_step(index, ids, gradient, learning_rate)
        total = squares.sparse_read(ids) + tf.reduce_mean(tf.square(gradient), axis=-1)
        squares.scatter_update(tf.IndexedSlices(total, ids))
        return (learning_rate / tf.sqrt(total + self.epsilon))[:, None] * gradient
