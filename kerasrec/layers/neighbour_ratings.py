"""A rating estimated from those of neighbours."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.stored_histories import StoredHistories
from kerasrec.register import register
from kerasrec.tables.largest import largest
from kerasrec.tables.rows import declare_held

# Similarities looked up for one query at a time when all items are rated.
AT_ONCE = 2**20


@register
class NeighbourRatings(keras.layers.Layer):
    """Ratings as weighted means over the neighbours that have rated the same.

        r(u, i) = level(u, i) + sum_v s(u, v) (r(v, i) - level(v, i)) / sum_v s(u, v)
        level(u, i) = mean + user_level(u) + item_level(i)

    where v are the `num_neighbours` users most similar to u, with s > 0, that have rated i. With
    fewer than `min_neighbours` the level alone is left. With `near="item"` users and items change
    places: the neighbours are items that u has rated. The similarity of an id to itself should be
    0, so that no rating estimates itself.

    Memory: `4 n^2` bytes for the similarities of n users (items) and 8 for each of `num_ratings`
    places of an item (a user).

    Args:
        num_users: Rows of users.
        num_items: Rows of items.
        near: "user" or "item": whose neighbours.
        num_neighbours: Neighbours that count, at most.
        min_neighbours: Neighbours that it takes.
        num_ratings: Ratings kept for each item (user), the last ones.

    Input shape:
        `(batch,)` int user rows, and `(batch,)` int item rows or none for all items.

    Output shape:
        `(batch,)` float32, or `(batch, num_items)`.

    Example:

    >>> from kerasrec.layers import NeighbourRatings
    >>> ratings = NeighbourRatings(5, 3, near="user", num_neighbours=2, num_ratings=4)
    >>> similarity = keras.ops.zeros((5, 5)).numpy()
    >>> similarity[2, 3], similarity[2, 4] = 1.0, 0.5
    >>> ratings.assign(similarity, users=[3, 4], items=[2, 2], rests=[0.5, 2.0], mean=3.0)
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
        self.similarity = self._table("similarity", size, size)
        self.stored = StoredHistories(others, num_ratings, name="stored")
        self.stored.build()
        declare_held(self.stored.rows, size)
        self.user_level = self._table("user_level", num_users)
        self.item_level = self._table("item_level", num_items)
        self.mean = self._table("mean")

    def assign(self, similarity, users, items, rests, mean=0.0, user_level=None, item_level=None):
        """Takes the tables, and of each rating what is left of it above its level."""
        self.similarity.assign(similarity)
        others, rows = (items, users) if self.near == "user" else (users, items)
        self.stored.assign(others, rows, rests)
        for weight, value in ((self.user_level, user_level), (self.item_level, item_level)):
            weight.assign(ops.zeros(weight.shape) if value is None else value)
        self.mean.assign(mean)

    def query_size(self, length):
        """Numbers that a user takes for whom all items are rated."""
        return self._items_at_once() * self.num_ratings

    def contributions(self, user, history, items):
        """What each item `(h,)` of a history adds to the ratings of some items: `(m, h)`.

        The level of a rating is in none of them. Only with `near="item"`.
        """
        if self.near == "user":
            raise InputError("ratings of other users are no items of a history: leave out explain")
        rows, rests = self.stored(ops.convert_to_tensor(user, "int32"))
        similarity = ops.take(ops.take(self.similarity, items, axis=0), rows, axis=1)
        best, place = largest(similarity, self._count())
        parts = self._shares(best) * ops.take(rests, place)
        own = ops.equal(ops.take(rows, place)[:, None], ops.reshape(history, (1, -1, 1)))
        return ops.sum(ops.where(own, parts[:, None], 0.0), axis=2)

    def call(self, user, item=None):
        if item is None:
            level = self.mean + ops.take(self.user_level, user)[:, None] + self.item_level
            return level + self._all_changes(user)
        near, other = (user, item) if self.near == "user" else (item, user)
        rows, rests = self.stored(other)
        similarity = ops.take_along_axis(ops.take(self.similarity, near, axis=0), rows, axis=1)
        best, place = largest(similarity, self._count())
        change = self._change(best, ops.take_along_axis(rests, place, axis=1))
        return (
            self.mean + ops.take(self.user_level, user) + ops.take(self.item_level, item) + change
        )

    def compute_output_spec(self, user, item=None):
        shape = user.shape if item is not None else (user.shape[0], self.num_items)
        return keras.KerasTensor(shape, "float32")

    def _all_changes(self, user):
        size = self._items_at_once()
        blocks = -(-self.num_items // size)
        # The last block begins anew rather than be short.
        items = ops.reshape(
            ops.arange(blocks * size, dtype="int32") % self.num_items, (blocks, size)
        )
        if self.near == "user":
            similarity = ops.take(self.similarity, user, axis=0)
            found = ops.map(lambda block: self._each(similarity, *self.stored(block)), items)
            found = ops.transpose(found, (1, 0, 2))
        else:
            stored = self.stored(user)
            found = ops.map(
                lambda block: self._each(ops.take(self.similarity, block, axis=0), *stored), items
            )
            found = ops.transpose(found, (2, 0, 1))
        return ops.reshape(found, (-1, blocks * size))[:, : self.num_items]

    def _each(self, similarity, rows, rests):
        """Changes `(p, q)` of p ids with similarities `(p, n)` by q lists `(q, num_ratings)`."""
        best, place = largest(ops.take(similarity, rows, axis=1), self._count())
        first = ops.arange(ops.shape(rows)[0], dtype="int32") * self.num_ratings
        chosen = ops.cast(place, "int32") + first[None, :, None]
        return self._change(best, ops.take(ops.reshape(rests, (-1,)), chosen))

    def _change(self, best, rests):
        return ops.sum(self._shares(best) * rests, axis=-1)

    def _shares(self, best):
        """Similarities, the largest ones, as shares of their sum; zeros where they are too few."""
        best = ops.maximum(best, 0.0)
        enough = ops.sum(ops.cast(best > 0, "int32"), axis=-1, keepdims=True) >= self.min_neighbours
        total = ops.sum(best, axis=-1, keepdims=True)
        return best * ops.cast(enough, "float32") / ops.where(total > 0, total, 1.0)

    def _count(self):
        return min(self.num_neighbours, self.num_ratings)

    def _items_at_once(self):
        return min(self.num_items, max(1, AT_ONCE // self.num_ratings))

    def _table(self, name, *shape):
        return self.add_weight(
            shape, "zeros", "float32", trainable=False, autocast=False, name=name
        )
