"""Exact top-k over catalogue scores: the one code behind evaluation, recommend and export."""

import keras
from keras import ops

from kerasrec.register import register

NEVER = float("-inf")


@register
class TopK(keras.layers.Layer):
    """The k best catalogue rows of each query, without what must not be shown.

    Rows 0 (padding) and 1 (unknown) are never returned. Ties go to the smaller row, so equal
    requests get equal answers. Where fewer than k rows are left, the answer is filled with row 0
    and a score of -inf.

    Args:
        k: Rows to return for each query; at most the number of catalogue rows.

    Call arguments:
        scores: `(batch, rows)` float, one score for each catalogue row.
        exclude: `(batch, any)` int rows that must not be returned; 0 is padding. Optional.
        allow: `(batch, any)` int rows, the only ones that may be returned; 0 is padding, and a row
            of padding alone limits nothing. Optional.

    Output:
        A dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, best first.

    Example:

    >>> answer = TopK(2)(ops.array([[9.0, 9.0, 0.1, 0.5, 0.3]]), exclude=ops.array([[3]]))
    >>> ops.convert_to_numpy(answer["rows"]).tolist()
    [[4, 2]]
    """

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        if k < 1:
            raise ValueError(f"k must be at least 1. Received: k={k}")
        self.k = k

    def call(self, scores, exclude=None, allow=None):
        values, rows = ops.top_k(limited(scores, exclude, allow), self.k)
        rows = ops.where(values == NEVER, 0, ops.cast(rows, "int32"))
        return {"rows": rows, "scores": values}

    def compute_output_spec(self, scores, exclude=None, allow=None):
        shape = (scores.shape[0], self.k)
        return {
            "rows": keras.KerasTensor(shape, "int32"),
            "scores": keras.KerasTensor(shape, "float32"),
        }


def limited(scores, exclude=None, allow=None):
    """Scores in float32, -inf where `TopK` would not show the row; the arguments are its own."""
    scores = ops.cast(scores, "float32")
    if allow is not None:
        allow = ops.cast(allow, "int32")
        limits = ops.any(ops.not_equal(allow, 0), axis=1, keepdims=True)
        kept = ops.take_along_axis(scores, allow, axis=1)
        nothing = ops.where(limits, NEVER, scores)
        scores = _write(nothing, allow, kept)
    if exclude is not None:
        exclude = ops.cast(exclude, "int32")
        scores = _write(scores, exclude, ops.full(ops.shape(exclude), NEVER, "float32"))
    reserved = ops.arange(ops.shape(scores)[1]) < 2
    return ops.where(reserved, NEVER, scores)


def _write(scores, rows, values):
    """`scores` with `values` `(batch, n)` written at `rows` `(batch, n)`."""
    batch = ops.broadcast_to(
        ops.arange(ops.shape(rows)[0], dtype="int32")[:, None], ops.shape(rows)
    )
    index = ops.stack([ops.reshape(batch, (-1,)), ops.reshape(rows, (-1,))], axis=1)
    return ops.scatter_update(scores, index, ops.reshape(values, (-1,)))
