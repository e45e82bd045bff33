"""Scores items by a history times a full item-item table."""

import keras
from keras import ops

from kerasrec.layers.neighbour_scores import count_in_history
from kerasrec.register import register


@register
class TableScores(keras.layers.Layer):
    """Scores all items by a weight for every pair of items.

        score(j) = sum over i in history of weight(i, j)

    Equal to `NeighbourScores` with all items as neighbours, computed by one matrix product. Memory:
    4 bytes for each of `num_items^2` weights.

    Args:
        num_items: Item rows, padding and unknown included.

    Input shape:
        `(batch, length)` int item rows, 0 is padding.

    Output shape:
        `(batch, num_items)` float32.

    Example:

    >>> from kerasrec.layers import TableScores
    >>> scores = TableScores(4)
    >>> scores.assign([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0.5], [0, 0, 0.25, 0]])
    >>> scores(keras.ops.array([[2, 3, 0], [3, 0, 0]])).numpy().tolist()
    [[0.0, 0.0, 0.25, 0.5], [0.0, 0.0, 0.25, 0.0]]
    """

    def __init__(self, num_items, **kwargs):
        super().__init__(**kwargs)
        self.num_items = num_items
        self.weight = self.add_weight(
            shape=(num_items, num_items),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            autocast=False,
            name="weight",
        )

    def assign(self, weight):
        """Sets the weights `(num_items, num_items)`; the row of the padding must be zeros."""
        self.weight.assign(weight)

    def query_size(self, length):
        """Numbers in memory for one history of this length."""
        return self.num_items

    def contributions(self, read, history, items):
        """The part of each item of a history in scores `(m, h)`; see `NeighbourScores`."""
        weight = ops.take(ops.take(self.weight, history, axis=0), items, axis=1)
        return ops.transpose(weight) * count_in_history(read, history)

    def call(self, history):
        batch = ops.shape(history)[0]
        index = history + self.num_items * ops.arange(batch, dtype="int32")[:, None]
        index = ops.reshape(index, (-1,))
        ones = ops.ones_like(index, dtype="float32")
        counts = ops.segment_sum(ones, index, batch * self.num_items)
        return ops.matmul(ops.reshape(counts, (batch, self.num_items)), self.weight)

    def compute_output_spec(self, history):
        return keras.KerasTensor((history.shape[0], self.num_items), "float32")
