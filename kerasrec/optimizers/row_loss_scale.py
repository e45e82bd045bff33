"""Loss scaling that reads only the table rows in the batch."""

import keras

from kerasrec.register import register
from kerasrec.tables import rows


@register
class RowLossScale(keras.optimizers.LossScaleOptimizer):
    """`keras.optimizers.LossScaleOptimizer` for the optimizers of `kerasrec.optimizers`.

    Keras's own class checks a dense gradient of the size of the table, and only one of the
    gradients of a repeated row. Models of kerasrec use this class automatically under the policy
    "mixed_float16".

    Args:
        inner_optimizer: The wrapped optimizer.
        initial_scale, dynamic_growth_steps, name: As for `LossScaleOptimizer`.

    Example:

    >>> from kerasrec.optimizers import LazyAdam, RowLossScale
    >>> optimizer = RowLossScale(LazyAdam(0.01))
    """

    def apply(self, grads, trainable_variables=None):
        grads = [rows.sum_equal_rows(grad) if hasattr(grad, "indices") else grad for grad in grads]
        super().apply(grads, trainable_variables)

    def check_finite(self, grads):
        return super().check_finite([getattr(grad, "values", grad) for grad in grads])
