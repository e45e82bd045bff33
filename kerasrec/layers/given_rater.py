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
    last = _is_last(history, value)
    value = ops.where(last, value, float("nan"))
    near = list_similarities(value, *stored(history), num_users, similarity, shrinkage)
    if user_damping is None:
        return near, ops.zeros_like(near[:, 0])
    rest = ops.where(last, value - mean - ops.take(item_level, history), 0.0)
    count = ops.sum(ops.cast(last, "float32"), axis=1)
    return near, ops.sum(rest, axis=1) / ops.maximum(count + user_damping, 1.0)


def _is_last(history, value):
    """Whether each place of a history holds the last rating of its item."""
    rated = ops.logical_not(ops.isnan(value))
    items = ops.where(rated, ops.cast(history, "int32"), -1)
    # Equal items keep their order, so the last one stands before another item.
    order = ops.argsort(items, axis=1)
    items = ops.take_along_axis(items, order, axis=1)
    end = ops.ones_like(items[:, :1], dtype="bool")
    last = ops.concatenate([ops.not_equal(items[:, 1:], items[:, :-1]), end], axis=1)
    last = ops.take_along_axis(last, ops.argsort(order, axis=1), axis=1)
    return ops.logical_and(rated, last)
