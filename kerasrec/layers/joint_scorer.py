"""Scores a query vector and an item vector by a network."""

import math

import keras
from keras import ops

from kerasrec.register import register

# Numbers in the output of the head's widest layer at a time, while a catalog is ranked.
NUMBERS_AT_ONCE = 2**22


@register
class JointScorer(keras.layers.Layer):
    """Scores pairs of query and item vectors by a model instead of a dot product.

        score(q, v) = head({"query": q, "candidate": v})

    The head runs for every pair of a query and a candidate. So compute in the query or item vector
    what needs only one of them: the first layer of an MLP, W [q; v] = A q + B v, is a sum of two
    such vectors.

    Args:
        head: Functional model from `{"query": (n, a), "candidate": (n, b)}` to `(n, 1)`.

    Call arguments:
        queries: `(n, a)`.
        vectors: `(n, b)`, or `(m, b)` with `all_pairs`, where m is static.
        all_pairs: Score every query with every vector, a few pairs at a time. For ranking, not for
            training.

    Output shape:
        `(n,)`, or `(n, m)` for all pairs; float32.

    Attributes:
        pairs_at_once: Pairs for which the widest layer has at most `NUMBERS_AT_ONCE` numbers.

    Example:

    >>> import keras, numpy as np
    >>> from kerasrec.layers import JointScorer
    >>> q, v = keras.Input((2,), name="query"), keras.Input((2,), name="candidate")
    >>> nearness = -keras.ops.sum(keras.ops.abs(q - v), axis=-1, keepdims=True)
    >>> scorer = JointScorer(keras.Model({"query": q, "candidate": v}, nearness))
    >>> scorer.score_all(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [2.0, 3.0]])).numpy()
    array([[-2., -2.]], dtype=float32)
    """

    def __init__(self, head, **kwargs):
        super().__init__(**kwargs)
        self.head = head
        outputs = keras.tree.flatten([node.output for node in head.operations])
        widest = max(math.prod(tensor.shape[1:]) for tensor in outputs)
        self.pairs_at_once = max(1, NUMBERS_AT_ONCE // widest)

    def call(self, queries, vectors, all_pairs=False):
        if all_pairs:
            return self._all_pairs(queries, vectors)
        return ops.cast(self.head({"query": queries, "candidate": vectors})[:, 0], "float32")

    def compute_output_spec(self, queries, vectors, all_pairs=False):
        shape = (queries.shape[0], vectors.shape[0]) if all_pairs else queries.shape[:1]
        return keras.KerasTensor(shape, "float32")

    def score_pairs(self, queries, vectors):
        """Scores query i `(n, a)` with vector i `(n, b)`: `(n,)`."""
        return self(queries, vectors)

    def score_all(self, queries, vectors):
        """Scores every query `(n, a)` with every vector `(m, b)` at once: `(n, m)`."""
        n, m = ops.shape(queries)[0], ops.shape(vectors)[0]
        pairs = ops.repeat(queries, m, axis=0), ops.tile(vectors, (n, 1))
        return ops.reshape(self(*pairs), (n, m))

    def get_config(self):
        head = keras.saving.serialize_keras_object(self.head)
        return {**super().get_config(), "head": head}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "head": keras.saving.deserialize_keras_object(config["head"])})

    def _all_pairs(self, queries, vectors):
        num_vectors = vectors.shape[0]
        num_chunks = -(-num_vectors // self.pairs_at_once)
        width = -(-num_vectors // num_chunks)
        vectors = ops.pad(vectors, [[0, num_chunks * width - num_vectors], [0, 0]])
        vectors = ops.reshape(vectors, (num_chunks, width, vectors.shape[-1]))

        def score_catalog(query):
            def score_chunk(chunk):
                return self.score_all(query[None], chunk)[0]

            return ops.reshape(ops.map(score_chunk, vectors), (-1,))[:num_vectors]

        return ops.map(score_catalog, queries)
