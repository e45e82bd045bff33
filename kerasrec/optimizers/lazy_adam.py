"""Adam for the rows that a batch touched."""

import math

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.optimizers.gradient_sums import is_table
from kerasrec.optimizers.row_sparse import RowSparse
from kerasrec.register import register
from kerasrec.tables import rows


@register
class LazyAdam(RowSparse, keras.optimizers.Adam):
    """Adam whose step costs what the batch touches; dense weights are trained by Adam itself.

    In Adam a row goes on moving between two batches that hold it, while its moments fade. Here all
    of that is done when the row is touched. For each row of a table that the batch holds, with g
    the sum of its gradients and k the steps since it was touched last:

        m <- beta_1^k m + (1 - beta_1) g        v <- beta_2^k v + (1 - beta_2) g^2
        w <- w - lr sqrt(1 - beta_2^t) / (1 - beta_1^t) c m / (sqrt(v) + epsilon) - lr decay w

        c = 1 + r + ... + r^(k-1),  r = beta_1 / sqrt(beta_2)

    c is how far Adam would carry the row in the next k steps, as a multiple of the first: the gap
    to come is taken to be the gap before. Rows in every batch, with k = 1 and c = 1, move as in
    Adam. Without k (`torch.optim.SparseAdam`, and what is called lazy elsewhere) a rare row moves
    up to thirty times less than in Adam, and no learning rate suits rare and popular rows at once.
    Memory: two numbers a weight and one a row.

    Args:
        learning_rate: Float, or a Keras schedule.
        beta_1, beta_2, epsilon: As of Adam, with `beta_1 < sqrt(beta_2)`.
        weight_decay: Decay, of the touched rows only.
        clipnorm: Greatest norm of the gradient of each variable.
        clipvalue: Greatest absolute value in a gradient.
        global_clipnorm: Greatest norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient makes one update.
        name: Of the optimizer.

    Example:

    >>> import keras, numpy as np
    >>> from kerasrec.layers import EmbeddingTable
    >>> from kerasrec.optimizers import LazyAdam
    >>> model = keras.Sequential([EmbeddingTable(1000, 8), keras.layers.Dense(1)])
    >>> model.compile(LazyAdam(0.01), "mse")
    >>> _ = model.fit(np.array([5, 5, 7]), np.ones(3), verbose=0)

    Reference:
        Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        gradient_accumulation_steps=None,
        name="lazy_adam",
    ):
        if not 0 <= beta_1 < math.sqrt(beta_2) < 1:
            raise InputError(
                f"expected 0 <= beta_1 < sqrt(beta_2) < 1, received beta_1={beta_1}, "
                f"beta_2={beta_2}: a row would be carried on for ever"
            )
        super().__init__(
            learning_rate=learning_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
        )

    def build_row_slots(self, variables):
        self._tables = [is_table(variable) for variable in variables]
        # Steps as float32: exact to 16 million, and on any device, which int32 is not.
        self._touched = [
            self.add_variable(variable.shape[:1], dtype="float32", name="touched")
            for variable in variables
        ]

    def slot_shapes(self, variable):
        return [tuple(variable.shape)] * 2 + [tuple(variable.shape[:1])]

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate)
        index = self._get_variable_index(variable)
        if self._tables[index]:
            touched = self._touched[index]
            step = ops.cast(self.iterations + 1, touched.dtype)
            self.assign(touched, ops.broadcast_to(step, touched.shape))

    def row_step(self, index, ids, gradient, learning_rate):
        import tensorflow as tf

        slots = self._momentums[index], self._velocities[index], self._touched[index]
        first, second, touched = map(rows.local, slots)
        step = tf.cast(self.iterations + 1, gradient.dtype)
        gap = step - tf.cast(touched.sparse_read(ids), gradient.dtype)
        gap = tf.reshape(gap, (-1, *[1] * (len(gradient.shape) - 1)))
        m = _power(self.beta_1, gap) * first.sparse_read(ids) + (1 - self.beta_1) * gradient
        squares = (1 - self.beta_2) * tf.square(gradient)
        v = _power(self.beta_2, gap) * second.sparse_read(ids) + squares
        first.scatter_update(tf.IndexedSlices(m, ids))
        second.scatter_update(tf.IndexedSlices(v, ids))
        now = tf.fill(tf.shape(ids), tf.cast(step, touched.dtype))
        touched.scatter_update(tf.IndexedSlices(now, ids))
        fade = self.beta_1 / math.sqrt(self.beta_2)
        carried = (1 - _power(fade, gap)) / (1 - fade)
        unbiased = tf.sqrt(_rest(self.beta_2, step)) / _rest(self.beta_1, step)
        return learning_rate * unbiased * carried * m / (tf.sqrt(v) + self.epsilon)


def _power(base, exponent):
    """`tf.pow`, which would take a Python number for float32."""
    import tensorflow as tf

    return tf.pow(tf.constant(base, exponent.dtype), exponent)


def _rest(beta, step):
    """1 - beta^step, in which float32 would lose five digits at the first steps."""
    import tensorflow as tf

    return -tf.math.expm1(step * math.log(beta)) if beta else 1.0
