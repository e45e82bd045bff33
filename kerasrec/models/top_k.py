"""Exact top-k over catalogue scores, used by evaluation, recommend and export."""

import keras
from keras import ops

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.models.row_lists import query_numbers
from kerasrec.register import register
from kerasrec.tables.largest import largest

# The score of a row that is never returned.
NEVER = float("-inf")
BLOCK = 32


@register
class TopK(keras.layers.Layer):
    """The k best catalogue rows of each query, without excluded rows.

    Rows 0 (padding) and 1 (unknown) are never returned. Ties go to the smaller row, so equal
    requests get equal answers. If fewer than k rows are left, the answer is padded with row 0 and
    a score of -inf.

    Args:
        k: Rows to return for each query; at most the number of catalogue rows.

    Call arguments:
        scores: `(batch, rows)` float, one score for each catalogue row.
        exclude: `(batch, any)` int rows that must not be returned; 0 is padding. Or pairs, a tuple
            of `(n,)` int arrays: the number of a query, and a row that it must not get. Optional.
        allow: `(batch, any)` int rows, the only ones that may be returned; 0 is padding. For a
            query whose `allow` is only padding all rows may be returned; for one with only unknown
            items (row 1), none. Optional.

    Output:
        A dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, best first.

    Example:

    >>> answer = TopK(2)(ops.array([[9.0, 9.0, 0.1, 0.5, 0.3]]), exclude=ops.array([[3]]))
    >>> ops.convert_to_numpy(answer["rows"]).tolist()
    [[4, 2]]
    """

    def __init__(self, k, **kwargs):
        # No autocast: half precision would round the scores and change their order.
        super().__init__(autocast=False, **kwargs)
        if k < 1:
            raise InputError(f"k: expected a whole number from 1, received {k!r}")
        self.k = k

    def call(self, scores, exclude=None, allow=None):
        values, rows = _best(mask_scores(scores, exclude, allow), self.k)
        rows = ops.where(values == NEVER, PADDING, ops.cast(rows, "int32"))
        return {"rows": rows, "scores": values}

    def compute_output_spec(self, scores, exclude=None, allow=None):
        shape = (scores.shape[0], self.k)
        return {
            "rows": keras.KerasTensor(shape, "int32"),
            "scores": keras.KerasTensor(shape, "float32"),
        }


def mask_scores(scores, exclude=None, allow=None):
    """Scores in float32, -inf for rows that must not be returned; arguments as for `TopK`."""
    scores = ops.cast(scores, "float32")
    if allow is not None:
        allow = ops.cast(allow, "int32")
        has_allow = ops.any(ops.not_equal(allow, PADDING), axis=1, keepdims=True)
        allowed = ops.take_along_axis(scores, allow, axis=1)
        pairs = query_numbers(allow), allow
        scores = _scatter(ops.where(has_allow, NEVER, scores), pairs, allowed)
    rows = ops.broadcast_to(ops.arange(FIRST, dtype="int32"), (ops.shape(scores)[0], FIRST))
    if exclude is not None and not isinstance(exclude, tuple):
        rows = ops.concatenate([ops.cast(exclude, "int32"), rows], axis=1)
    pairs = [ops.reshape(column, (-1,)) for column in (query_numbers(rows), rows)]
    if isinstance(exclude, tuple):
        pairs = [
            ops.concatenate([column, ops.cast(more, "int32")])
            for column, more in zip(pairs, exclude, strict=True)
        ]
    return _scatter(scores, pairs, ops.full(ops.shape(pairs[1]), NEVER, "float32"))


def _best(scores, k):
    """The k largest values of each row and their columns.

    With many columns, the k blocks with the largest maxima (the earlier ones of equal maxima) are
    selected first: they contain the k best. This is faster only if k is small beside the number of
    blocks.
    """
    columns = scores.shape[1]
    if columns is None or columns < 8 * k * BLOCK:
        return largest(scores, k)
    if missing := -columns % BLOCK:
        scores = ops.pad(scores, [[0, 0], [0, missing]], constant_values=NEVER)
    count = (columns + missing) // BLOCK
    maxima = ops.max(ops.reshape(scores, (-1, count, BLOCK)), axis=2)
    # In the order of columns, so that the second top_k gives ties to the smaller column.
    chosen = ops.sort(largest(maxima, k)[1], axis=1)
    owner = ops.arange(ops.shape(scores)[0], dtype="int32")[:, None]
    blocks = ops.take(ops.reshape(scores, (-1, BLOCK)), owner * count + chosen, axis=0)
    values, places = largest(ops.reshape(blocks, (-1, k * BLOCK)), k)
    first = ops.take(ops.reshape(chosen, (-1,)), owner * k + places // BLOCK, axis=0)
    return values, first * BLOCK + places % BLOCK


def _scatter(scores, pairs, values):
    """`scores` with `values` written at `pairs`, first and second indices of its shape."""
    index = ops.stack([ops.reshape(column, (-1,)) for column in pairs], axis=1)
    return ops.scatter_update(scores, index, ops.reshape(values, (-1,)))
