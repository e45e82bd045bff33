"""Items at fixed positions of a list."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.layers.greedy_list import NEVER
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class PinnedItems(keras.layers.Layer):
    """Puts items at fixed positions of a ranked list; the others keep their order around them.

    The list keeps its length: its last items fall out. In a list that ends before a position, the
    item comes last.

    Args:
        positions: The position of each pinned item, from 1, without repetitions.

    Call arguments:
        rows: `(batch, k)` int item rows, without the pinned items; padding, row 0, comes last.
        scores: `(batch, k)` float, -inf for padding.
        pinned: `(batch, number of positions)` int item rows; 0 where nothing is pinned for this
            query.
        pinned_scores: Their scores, the same shape.

    Output:
        Dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32.

    Raises:
        InputError: for a position below 1 or one that is given twice.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import PinnedItems
    >>> rows, scores = np.array([[2, 3, 4]]), np.array([[0.9, 0.8, 0.7]])
    >>> answer = PinnedItems([2])(rows, scores, np.array([[9]]), np.array([[0.1]]))
    >>> answer["rows"].numpy().tolist()
    [[2, 9, 3]]
    """

    def __init__(self, positions, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.positions = [whole_number(one, "each of positions", 1) for one in positions]
        if len(set(self.positions)) < len(self.positions):
            raise InputError(f"positions: expected different ones, received {self.positions}")

    def call(self, rows, scores, pinned, pinned_scores):
        rows, scores = ops.cast(rows, "int32"), ops.cast(scores, "float32")
        pinned, pinned_scores = ops.cast(pinned, "int32"), ops.cast(pinned_scores, "float32")
        k = scores.shape[1]
        # Positions behind the list count too: an item pinned there ends a list that is short.
        width = max([k, *self.positions])
        slots = ops.arange(1, width + 1, dtype="int32")[None]
        here = ops.zeros_like(pinned[:, :1]) + ops.zeros_like(slots)
        score_here = ops.cast(here, "float32")
        for number, position in enumerate(self.positions):
            slot, own = ops.equal(slots, position), slice(number, number + 1)
            here = ops.where(slot, pinned[:, own], here)
            score_here = ops.where(slot, pinned_scores[:, own], score_here)
        is_pinned = ops.not_equal(here, PADDING)
        others = slots - 1 - ops.cumsum(ops.cast(is_pinned, "int32"), axis=1)
        missing = [[0, 0], [0, width - k]]
        rows = ops.pad(rows, missing)
        scores = ops.pad(scores, missing, constant_values=NEVER)
        others = ops.clip(others, 0, width - 1)
        rows = ops.where(is_pinned, here, ops.take_along_axis(rows, others, axis=1))
        scores = ops.take_along_axis(scores, others, axis=1)
        scores = ops.where(is_pinned, score_here, scores)
        # Padding between the items goes to the end. The keys differ, so any sort will do.
        keys = slots + width * ops.cast(ops.equal(rows, PADDING), "int32")
        order = ops.argsort(keys, axis=1)[:, :k]
        return {
            "rows": ops.take_along_axis(rows, order, axis=1),
            "scores": ops.take_along_axis(scores, order, axis=1),
        }

    def compute_output_spec(self, rows, scores, pinned, pinned_scores):
        shape = tuple(scores.shape)
        return {
            "rows": keras.KerasTensor(shape, "int32"),
            "scores": keras.KerasTensor(shape, "float32"),
        }
