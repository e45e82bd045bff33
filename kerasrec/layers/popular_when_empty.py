"""Makes a dot product score an empty history by popularity."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class PopularWhenEmpty(keras.layers.Layer):
    """Appends a column to both sides of a dot product that scores empty histories by popularity.

        query(h, history, alone) = [h, 0], [alone, 1] for a history without a real item
        candidate(v, count)      = [v, log(1 + count)]

    The score is <h, v> with a history and <alone, v> + log(1 + count) without one, in the model and
    in its export. `alone` is what is known of a user besides the history, 0 by default. Both sides
    are float32 under any dtype policy: float16 would change the order of counts.

    Args:
        dropout: Share of the histories that count as empty in training, so that `alone` learns to
            answer without one.
        seed: Of the dropout; None follows `keras.utils.set_random_seed`.

    Call arguments:
        state: Query vectors `(batch, dim)` or `(batch, length, dim)`; for `query`.
        history: Int rows `(batch, length)`; 0 is padding. For `query`.
        alone: `(batch, dim)`, or None for zeros. For `query`.
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

    # Of the vectors of both sides, the last one.
    bias_columns = 1

    def __init__(self, dropout=0.0, seed=None, **kwargs):
        # Counts overflow float16. The vectors are cast in `call`.
        super().__init__(autocast=False, **kwargs)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: expected 0 <= rate < 1, received {dropout}")
        self.dropout = dropout
        self.seed = seed
        if dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def query(self, state, history, alone=None):
        return self(state, history=history, alone=alone)

    def candidate(self, vector, count):
        return self(vector, count=count)

    def call(self, vectors, history=None, alone=None, count=None, training=None):
        vectors = ops.cast(vectors, "float32")
        if count is not None:
            column = ops.log1p(ops.cast(count, "float32"))[..., None]
            return ops.concatenate([vectors, column], axis=-1)
        empty = ops.logical_not(ops.any(ops.not_equal(history, 0), axis=-1))
        if training and self.dropout:
            drawn = keras.random.uniform(
                ops.shape(empty), dtype="float32", seed=self.seed_generator
            )
            empty = ops.logical_or(empty, drawn < self.dropout)
        empty = ops.reshape(empty, (-1,) + (1,) * (len(vectors.shape) - 1))
        if alone is None:
            alone = ops.zeros_like(vectors)
        elif len(vectors.shape) == 3:
            alone = ops.cast(alone, "float32")[:, None]
        vectors = ops.where(empty, ops.cast(alone, "float32"), vectors)
        column = ops.cast(empty, "float32") * ops.ones_like(vectors[..., :1])
        return ops.concatenate([vectors, column], axis=-1)

    def compute_output_spec(self, vectors, history=None, alone=None, count=None, training=None):
        shape = (*vectors.shape[:-1], vectors.shape[-1] + 1)
        return keras.KerasTensor(shape, "float32")
