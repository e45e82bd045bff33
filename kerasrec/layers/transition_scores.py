"""The last items of a history times a sparse table of transitions."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import UNKNOWN
from kerasrec.register import register
from kerasrec.tables.rows import declare_held


@register
class TransitionScores(keras.layers.Layer):
    """Scores of all items from what follows the last items of a history.

        score(j) = prior(j) + sum over p = 0 .. last - 1 of decay^p weight(i_p, j)

    i_0 is the last item of the history, i_1 the one before; padding and unknown items are skipped,
    wherever they stand. The weight is 0 unless j is a neighbour of i.

    Args:
        num_items: Catalogue rows.
        num_neighbours: Neighbours kept for each item.
        last: Items of a history that are read.
        decay: What an item counts for, beside the one after it.

    Input shape:
        `(batch, length)` int item rows in time order, 0 is padding.

    Output shape:
        `(batch, num_items)` float32.

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
        shape, real = (num_items, num_neighbours), {"dtype": "float32", "autocast": False, **fixed}
        self.neighbours = self.add_weight(shape, dtype="int32", name="neighbours", **fixed)
        declare_held(self.neighbours, num_items)
        self.weight = self.add_weight(shape, name="weight", **real)
        self.prior = self.add_weight((num_items,), name="prior", **real)

    def assign(self, neighbours, weight, prior):
        """Takes `(num_items, num_neighbours)` rows and weights, 0 fills up, and `(num_items,)`."""
        self.neighbours.assign(neighbours)
        self.weight.assign(weight)
        self.prior.assign(prior)

    def query_size(self, length):
        """Numbers that a history of such a length takes."""
        return self.last * max(length, self.num_neighbours)

    def contributions(self, read, history, items):
        """What each item of a history adds to scores `(m, h)`; see `NeighbourScores`."""
        near = ops.take(self.neighbours, history, axis=0)
        own = ops.equal(near[None], ops.reshape(items, (-1, 1, 1)))
        weight = ops.sum(ops.where(own, ops.take(self.weight, history, axis=0), 0.0), axis=2)
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
        """Rows `(batch, last)`, the last item first, 0 filling up."""
        real = history > UNKNOWN
        after = ops.cumsum(ops.cast(real, "int32"), axis=1)
        after = after[:, -1:] - after
        own = ops.equal(after[:, None], ops.arange(self.last, dtype="int32")[:, None])
        return ops.sum(ops.where(own & real[:, None], history[:, None], 0), axis=2)

    def _decays(self):
        return ops.convert_to_tensor(self.decay ** np.arange(self.last), "float32")
