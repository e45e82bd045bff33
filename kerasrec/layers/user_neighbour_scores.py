"""Scores items by the histories of similar users."""

import keras
import numpy as np
from keras import ops

from kerasrec.layers.popular_scores import PopularScores
from kerasrec.layers.stored_histories import StoredHistories
from kerasrec.layers.sum_by_row import sum_by_row
from kerasrec.register import register
from kerasrec.tables.rows import declare_row_values


@register
class UserNeighbourScores(keras.layers.Layer):
    """Scores all items by the histories of a user's neighbours.

        score(u, j) = sum over v in neighbours of u of weight(u, v) [j is in the history of v]

    For a user without neighbours the scores are those of `PopularScores`.

    Args:
        num_users: User rows, padding and unknown included.
        num_items: Item rows, padding and unknown included.
        num_neighbours: Neighbours kept for each user.
        length: Items kept for each user, the last ones.

    Input shape:
        `(batch,)` int user rows.

    Output shape:
        `(batch, num_items)` float32.

    Example:

    >>> from kerasrec.layers import UserNeighbourScores
    >>> scores = UserNeighbourScores(4, 5, num_neighbours=1, length=2)
    >>> pairs = [2, 3, 3], [3, 3, 4]  # user 2 has item 3, user 3 has items 3 and 4
    >>> scores.assign([[0], [0], [3], [2]], [[0], [0], [0.5], [0.5]], pairs, [0, 0, 0, 2, 1])
    >>> scores(keras.ops.array([2, 3])).numpy().tolist()
    [[0.0, 0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.0, 0.5, 0.0]]
    """

    def __init__(self, num_users, num_items, num_neighbours, length, **kwargs):
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.num_neighbours = num_neighbours
        self.length = length
        shape, add = (num_users, num_neighbours), self.add_weight
        fixed = {"initializer": "zeros", "trainable": False}
        self.neighbours = add(shape, dtype="int32", name="neighbours", **fixed)
        declare_row_values(self.neighbours, num_users)
        self.weight = add(shape, dtype="float32", autocast=False, name="weight", **fixed)
        self.stored = StoredHistories(num_users, length, name="stored")
        self.stored.build()
        declare_row_values(self.stored.rows, num_items)
        self.popular = PopularScores(num_items, name="popular")
        self.popular.build(())

    def assign(self, neighbours, weight, pairs, counts):
        """Sets the tables.

        Args:
            neighbours: User rows `(num_users, num_neighbours)`, padded with 0.
            weight: Their weights, of the same shape.
            pairs: Tuple of user and item rows of the interactions in time order, each pair once.
            counts: Train interactions of each item, `(num_items,)`.
        """
        self.neighbours.assign(neighbours)
        self.weight.assign(weight)
        users, items = pairs
        self.stored.assign(users, items, np.ones(len(users)))
        self.popular.assign(counts)

    def query_size(self, length):
        """Numbers in memory for one user."""
        return self.num_neighbours * self.length

    def contributions(self, user, history, items):
        """The part of each item `(h,)` of a history in the scores of items: `(m, h)`.

        The weight of a neighbour is divided equally among the items shared with the user.

        Args:
            user: Row of the user.
            history: Distinct item rows of the user.
            items: `(m,)` item rows.
        """
        rows, _ = self.stored(self.neighbours[user])
        took = sum_by_row(rows, ops.ones_like(rows, dtype="float32"), self.num_items)
        took = ops.minimum(took, 1.0)
        has_shared, has_item = (ops.take(took, of, axis=1) for of in (history, items))
        num_shared = ops.maximum(ops.sum(has_shared, axis=1, keepdims=True), 1.0)
        parts = has_shared * self.weight[user][:, None] / num_shared
        return ops.matmul(ops.transpose(has_item), parts)

    def call(self, user):
        batch = ops.shape(user)[0]
        rows, _ = self.stored(ops.take(self.neighbours, user, axis=0))
        index = rows + self.num_items * ops.arange(batch, dtype="int32")[:, None, None]
        neighbour_weight = ops.take(self.weight, user, axis=0)
        # Item row 0 is padding.
        weight = ops.where(rows == 0, 0.0, neighbour_weight[:, :, None])
        scores = ops.segment_sum(
            ops.reshape(weight, (-1,)), ops.reshape(index, (-1,)), batch * self.num_items
        )
        scores = ops.reshape(scores, (batch, self.num_items))
        return self.popular(scores, ops.cast(neighbour_weight > 0, "int32"))

    def compute_output_spec(self, user):
        return keras.KerasTensor((user.shape[0], self.num_items), "float32")
