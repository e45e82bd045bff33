"""The state at the last real step of each history."""

from keras import ops


def last_real_step(states, mask):
    """Gathers the state at the last real step of each history.

        y_b = states[b, max{t : mask[b, t]}], zeros for a history without a real step

    Padding may stand on either side of the steps or between them.

    Args:
        states: Float `(batch, length, dim)`.
        mask: Bool `(batch, length)`, True at real steps.

    Returns:
        `(batch, dim)`, the dtype of `states`.

    >>> import numpy as np
    >>> from kerasrec.layers.last_step import last_real_step
    >>> states = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    >>> mask = np.array([[True, True, False], [False, False, False]])
    >>> last_real_step(states, mask).numpy().tolist()
    [[2.0], [0.0]]
    """
    mask = ops.cast(mask, "bool")
    # `arange` needs a known length, which a functional graph does not have.
    steps = ops.cumsum(ops.ones_like(mask, dtype="int32"), axis=1) - 1
    # Without `initial` Keras refuses an empty batch in eager mode.
    last = ops.max(ops.where(mask, steps, 0), axis=1, initial=0)
    found = ops.take_along_axis(states, last[:, None, None], axis=1)[:, 0]
    return ops.where(ops.any(mask, axis=1, keepdims=True), found, ops.zeros_like(found))
