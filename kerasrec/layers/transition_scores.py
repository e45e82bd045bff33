"""Scores items by the last items of a history and a sparse table of transitions."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import UNKNOWN
from kerasrec.register import register
from kerasrec.tables.rows import declare_row_values


@register
class TransitionScores(keras.layers.Layer):
    """Scores all items by their transitions from the last items of a history.

        score(j) = prior(j) + sum over p = 0 .. last - 1 of decay^p weight(i_p, j)

    i_0 is the last item of the history, i_1 the item before it. Padding and unknown items are
    skipped at any position. The weight is 0 unless j is a neighbour of i.

    Args:
        num_items: Item rows, padding and unknown included.
        num_neighbours: Neighbours kept for each item.
        last: Items of a history that are read, the last ones.
        decay: Weight of an item relative to the item after it.

    Input shape:
        `(batch, length)` int item rows in time order, 0 is padding.

    Output shape:
        `(batch, num_items)` float32.

    Raises:
        InputError: for `last` below 1, or a decay outside of (0, 1].

    Example:

    >>> from kerasrec.layers.transition_scores import TransitionScores
    >>> scores = TransitionScores(5, num_neighbours=1, last=2, decay=0.5)
    >>> scores.assign([[0], [0], [3], [4], [2]], [[0], [0], [1.0], [1.0], [1.0]], [0] * 5)
    >>> scores(keras.ops.array([[4, 2, 3, 0]])).numpy().tolist()
    [[0.0, 0.0, 0.0, 0.5, 1.0]]
    """

    def __init__(self, num_items, num_neighbours, last=10, decay=1.0, **kwargs):
        super().__init__(**kwargs)
        if last < 1:
            raise InputError(f"last: expected a whole number from 1, received {last!r}")
        if not 0 < decay <= 1:
            raise InputError(f"decay: expected a number above 0 and up to 1, received {decay!r}")
        self.num_items = num_items
        self.num_neighbours = num_neighbours
        self.last = last
        self.decay = decay
        fixed = {"initializer": "zeros", "trainable": False}
        shape, is_item = (
            (num_items, num_neighbours),
            {"dtype": "float32", "autocast": False, **fixed},
        )
        self.neighbours = self.add_weight(shape, dtype="int32", name="neighbours", **fixed)
        declare_row_values(self.neighbours, num_items)
        self.weight = self.add_weight(shape, name="weight", **is_item)
        self.prior = self.add_weight((num_items,), name="prior", **is_item)

    def assign(self, neighbours, weight, prior):
        """Sets rows and weights `(num_items, num_neighbours)`, padded with 0, and the prior."""
        self.neighbours.assign(neighbours)
        self.weight.assign(weight)
        self.prior.assign(prior)

    def query_size(self, length):
        """Numbers in memory for one history of this length."""
        return self.last * max(length, self.num_neighbours)

    def contributions(self, read, history, items):
        """The part of each item of a history in scores `(m, h)`; see `NeighbourScores`."""
        neighbours = ops.take(self.neighbours, history, axis=0)
        same = ops.equal(neighbours[None], ops.reshape(items, (-1, 1, 1)))
        weight = ops.sum(ops.where(same, ops.take(self.weight, history, axis=0), 0.0), axis=2)
        same = ops.equal(ops.reshape(history, (-1, 1)), self._recent(ops.reshape(read, (1, -1))))
        return weight * ops.sum(ops.where(same, self._decays(), 0.0), axis=1)

    def call(self, history):
        recent = self._recent(history)
        rows = ops.take(self.neighbours, recent, axis=0)
        weight = ops.take(self.weight, recent, axis=0) * self._decays()[:, None]
        batch = ops.shape(history)[0]
        index = rows + self.num_items * ops.arange(batch, dtype="int32")[:, None, None]
        scores = ops.segment_sum(
            ops.reshape(weight, (-1,)), ops.reshape(index, (-1,)), batch * self.num_items
        )
        return ops.reshape(scores, (batch, self.num_items)) + self.prior

    def compute_output_spec(self, history):
        return keras.KerasTensor((history.shape[0], self.num_items), "float32")

    def _recent(self, history):
        """Rows `(batch, last)`, the last item first, padded with 0."""
        is_item = history > UNKNOWN
        num_after = ops.cumsum(ops.cast(is_item, "int32"), axis=1)
        num_after = num_after[:, -1:] - num_after
        same = ops.equal(num_after[:, None], ops.arange(self.last, dtype="int32")[:, None])
        return ops.sum(ops.where(same & is_item[:, None], history[:, None], 0), axis=2)

    def _decays(self):
        return ops.convert_to_tensor(self.decay ** np.arange(self.last), "float32")
