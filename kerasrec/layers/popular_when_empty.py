"""What is asked of an empty history: what is popular."""

import keras
from keras import ops

from kerasrec.register import register


@register
class PopularWhenEmpty(keras.layers.Layer):
    """One more column on both sides of a dot product, which counts where there is no history.

        query(h, history)   = [h, 0], [0, 1] for a history without a real item
        candidate(v, count) = [v, log(1 + count)]

    A score is <h, v> as before, and log(1 + count) for an empty history: the most popular items,
    in the model and in its export.

    Call arguments:
        state: Query vectors `(batch, dim)` or `(batch, length, dim)`; for `query`.
        history: Int rows `(batch, length)`; 0 is padding. For `query`.
        vector: Item vectors `(n, dim)`, for `candidate`.
        count: Train interactions `(n,)` float32, for `candidate`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import PopularWhenEmpty
    >>> layer = PopularWhenEmpty()
    >>> query = layer.query(np.ones((2, 2), "float32"), np.array([[5, 0], [0, 0]]))
    >>> item = layer.candidate(np.array([[2.0, 3.0]], "float32"), np.array([9.0], "float32"))
    >>> np.round(query @ item.numpy().T, 2).tolist()
    [[5.0], [2.299999952316284]]
    """

    def query(self, state, history):
        return self(state, history=history)

    def candidate(self, vector, count):
        return self(vector, count=count)

    def call(self, vectors, history=None, count=None):
        if count is not None:
            column = ops.cast(ops.log1p(count), vectors.dtype)[..., None]
            return ops.concatenate([vectors, column], axis=-1)
        empty = ops.logical_not(ops.any(ops.not_equal(history, 0), axis=-1))
        empty = ops.reshape(empty, (-1,) + (1,) * (len(vectors.shape) - 1))
        vectors = ops.where(empty, ops.zeros_like(vectors), vectors)
        column = ops.cast(empty, vectors.dtype) * ops.ones_like(vectors[..., :1])
        return ops.concatenate([vectors, column], axis=-1)

    def compute_output_spec(self, vectors, history=None, count=None):
        shape = (*vectors.shape[:-1], vectors.shape[-1] + 1)
        return keras.KerasTensor(shape, vectors.dtype)
