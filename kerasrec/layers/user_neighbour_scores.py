"""What the nearest users took."""

import keras
import numpy as np
from keras import ops

from kerasrec.layers.popular_scores import PopularScores
from kerasrec.layers.stored_histories import StoredHistories
from kerasrec.register import register
from kerasrec.tables.rows import declare_held


@register
class UserNeighbourScores(keras.layers.Layer):
    """Scores of all items from the histories of a user's neighbours.

        score(u, j) = sum over v in neighbours of u of weight(u, v) [j is in the history of v]

    A user without neighbours is answered with what is popular, see `PopularScores`.

    Args:
        num_users: Rows of users.
        num_items: Catalogue rows.
        num_neighbours: Neighbours kept for each user.
        length: Items kept for each user, the last ones.

    Input shape:
        `(batch,)` int user rows.

    Output shape:
        `(batch, num_items)` float32.

    Example:

    >>> from kerasrec.layers import UserNeighbourScores
    >>> scores = UserNeighbourScores(4, 5, num_neighbours=1, length=2)
    >>> pairs = [2, 3, 3], [3, 3, 4]  # user 2 took item 3, user 3 items 3 and 4
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
        shape, make = (num_users, num_neighbours), self.add_weight
        fixed = {"initializer": "zeros", "trainable": False}
        self.neighbours = make(shape, dtype="int32", name="neighbours", **fixed)
        declare_held(self.neighbours, num_users)
        self.weight = make(shape, dtype="float32", autocast=False, name="weight", **fixed)
        self.stored = StoredHistories(num_users, length, name="stored")
        self.stored.build()
        declare_held(self.stored.rows, num_items)
        self.popular = PopularScores(num_items, name="popular")
        self.popular.build(())

    def assign(self, neighbours, weight, pairs, counts):
        """Takes `(num_users, num_neighbours)` rows of users and their weights, 0 filling up.

        And the pairs `(users, items)` that occur, in time order, each pair once; and how often
        each item occurs in training, `(num_items,)`.
        """
        self.neighbours.assign(neighbours)
        self.weight.assign(weight)
        users, items = pairs
        self.stored.assign(users, items, np.ones(len(users)))
        self.popular.assign(counts)

    def query_size(self, length):
        """Numbers that a user takes."""
        return self.num_neighbours * self.length

    def contributions(self, user, history, items):
        """What each item `(h,)` of a history adds to the scores of some items: `(m, h)`.

        The weight of a neighbour is that of the items they share: each has an equal part in it.

        Args:
            user: The user's row.
            history: Distinct item rows, those of the user.
            items: `(m,)` item rows.
        """
        rows, _ = self.stored(self.neighbours[user])
        has = ops.any(ops.equal(rows[:, None], ops.reshape(history, (1, -1, 1))), axis=2)
        taken = ops.any(ops.equal(rows[:, None], ops.reshape(items, (1, -1, 1))), axis=2)
        has, taken = ops.cast(has, "float32"), ops.cast(taken, "float32")
        shared = ops.maximum(ops.sum(has, axis=1, keepdims=True), 1.0)
        parts = has * self.weight[user][:, None] / shared
        return ops.matmul(ops.transpose(taken), parts)

    def call(self, user):
        batch = ops.shape(user)[0]
        rows, _ = self.stored(ops.take(self.neighbours, user, axis=0))
        index = rows + self.num_items * ops.arange(batch, dtype="int32")[:, None, None]
        near = ops.take(self.weight, user, axis=0)
        # A place that holds nothing is row 0 of the items.
        weight = ops.where(rows == 0, 0.0, near[:, :, None])
        scores = ops.segment_sum(
            ops.reshape(weight, (-1,)), ops.reshape(index, (-1,)), batch * self.num_items
        )
        scores = ops.reshape(scores, (batch, self.num_items))
        return self.popular(scores, ops.cast(near > 0, "int32"))

    def compute_output_spec(self, user):
        return keras.KerasTensor((user.shape[0], self.num_items), "float32")
