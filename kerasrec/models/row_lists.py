"""Lists of item rows, one for each query: joined, searched and freed of repetitions.

Lists are `(batch, any)` int, padded with row 0, or pairs as of `TopK`: the number of a query, and a
row, both `(n,)`. Nothing here is as wide as the catalog.
"""

from keras import ops

from kerasrec.data.vocabulary import FIRST, PADDING


def joined(lists, rows):
    """`lists`, with `rows` `(batch, some)` of each query added; either may be None.

    >>> ops.convert_to_numpy(joined(ops.array([[2]]), ops.array([[3, 4]]))).tolist()
    [[2, 3, 4]]
    """
    if rows is None or lists is None:
        return lists if rows is None else rows
    if isinstance(lists, tuple):
        return tuple(
            ops.concatenate([ops.cast(one, "int32"), ops.cast(other, "int32")])
            for one, other in zip(lists, _pairs(rows), strict=True)
        )
    return ops.concatenate([ops.cast(lists, "int32"), ops.cast(rows, "int32")], axis=1)


def places_in(rows, lists, num_rows):
    """Where each of `rows` `(batch, n)` stands in the list of its query.

    Args:
        rows: `(batch, n)` int.
        lists: Lists, in which a row other than padding stands once or its place does not matter.
        num_rows: All rows are below.

    Returns:
        `(batch, n)` int32: the place in the flat list of pairs; -1 where it is not in the list.

    >>> found = places_in(ops.array([[4, 3], [4, 3]]), ops.array([[3, 0], [9, 4]]), 10)
    >>> ops.convert_to_numpy(found).tolist()
    [[-1, 0], [3, -1]]
    """
    wanted = _keys(_pairs(rows), num_rows)
    # A first key that is never wanted: a search needs at least one.
    keys = ops.pad(_keys(_pairs(lists), num_rows), [[1, 0]], constant_values=-1)
    order = ops.argsort(keys)
    near = ops.searchsorted(ops.take(keys, order), wanted)
    last = ops.cast(ops.convert_to_tensor(ops.shape(keys)[0] - 1), near.dtype)
    near = ops.take(order, ops.minimum(near, last))
    places = ops.where(ops.equal(ops.take(keys, near), wanted), ops.cast(near, "int32") - 1, -1)
    return ops.reshape(places, ops.shape(rows))


def permitted(rows, exclude, allow, num_rows):
    """`rows` `(batch, n)` with padding in place of those that `TopK` would not return.

    `exclude` and `allow` as of `TopK`; rows are below `num_rows`.

    >>> rows, exclude, allow = ops.array([[4, 3, 1]]), ops.array([[3]]), ops.array([[0]])
    >>> ops.convert_to_numpy(permitted(rows, exclude, allow, 10)).tolist()
    [[4, 0, 0]]
    """
    rows = ops.cast(rows, "int32")
    may = rows >= FIRST
    if exclude is not None:
        may = may & (places_in(rows, exclude, num_rows) < 0)
    if allow is not None:
        some = ops.any(ops.not_equal(allow, PADDING), axis=1, keepdims=True)
        may = may & (ops.logical_not(some) | (places_in(rows, allow, num_rows) >= 0))
    return ops.where(may, rows, PADDING)


def distinct(rows):
    """`rows` `(batch, n)` with padding in place of a row that stands before in its list.

    >>> ops.convert_to_numpy(distinct(ops.array([[5, 3, 5, 0, 3]]))).tolist()
    [[5, 3, 0, 0, 0]]
    """
    rows = ops.cast(rows, "int32")
    width = ops.convert_to_tensor(ops.shape(rows)[1], "int64")
    slots = ops.cast(ops.arange(ops.shape(rows)[1]), "int64")
    # The slot makes keys differ, so any sort keeps the order of equal rows.
    order = ops.argsort(ops.cast(rows, "int64") * width + slots, axis=1)
    inside = ops.take_along_axis(rows, order, axis=1)
    before = ops.pad(inside[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
    inside = ops.where(ops.equal(inside, before), PADDING, inside)
    return ops.take_along_axis(inside, ops.argsort(order, axis=1), axis=1)


def padding_last(rows):
    """Columns in which padding of `rows` `(batch, n)` comes last and the rest keeps its order.

    >>> ops.convert_to_numpy(padding_last(ops.array([[0, 7, 0, 3]]))).tolist()
    [[1, 3, 0, 2]]
    """
    width = ops.shape(rows)[1]
    keys = ops.arange(width) + width * ops.cast(ops.equal(rows, PADDING), "int32")
    return ops.argsort(keys, axis=1)


def query_numbers(rows):
    """The number of its query at each place of `rows` `(batch, n)`, int32."""
    numbers = ops.arange(ops.shape(rows)[0], dtype="int32")[:, None]
    return ops.broadcast_to(numbers, ops.shape(rows))


def _pairs(lists):
    if isinstance(lists, tuple):
        return lists
    lists = ops.convert_to_tensor(lists)
    return ops.reshape(query_numbers(lists), (-1,)), ops.reshape(lists, (-1,))


def _keys(pairs, num_rows):
    owner, rows = (ops.cast(one, "int64") for one in pairs)
    return owner * num_rows + rows
