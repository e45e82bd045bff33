"""A user as a model of ratings needs them, from ratings that come with a query."""

from keras import ops

from kerasrec.layers.list_similarities import list_similarities


def given_rater(
    history, value, stored, num_users, mean, item_level, similarity, shrinkage, user_damping
):
    """Similarities `(batch, num_users)` to the users who rated, and the user's level `(batch,)`.

        level = sum_i (r_i - mean - item_level(i)) / (number of ratings + user_damping)

    Of several ratings of an item the last one counts.

    Args:
        history: `(batch, length)` item rows; 0 is padding.
        value: Their ratings, NaN for none.
        stored: `StoredHistories` of the items: rows of the users who rated them, and the ratings.
        num_users: User rows.
        mean, item_level: Scalar and `(num_items,)`.
        similarity, shrinkage: As of `list_similarities`.
        user_damping: None for a level of 0.

    >>> from kerasrec.layers.stored_histories import StoredHistories
    >>> stored = StoredHistories(4, length=2)
    >>> stored.build()
    >>> stored.assign(keys=[2, 2, 3], rows=[2, 3, 3], values=[5.0, 4.0, 1.0])
    >>> history, value = ops.array([[2, 3]]), ops.array([[5.0, 2.0]])
    >>> near, level = given_rater(history, value, stored, 4, 3.0, ops.zeros(4), "msd", 0.0, 0.0)
    >>> near.numpy().tolist(), level.numpy().tolist()
    ([[0.0, 0.0, 1.0, 0.5]], [0.5])
    """
    last = _is_last(history, value, stored.num_rows)
    value = ops.where(last, value, float("nan"))
    near = list_similarities(value, *stored(history), num_users, similarity, shrinkage)
    if user_damping is None:
        return near, ops.zeros_like(near[:, 0])
    rest = ops.where(last, value - mean - ops.take(item_level, history), 0.0)
    count = ops.sum(ops.cast(last, "float32"), axis=1)
    return near, ops.sum(rest, axis=1) / ops.maximum(count + user_damping, 1.0)


def _is_last(history, value, num_items):
    """Whether each place of a history holds the last rating of its item."""
    batch, length = ops.shape(history)
    place = ops.where(ops.isnan(value), 0, ops.arange(1, length + 1, dtype="int32"))
    first = num_items * ops.arange(batch, dtype="int32")[:, None]
    index = ops.cast(history, "int32") + first
    last = ops.segment_max(ops.reshape(place, (-1,)), ops.reshape(index, (-1,)), batch * num_items)
    return ops.logical_and(place > 0, place == ops.take(last, index))
