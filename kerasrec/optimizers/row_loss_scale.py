"""Loss scaling that reads the touched rows only."""

import keras

from kerasrec.register import register
from kerasrec.tables import rows


@register
class RowLossScale(keras.optimizers.LossScaleOptimizer):
    """`keras.optimizers.LossScaleOptimizer` around an optimizer of `kerasrec.optimizers`.

    Keras's own looks for overflows in a gradient of the size of the table, and at only one of the
    gradients of a row that a batch repeats. Models of kerasrec take this one by themselves under
    the policy "mixed_float16".

    Args:
        inner_optimizer: The optimizer.
        initial_scale, dynamic_growth_steps, name: As of `LossScaleOptimizer`.

    Example:

    >>> from kerasrec.optimizers import LazyAdam, RowLossScale
    >>> optimizer = RowLossScale(LazyAdam(0.01))
    """

    def apply(self, grads, trainable_variables=None):
        grads = [rows.summed(grad) if hasattr(grad, "indices") else grad for grad in grads]
        super().apply(grads, trainable_variables)

    def check_finite(self, grads):
        return super().check_finite([getattr(grad, "values", grad) for grad in grads])
