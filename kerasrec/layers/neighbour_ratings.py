"""Predicts a rating from the ratings of neighbours."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.given_rater import given_rater
from kerasrec.layers.stored_histories import StoredHistories
from kerasrec.layers.sum_by_row import sum_by_row
from kerasrec.register import register
from kerasrec.tables.largest import largest
from kerasrec.tables.rows import declare_row_values

# Similarities gathered for one query at a time when all items are scored.
SIMILARITIES_AT_ONCE = 2**20
NEAR, NEAREST = ("user", "item"), ("raters", "all")


@register
class NeighbourRatings(keras.layers.Layer):
    """Predicts a rating as the weighted mean of the neighbours' ratings of the same item.

        r(u, i) = level(u, i) + sum_v s(u, v) (r(v, i) - level(v, i)) / sum_v s(u, v)
        level(u, i) = mean + user_level(u) + item_level(i)

    where v are the `num_neighbours` users most similar to u, with s > 0, who rated i. With fewer
    than `min_neighbours` of them the prediction is the level. With `near="item"` users and items
    are swapped: the neighbours are items that u rated. The similarity of a row to itself should be
    0, so that no rating predicts itself.

    With a `similarity` a query may give ratings. Then s(u, v) and user_level(u) come from these,
    see `given_rater`, whoever u is. Nobody is their own neighbour.

    Memory: `4 n^2` bytes for the similarities of n users (items), and 8 bytes for each of
    `num_ratings` ratings of each item (user).

    Args:
        num_users: User rows, padding and unknown included.
        num_items: Item rows, padding and unknown included.
        near: "user" or "item", the kind of the neighbours.
        num_neighbours: Maximal number of neighbours.
        min_neighbours: Minimal number of neighbours.
        num_ratings: Ratings kept for each item (user), the last ones.
        nearest: "raters": v are the most similar users who rated i. "all": those of the
            `num_neighbours` most similar users who rated i. For `near="user"`.
        similarity, shrinkage: Of given ratings, see `list_similarities`; None: none are given.
        user_damping: None for a user_level of 0.

    Input shape:
        `(batch,)` int user rows, and `(batch,)` int item rows, or None for all items. With a
        `similarity` also `history` `(batch, length)` int item rows, 0 is padding, and `value`, its
        ratings, NaN for none.

    Output shape:
        `(batch,)` float32, or `(batch, num_items)` for all items.

    Raises:
        InputError: for an unknown `near` or `nearest`, or items as neighbours of given ratings.

    Example:

    >>> from kerasrec.layers import NeighbourRatings
    >>> ratings = NeighbourRatings(5, 3, near="user", num_neighbours=2, num_ratings=4)
    >>> similarity = keras.ops.zeros((5, 5)).numpy()
    >>> similarity[2, 3], similarity[2, 4] = 1.0, 0.5
    >>> ratings.assign(similarity, users=[3, 4], items=[2, 2], ratings=[3.5, 5.0], mean=3.0)
    >>> ratings(keras.ops.array([2]), keras.ops.array([2])).numpy().tolist()  # 3 + (.5 + 1) / 1.5
    [4.0]
    >>> ratings(keras.ops.array([2])).numpy().tolist()
    [[3.0, 3.0, 4.0]]
    """

    def __init__(
        self,
        num_users,
        num_items,
        near,
        num_neighbours,
        min_neighbours=1,
        num_ratings=1,
        nearest="raters",
        similarity=None,
        shrinkage=0.0,
        user_damping=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.near = near
        self.num_neighbours = num_neighbours
        self.min_neighbours = min_neighbours
        self.num_ratings = num_ratings
        self.nearest = nearest
        self.similarity = similarity
        self.shrinkage = shrinkage
        self.user_damping = user_damping
        for name, value, known in (("near", near, NEAR), ("nearest", nearest, NEAREST)):
            if value not in known:
                raise InputError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
        if near == "item" and (nearest != "raters" or similarity is not None):
            raise InputError(
                f'near="item" with nearest={nearest!r}, similarity={similarity!r}: both are of '
                'users; take near="user"'
            )
        size, others = num_users, num_items
        if near == "item":
            size, others = others, size
        self.similarities = self._add_table("similarity", size, size)
        self.ratings = StoredHistories(others, num_ratings, name="ratings")
        self.ratings.build()
        declare_row_values(self.ratings.rows, size)
        self.user_level = self._add_table("user_level", num_users)
        self.item_level = self._add_table("item_level", num_items)
        self.mean = self._add_table("mean")
        self.scale = self._add_table("scale", 2)

    def assign(self, similarity, users, items, ratings, mean=0.0, user_level=None, item_level=None):
        """Sets the tables, from the similarities, the ratings and their levels."""
        self.similarities.assign(similarity)
        others, rows = (items, users) if self.near == "user" else (users, items)
        self.ratings.assign(others, rows, ratings)
        for weight, value in ((self.user_level, user_level), (self.item_level, item_level)):
            weight.assign(ops.zeros(weight.shape) if value is None else value)
        self.mean.assign(mean)
        self.scale.assign([np.min(ratings, initial=np.inf), np.max(ratings, initial=-np.inf)])

    def query_size(self, length):
        """Numbers in memory for one user when all items are scored."""
        length = length if self.similarity is not None else 0
        return max(self._items_at_once(), length) * self.num_ratings

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
        rows, residuals = self._rated(ops.convert_to_tensor(user, "int32"))
        similarity = ops.take(ops.take(self.similarities, items, axis=0), rows, axis=1)
        similarities, index = largest(similarity, self._top_k())
        parts = self._normalized(similarities) * ops.take(residuals, index)
        return ops.take(sum_by_row(ops.take(rows, index), parts, self.num_items), history, axis=1)

    def call(self, user, item=None, history=None, value=None):
        near, level = None, ops.take(self.user_level, user)
        if self.near == "user":
            near, level = self._rater(user, level, history, value)
        if item is None:
            return (
                (self.mean + level)[:, None] + self.item_level + self._all_differences(user, near)
            )
        other = item
        if self.near == "item":
            near, other = ops.take(self.similarities, item, axis=0), user
        rows, residuals = self._rated(other)
        similarities, index = largest(ops.take_along_axis(near, rows, axis=1), self._top_k())
        difference = self._weighted_mean(
            similarities, ops.take_along_axis(residuals, index, axis=1)
        )
        return self.mean + level + ops.take(self.item_level, item) + difference

    def compute_output_spec(self, user, item=None, history=None, value=None):
        shape = user.shape if item is not None else (user.shape[0], self.num_items)
        return keras.KerasTensor(shape, "float32")

    def _rater(self, user, level, history, value):
        """Similarities `(batch, num_users)` to all users, and the level of the user `(batch,)`."""
        near = ops.take(self.similarities, user, axis=0)
        if history is not None:
            # Without ratings, as of the users of a train part, nothing is looked up.
            rated = ops.logical_and(history > 0, ops.logical_not(ops.isnan(value)))
            given = ops.where(rated, value, float("nan"))
            given_near, given_level = ops.cond(
                ops.any(rated),
                lambda: given_rater(
                    history, given, self.ratings, self.num_users, self.mean, self.item_level,
                    self.similarity, self.shrinkage, self.user_damping,
                ),
                lambda: (ops.zeros_like(near), ops.zeros_like(level)),
            )  # fmt: skip
            is_self = ops.arange(self.num_users, dtype="int32") == ops.cast(user, "int32")[:, None]
            rates = ops.any(rated, axis=1)
            near = ops.where(rates[:, None], ops.where(is_self, 0.0, given_near), near)
            level = ops.where(rates, given_level, level)
        if self.nearest == "all":
            values, places = largest(near, min(self.num_neighbours, self.num_users))
            near = sum_by_row(places, values, self.num_users)
        return near, level

    def _rated(self, others):
        """Rows of the neighbours that share a rating with each of `others`; what is left of it."""
        rows, values = self.ratings(others)
        near, far = self.user_level, self.item_level
        if self.near == "item":
            near, far = far, near
        level = ops.take(near, rows) + ops.take(far, others)[..., None]
        return rows, values - self.mean - level

    def _all_differences(self, user, near):
        size = self._items_at_once()
        blocks = -(-self.num_items // size)
        # All blocks have the same size: the last one wraps around to the first items.
        items = ops.reshape(
            ops.arange(blocks * size, dtype="int32") % self.num_items, (blocks, size)
        )
        if self.near == "user":
            differences = ops.map(lambda block: self._differences(near, *self._rated(block)), items)
            differences = ops.transpose(differences, (1, 0, 2))
        else:
            rated = self._rated(user)
            differences = ops.map(
                lambda block: self._differences(ops.take(self.similarities, block, axis=0), *rated),
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
