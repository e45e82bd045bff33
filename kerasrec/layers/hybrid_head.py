"""Blends a behavior score and a content score."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register


@register
class HybridHead(keras.layers.Layer):
    """Blends a collaborative and a content score by a weight alpha.

        score = alpha <U, V> + (1 - alpha) <C, W U + b>

    The score is the dot product of `query` [U, W U + b] and `candidate` [alpha V, (1 - alpha) C],
    so a vector search returns the same scores.

    Args:
        dim: Length of U and V.
        content_dim: Length of C.
        alpha: A number in [0, 1]; "learned": one weight, initially sigmoid(0) = 0.5; or "gated":
            `sigmoid(w log(1 + count) + b)` with initial w = 1 and b = 0, where `count` is the
            number of train interactions of the item. Alpha is exactly 0 for count 0: such an item
            is scored by its content only.

    Call arguments:
        user: U, the query vector.
        cf: V, the item vector from behavior.
        content: C, the item vector from content.
        count: Train interactions of the item, for "gated".

    Input shape:
        `user` and `cf` `(..., dim)`, `content` `(..., content_dim)`, `count` `(...,)`.

    Output shape:
        `(...,)`, float32 under any dtype policy.

    Raises:
        InputError: for a wrong alpha, or a missing count.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import HybridHead
    >>> head = HybridHead(2, 3, alpha="gated")
    >>> [round(float(alpha), 3) for alpha in head.mixing(np.array([0.0, 1.0]))]
    [0.0, 0.667]
    >>> user, cf, content, count = np.ones((4, 2)), np.ones((4, 2)), np.ones((4, 3)), np.ones(4)
    >>> head(user, cf, content, count).shape
    TensorShape([4])

    Reference:
        Burke, Hybrid recommender systems: survey and experiments, 2002 (the weighted hybrid).
    """

    def __init__(self, dim, content_dim, alpha="learned", **kwargs):
        # Counts overflow float16. The other inputs are cast in `call`.
        super().__init__(autocast=False, **kwargs)
        if alpha not in ("learned", "gated"):
            if isinstance(alpha, str) or not 0 <= alpha <= 1:
                raise InputError(
                    f"alpha: expected 'learned', 'gated' or a number in [0, 1], received {alpha!r}"
                )
        self.dim = dim
        self.content_dim = content_dim
        self.alpha = alpha
        self.projection = keras.layers.Dense(content_dim, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.projection.build((None, self.dim))
        scalar = {"shape": (), "autocast": False}
        if self.alpha == "learned":
            self.logit = self.add_weight(**scalar, initializer="zeros", name="logit")
        if self.alpha == "gated":
            self.slope = self.add_weight(**scalar, initializer="ones", name="slope")
            self.intercept = self.add_weight(**scalar, initializer="zeros", name="intercept")

    def query(self, user):
        """[U, W U + b]: `(..., dim + content_dim)`."""
        return self(user=user, part="query")

    def candidate(self, cf, content, count=None):
        """[alpha V, (1 - alpha) C]: `(..., dim + content_dim)`."""
        return self(cf=cf, content=content, count=count, part="candidate")

    def mixing(self, count=None):
        """The weight alpha: `()`, or the shape of `count` for "gated"; float32."""
        return self(count=count, part="mixing")

    # All parts go through `call`, so a functional model records them as nodes of this layer.
    def call(self, user=None, cf=None, content=None, count=None, part="score"):
        if part == "mixing":
            return self._mixing(count)
        if part == "query":
            return self._query(user)
        if part == "candidate":
            return self._candidate(cf, content, count)
        query = ops.cast(self._query(user), "float32")
        return ops.sum(query * ops.cast(self._candidate(cf, content, count), "float32"), axis=-1)

    def _mixing(self, count):
        if self.alpha == "learned":
            return ops.sigmoid(self.logit)
        if self.alpha != "gated":
            return ops.cast(self.alpha, "float32")
        if count is None:
            raise InputError(
                "count is missing: alpha='gated' needs the train interactions of each item"
            )
        count = ops.cast(count, "float32")
        gate = ops.sigmoid(self.slope * ops.log1p(count) + self.intercept)
        return ops.where(count > 0, gate, 0.0)

    def _query(self, user):
        user = ops.cast(user, self.compute_dtype)
        return ops.concatenate([user, self.projection(user)], axis=-1)

    def _candidate(self, cf, content, count):
        alpha = ops.cast(self._mixing(count), "float32")[..., None]
        scaled = [alpha * ops.cast(cf, "float32"), (1.0 - alpha) * ops.cast(content, "float32")]
        return ops.cast(ops.concatenate(scaled, axis=-1), self.compute_dtype)
