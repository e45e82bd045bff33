"""Scores an empty history by popularity."""

import keras
import numpy as np
from keras import ops

from kerasrec.register import register


@register
class PopularScores(keras.layers.Layer):
    """Replaces the scores of an empty history by `log(1 + n(i))`, with n train interactions.

    For a model that scores all items. A model whose score is a dot product uses `PopularWhenEmpty`.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        scores: `(batch, num_items)`.
        history: Int rows `(batch, length)`; 0 is padding.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import PopularScores
    >>> layer = PopularScores(4)
    >>> layer.assign(np.array([0, 0, 1, 9]))
    >>> scores = layer(np.ones((2, 4), "float32"), np.array([[3, 2], [0, 0]]))
    >>> np.round(scores, 2).tolist()[1]
    [0.0, 0.0, 0.6899999976158142, 2.299999952316284]
    """

    def __init__(self, num_items, **kwargs):
        super().__init__(**kwargs)
        self.num_items = num_items
        self.popularity = self.add_weight(
            (num_items,), "zeros", "float32", trainable=False, autocast=False, name="popularity"
        )

    def assign(self, counts):
        """Sets the train interactions of each item, `(num_items,)`."""
        self.popularity.assign(np.log1p(counts))

    def call(self, scores, history):
        has_history = ops.any(ops.not_equal(history, 0), axis=1, keepdims=True)
        return ops.where(has_history, scores, ops.cast(self.popularity, scores.dtype))
