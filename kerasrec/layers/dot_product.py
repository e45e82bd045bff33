"""A dot product with biases, or a cosine with a temperature."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import EmbeddingTable
from kerasrec.register import register


@register
class DotProduct(keras.layers.Layer):
    """The score of matrix factorization.

        r = <u, v> [/ (|u| |v| temperature)] [+ b_user + b_item + mu]        [sigmoid(r)]

    `query` and `candidate` append the biases to the vectors. Their dot product is r before the
    sigmoid, which does not change the order, so a vector search returns the same ranking.

    Args:
        num_users: Rows of the user biases; 0 for none.
        num_items: Rows of the item biases; 0 for none.
        global_bias: Learn mu.
        sigmoid: Apply the sigmoid to the score.
        temperature: Divisor of the cosine of u and v; None scores by the dot product. A softmax
            over cosines needs a small one, such as 0.1: the logits have a range of 2 / temperature.

    Call arguments:
        query: User vectors u.
        candidate: Item vectors v.
        user: Int user rows, with `num_users`.
        item: Int item rows, with `num_items`.
        all_pairs: Score every query with every candidate.

    Input shape:
        `(batch, dim)` with `(batch, dim)`, or with `(batch, n, dim)`; with `all_pairs`
        `(batch, dim)` with `(n, dim)`. `user` and `item` have the shape of the vectors without
        `dim`.

    Output shape:
        `(batch, 1)`, or `(batch, n)`; float32 under any dtype policy.

    Raises:
        InputError: for a temperature that is not positive, or missing rows of a bias.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import DotProduct
    >>> u, v = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    >>> DotProduct()(u, v, all_pairs=True).numpy().tolist()
    [[11.0, 17.0]]

    Reference:
        Koren, Bell and Volinsky, Matrix factorization techniques for recommender systems, 2009.
    """

    def __init__(
        self,
        num_users=0,
        num_items=0,
        global_bias=False,
        sigmoid=False,
        temperature=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if temperature is not None and not temperature > 0:
            raise InputError(
                f"temperature: expected a number above 0, or None, received {temperature!r}"
            )
        self.num_users = num_users
        self.num_items = num_items
        self.global_bias = global_bias
        self.sigmoid = sigmoid
        self.temperature = temperature
        bias = {"dim": 1, "stddev": 0.0, "dtype": self.dtype_policy}
        self.user_bias = self.item_bias = None
        if num_users:
            self.user_bias = EmbeddingTable(num_users, rows_of="users", **bias, name="user_bias")
        if num_items:
            self.item_bias = EmbeddingTable(num_items, rows_of="items", **bias, name="item_bias")

    def build(self, input_shape):
        if self.num_users:
            self.user_bias.build()
        if self.num_items:
            self.item_bias.build()
        if self.global_bias:
            self.mean = self.add_weight(shape=(), initializer="zeros", name="mean")

    @property
    def bias_columns(self):
        """Number of trailing columns of the vectors that hold biases."""
        return int(bool(self.num_users or self.global_bias)) + int(bool(self.num_items))

    def query(self, query, user=None):
        """Query vectors `(..., dim [+ 1] [+ 1])` with the user bias appended."""
        return self(query=query, user=user, part="query")

    def candidate(self, candidate, item=None):
        """Candidate vectors `(..., dim [+ 1] [+ 1])` with the item bias appended."""
        return self(candidate=candidate, item=item, part="candidate")

    # All parts go through `call`, so a functional model records them as nodes of this layer.
    def call(self, query=None, candidate=None, user=None, item=None, all_pairs=False, part="score"):
        if part == "query":
            return self._query(query, user)
        if part == "candidate":
            return self._candidate(candidate, item)
        query = ops.cast(self._query(query, user), "float32")
        candidate = ops.cast(self._candidate(candidate, item), "float32")
        if all_pairs:
            score = ops.matmul(query, ops.transpose(candidate))
        else:
            # One pair gives one column: Keras reads scores `(batch,)` as the classes of one label.
            one_candidate = len(candidate.shape) == len(query.shape)
            query = query if one_candidate else ops.expand_dims(query, -2)
            score = ops.sum(query * candidate, axis=-1, keepdims=one_candidate)
        return ops.sigmoid(score) if self.sigmoid else score

    def _query(self, query, user):
        """[u, b_user + mu, 1], each column only if this layer has its bias."""
        if self.temperature is not None:
            query = _normalized(query) / self.temperature
        one, columns = ops.ones_like(query[..., :1]), [query]
        bias = self._bias(self.user_bias, user, "user")
        if self.global_bias:
            bias = self.mean * one if bias is None else bias + self.mean
        if bias is not None:
            columns.append(bias)
        if self.num_items:
            columns.append(one)
        return ops.concatenate(columns, axis=-1) if len(columns) > 1 else query

    def _candidate(self, candidate, item):
        """[v, 1, b_item], each column only if this layer has its bias."""
        columns = [candidate if self.temperature is None else _normalized(candidate)]
        if self.num_users or self.global_bias:
            columns.append(ops.ones_like(candidate[..., :1]))
        if self.num_items:
            columns.append(self._bias(self.item_bias, item, "item"))
        return ops.concatenate(columns, axis=-1) if len(columns) > 1 else columns[0]

    def _bias(self, table, rows, name):
        if table is None:
            return None
        if rows is None:
            raise InputError(f"{name} is missing: pass its rows, because num_{name}s > 0")
        return table(rows)


def _normalized(vectors):
    """Scales vectors to length 1; a zero vector stays zero."""
    squares = ops.sum(ops.square(ops.cast(vectors, "float32")), axis=-1, keepdims=True)
    # In float32: the factor of a short vector overflows float16, the product does not.
    scaled = ops.cast(vectors, "float32") * ops.rsqrt(ops.maximum(squares, 1e-12))
    return ops.cast(scaled, vectors.dtype)
