"""Adam that updates only the table rows in the batch."""

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
    """Adam that updates only the table rows in the batch; dense weights use plain Adam.

    Adam keeps moving a row in the steps between two batches that contain it, while its moments
    decay. LazyAdam applies these skipped steps at the next update of the row. For each row in the
    batch, with g the sum of its gradients and k the steps since its last update:

        m <- beta_1^k m + (1 - beta_1) g        v <- beta_2^k v + (1 - beta_2) g^2
        w <- w - lr sqrt(1 - beta_2^t) / (1 - beta_1^t) c m / (sqrt(v) + epsilon) - lr decay w

        c = 1 + r + ... + r^(k-1),  r = beta_1 / sqrt(beta_2)

    c is the distance that Adam would move the row in the next k steps, divided by that of the first
    step: the next gap is assumed equal to the last. A row in every batch has k = 1 and c = 1, and
    moves as in Adam. Without k, as in `torch.optim.SparseAdam` and other lazy variants, a rare row
    moves up to thirty times less than in Adam, so no learning rate suits both rare and popular
    rows. Memory: two numbers per weight and one per row.

    Args:
        learning_rate: Float, or a Keras schedule.
        beta_1, beta_2, epsilon: As for Adam, with `beta_1 < sqrt(beta_2)`.
        weight_decay: Weight decay, of the rows in the batch only.
        clipnorm: Maximal norm of the gradient of each variable.
        clipvalue: Maximal absolute value in a gradient.
        global_clipnorm: Maximal norm of all gradients together.
        gradient_accumulation_steps: Steps whose mean gradient is applied in one update.
        name: Name of the optimizer.

    Raises:
        InputError: unless 0 <= beta_1 < sqrt(beta_2) < 1.

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
                f"beta_2={beta_2}: otherwise the skipped steps of a row do not converge"
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
        # Step numbers as float32, exact up to 16 million. TensorFlow keeps int32 on the CPU.
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
        first, second, touched = map(rows.local_variable, slots)
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
        ratio = self.beta_1 / math.sqrt(self.beta_2)
        distance = (1 - _power(ratio, gap)) / (1 - ratio)
        bias_correction = tf.sqrt(_one_minus_power(self.beta_2, step)) / _one_minus_power(
            self.beta_1, step
        )
        return learning_rate * bias_correction * distance * m / (tf.sqrt(v) + self.epsilon)


def _power(base, exponent):
    """`tf.pow` in the dtype of the exponent; a Python number would become float32."""
    import tensorflow as tf

    return tf.pow(tf.constant(base, exponent.dtype), exponent)


def _one_minus_power(beta, step):
    """1 - beta^step by expm1; in float32 the difference loses five digits at first."""
    import tensorflow as tf

    return -tf.math.expm1(step * math.log(beta)) if beta else 1.0
