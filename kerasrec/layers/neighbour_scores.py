"""Scores items by a history times a sparse item-item table."""

import keras
from keras import ops

from kerasrec.register import register
from kerasrec.tables.rows import declare_row_values


@register
class NeighbourScores(keras.layers.Layer):
    """Scores all items by the neighbours of the items in a history.

        score(j) = sum over i in history of weight(i, j),   weight 0 unless j is a neighbour of i

    Args:
        num_items: Item rows, padding and unknown included.
        num_neighbours: Neighbours kept for each item.

    Input shape:
        `(batch, length)` int item rows, 0 is padding.

    Output shape:
        `(batch, num_items)` float32.

    Example:

    >>> from kerasrec.layers import NeighbourScores
    >>> scores = NeighbourScores(5, num_neighbours=2)
    >>> scores.assign([[0, 0], [0, 0], [3, 4], [2, 0], [2, 0]],
    ...               [[0, 0], [0, 0], [0.5, 0.25], [0.5, 0], [0.25, 0]])
    >>> scores(keras.ops.array([[2, 3, 0]])).numpy().tolist()
    [[0.0, 0.0, 0.5, 0.5, 0.25]]
    """

    def __init__(self, num_items, num_neighbours, **kwargs):
        super().__init__(**kwargs)
        self.num_items = num_items
        self.num_neighbours = num_neighbours
        shape, add = (num_items, num_neighbours), self.add_weight
        fixed = {"initializer": "zeros", "trainable": False}
        self.neighbours = add(shape, dtype="int32", name="neighbours", **fixed)
        declare_row_values(self.neighbours, num_items)
        self.weight = add(shape, dtype="float32", autocast=False, name="weight", **fixed)

    def assign(self, neighbours, weight):
        """Sets neighbour rows and weights, `(num_items, num_neighbours)` each, padded with 0."""
        self.neighbours.assign(neighbours)
        self.weight.assign(weight)

    def query_size(self, length):
        """Numbers in memory for one history of this length."""
        return length * self.num_neighbours

    def contributions(self, read, history, items):
        """The part of each item `(h,)` of a history in the scores of items: `(m, h)`.

        Args:
            read: `(length,)`, the history of the query.
            history: Distinct item rows; rows that are not in `read` have part 0.
            items: `(m,)` item rows.
        """
        neighbours = ops.take(self.neighbours, history, axis=0)
        same = ops.equal(neighbours[None], ops.reshape(items, (-1, 1, 1)))
        weight = ops.sum(ops.where(same, ops.take(self.weight, history, axis=0), 0.0), axis=2)
        return weight * count_in_history(read, history)

    def call(self, history):
        rows = ops.take(self.neighbours, history, axis=0)
        weight = ops.take(self.weight, history, axis=0)
        batch = ops.shape(history)[0]
        index = rows + self.num_items * ops.arange(batch, dtype="int32")[:, None, None]
        scores = ops.segment_sum(
            ops.reshape(weight, (-1,)), ops.reshape(index, (-1,)), batch * self.num_items
        )
        return ops.reshape(scores, (batch, self.num_items))

    def compute_output_spec(self, history):
        return keras.KerasTensor((history.shape[0], self.num_items), "float32")


def count_in_history(read, history):
    """Counts each item `(h,)` in a history `(length,)`: float32 `(h,)`."""
    same = ops.equal(ops.reshape(history, (-1, 1)), ops.reshape(read, (1, -1)))
    return ops.sum(ops.cast(same, "float32"), axis=1)
