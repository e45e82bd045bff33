"""The state at the last real step of a history."""

from keras import ops


def last_real_step(states, mask):
    """Gathers the state at the last step that is not padding.

    Args:
        states: `(batch, length, dim)`.
        mask: `(batch, length)`, True at real steps, wherever the padding is.

    Returns:
        `(batch, dim)`; zeros for a history without a real step.

    Example:

    >>> import numpy as np
    >>> states = np.array([[[1.0], [2.0], [3.0]]])
    >>> last_real_step(states, np.array([[True, True, False]])).numpy().tolist()
    [[2.0]]
    """
    steps = ops.cumsum(ops.cast(mask, "int32"), axis=1)
    # The count of real steps is largest from the last one on; argmax takes the first such place.
    place = ops.argmax(steps, axis=1)
    last = ops.take_along_axis(states, place[:, None, None], axis=1)[:, 0]
    return ops.where(steps[:, -1:] > 0, last, ops.zeros_like(last))
