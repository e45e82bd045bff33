"""Predicts a rating from the ratings of neighbours."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.stored_histories import StoredHistories
from kerasrec.layers.sum_by_row import sum_by_row
from kerasrec.register import register
from kerasrec.tables.largest import largest
from kerasrec.tables.rows import declare_row_values

# Similarities gathered for one query at a time when all items are scored.
SIMILARITIES_AT_ONCE = 2**20


@register
class NeighbourRatings(keras.layers.Layer):
    """Predicts a rating as the weighted mean of the neighbours' ratings of the same item.

        r(u, i) = level(u, i) + sum_v s(u, v) (r(v, i) - level(v, i)) / sum_v s(u, v)
        level(u, i) = mean + user_level(u) + item_level(i)

    where v are the `num_neighbours` users most similar to u, with s > 0, who rated i. With fewer
    than `min_neighbours` of them the prediction is the level. With `near="item"` users and items
    are swapped: the neighbours are items that u rated. The similarity of a row to itself should be
    0, so that no rating predicts itself.

    Memory: `4 n^2` bytes for the similarities of n users (items), and 8 bytes for each of
    `num_ratings` ratings of each item (user).

    Args:
        num_users: User rows, padding and unknown included.
        num_items: Item rows, padding and unknown included.
        near: "user" or "item", the kind of the neighbours.
        num_neighbours: Maximal number of neighbours.
        min_neighbours: Minimal number of neighbours.
        num_ratings: Ratings kept for each item (user), the last ones.

    Input shape:
        `(batch,)` int user rows, and `(batch,)` int item rows, or None for all items.

    Output shape:
        `(batch,)` float32, or `(batch, num_items)` for all items.

    Raises:
        InputError: for an unknown `near`.

    Example:

    >>> from kerasrec.layers import NeighbourRatings
    >>> ratings = NeighbourRatings(5, 3, near="user", num_neighbours=2, num_ratings=4)
    >>> similarity = keras.ops.zeros((5, 5)).numpy()
    >>> similarity[2, 3], similarity[2, 4] = 1.0, 0.5
    >>> ratings.assign(similarity, users=[3, 4], items=[2, 2], residuals=[0.5, 2.0], mean=3.0)
    >>> ratings(keras.ops.array([2]), keras.ops.array([2])).numpy().tolist()  # 3 + (.5 + 1) / 1.5
    [4.0]
    >>> ratings(keras.ops.array([2])).numpy().tolist()
    [[3.0, 3.0, 4.0]]
    """

    def __init__(
        self, num_users, num_items, near, num_neighbours, min_neighbours=1, num_ratings=1, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.near = near
        self.num_neighbours = num_neighbours
        self.min_neighbours = min_neighbours
        self.num_ratings = num_ratings
        if near not in ("user", "item"):
            raise InputError(f"near: expected 'user' or 'item', received {near!r}")
        size, others = num_users, num_items
        if near == "item":
            size, others = others, size
        self.similarity = self._add_table("similarity", size, size)
        self.stored = StoredHistories(others, num_ratings, name="stored")
        self.stored.build()
        declare_row_values(self.stored.rows, size)
        self.user_level = self._add_table("user_level", num_users)
        self.item_level = self._add_table("item_level", num_items)
        self.mean = self._add_table("mean")

    def assign(
        self, similarity, users, items, residuals, mean=0.0, user_level=None, item_level=None
    ):
        """Sets the tables, and the residual of each rating: rating minus level."""
        self.similarity.assign(similarity)
        others, rows = (items, users) if self.near == "user" else (users, items)
        self.stored.assign(others, rows, residuals)
        for weight, value in ((self.user_level, user_level), (self.item_level, item_level)):
            weight.assign(ops.zeros(weight.shape) if value is None else value)
        self.mean.assign(mean)

    def query_size(self, length):
        """Numbers in memory for one user when all items are scored."""
        return self._items_at_once() * self.num_ratings

    def contributions(self, user, history, items):
        """The part of each item `(h,)` of a history in the ratings of items: `(m, h)`.

        The parts of a rating sum to the rating minus its level.

        Raises:
            InputError: with `near="user"`.
        """
        if self.near == "user":
            raise InputError(
                "near='user': the neighbours are users, not items of a history: leave out explain"
            )
        rows, residuals = self.stored(ops.convert_to_tensor(user, "int32"))
        similarity = ops.take(ops.take(self.similarity, items, axis=0), rows, axis=1)
        similarities, index = largest(similarity, self._top_k())
        parts = self._normalized(similarities) * ops.take(residuals, index)
        return ops.take(sum_by_row(ops.take(rows, index), parts, self.num_items), history, axis=1)

    def call(self, user, item=None):
        if item is None:
            level = self.mean + ops.take(self.user_level, user)[:, None] + self.item_level
            return level + self._all_differences(user)
        near, other = (user, item) if self.near == "user" else (item, user)
        rows, residuals = self.stored(other)
        similarity = ops.take_along_axis(ops.take(self.similarity, near, axis=0), rows, axis=1)
        similarities, index = largest(similarity, self._top_k())
        difference = self._weighted_mean(
            similarities, ops.take_along_axis(residuals, index, axis=1)
        )
        return (
            self.mean
            + ops.take(self.user_level, user)
            + ops.take(self.item_level, item)
            + difference
        )

    def compute_output_spec(self, user, item=None):
        shape = user.shape if item is not None else (user.shape[0], self.num_items)
        return keras.KerasTensor(shape, "float32")

    def _all_differences(self, user):
        size = self._items_at_once()
        blocks = -(-self.num_items // size)
        # All blocks have the same size: the last one wraps around to the first items.
        items = ops.reshape(
            ops.arange(blocks * size, dtype="int32") % self.num_items, (blocks, size)
        )
        if self.near == "user":
            similarity = ops.take(self.similarity, user, axis=0)
            differences = ops.map(
                lambda block: self._differences(similarity, *self.stored(block)), items
            )
            differences = ops.transpose(differences, (1, 0, 2))
        else:
            stored = self.stored(user)
            differences = ops.map(
                lambda block: self._differences(ops.take(self.similarity, block, axis=0), *stored),
                items,
            )
            differences = ops.transpose(differences, (2, 0, 1))
        return ops.reshape(differences, (-1, blocks * size))[:, : self.num_items]

    def _differences(self, similarity, rows, residuals):
        """Differences to the level `(p, q)`: p rows of similarities, q rows of ratings."""
        similarities, index = largest(ops.take(similarity, rows, axis=1), self._top_k())
        first = ops.arange(ops.shape(rows)[0], dtype="int32") * self.num_ratings
        chosen = ops.cast(index, "int32") + first[None, :, None]
        return self._weighted_mean(similarities, ops.take(ops.reshape(residuals, (-1,)), chosen))

    def _weighted_mean(self, similarities, residuals):
        return ops.sum(self._normalized(similarities) * residuals, axis=-1)

    def _normalized(self, similarities):
        """Divides the largest similarities by their sum; zeros if they are too few."""
        similarities = ops.maximum(similarities, 0.0)
        enough = (
            ops.sum(ops.cast(similarities > 0, "int32"), axis=-1, keepdims=True)
            >= self.min_neighbours
        )
        total = ops.sum(similarities, axis=-1, keepdims=True)
        return similarities * ops.cast(enough, "float32") / ops.where(total > 0, total, 1.0)

    def _top_k(self):
        return min(self.num_neighbours, self.num_ratings)

    def _items_at_once(self):
        return min(self.num_items, max(1, SIMILARITIES_AT_ONCE // self.num_ratings))

    def _add_table(self, name, *shape):
        return self.add_weight(
            shape, "zeros", "float32", trainable=False, autocast=False, name=name
        )
