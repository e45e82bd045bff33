"""The score of a query vector with an item vector by a network that reads both."""

import math

import keras
from keras import ops

from kerasrec.register import register

# Numbers that the widest layer of the head may make at a time while a catalogue is ranked.
NUMBERS_AT_ONCE = 2**22


@register
class JointScorer(keras.layers.Layer):
    """Scores pairs of vectors by a model, where a dot product is not enough.

        score(q, v) = head({"query": q, "candidate": v})

    What can be computed of one side alone belongs into that side's vector: a head runs for every
    pair of a query and a candidate. The first layer of an MLP over both, W [q; v] = A q + B v, is
    the sum of two vectors.

    Args:
        head: Functional model from `{"query": (n, a), "candidate": (n, b)}` to `(n, 1)`.

    Call arguments:
        queries: `(n, a)`.
        vectors: `(n, b)`, or `(m, b)` for all pairs; m is known when the graph is made.
        all_pairs: Every query with every vector, a few pairs at a time: for ranking, not training.

    Output shape:
        `(n,)`, or `(n, m)` for all pairs; float32.

    Attributes:
        pairs_at_once: How many pairs fit into `NUMBERS_AT_ONCE` numbers of the widest layer.

    Example:

    >>> import keras, numpy as np
    >>> from kerasrec.layers import JointScorer
    >>> q, v = keras.Input((2,), name="query"), keras.Input((2,), name="candidate")
    >>> nearness = -keras.ops.sum(keras.ops.abs(q - v), axis=-1, keepdims=True)
    >>> scorer = JointScorer(keras.Model({"query": q, "candidate": v}, nearness))
    >>> scorer.every(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [2.0, 3.0]])).numpy()
    array([[-2., -2.]], dtype=float32)
    """

    def __init__(self, head, **kwargs):
        super().__init__(**kwargs)
        self.head = head
        made = keras.tree.flatten([node.output for node in head.operations])
        widest = max(math.prod(tensor.shape[1:]) for tensor in made)
        self.pairs_at_once = max(1, NUMBERS_AT_ONCE // widest)

    def call(self, queries, vectors, all_pairs=False):
        if all_pairs:
            return self._all_pairs(queries, vectors)
        return ops.cast(self.head({"query": queries, "candidate": vectors})[:, 0], "float32")

    def compute_output_spec(self, queries, vectors, all_pairs=False):
        shape = (queries.shape[0], vectors.shape[0]) if all_pairs else queries.shape[:1]
        return keras.KerasTensor(shape, "float32")

    def each(self, queries, vectors):
        """Each query `(n, a)` with its own vector `(n, b)`: `(n,)`."""
        return self(queries, vectors)

    def every(self, queries, vectors):
        """Every query `(n, a)` with every vector `(m, b)`: `(n, m)`, in one run of the head."""
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
        rows = vectors.shape[0]
        parts = -(-rows // self.pairs_at_once)
        width = -(-rows // parts)
        vectors = ops.pad(vectors, [[0, parts * width - rows], [0, 0]])
        vectors = ops.reshape(vectors, (parts, width, vectors.shape[-1]))

        def of(query):
            def with_part(part):
                return self.every(query[None], part)[0]

            return ops.reshape(ops.map(with_part, vectors), (-1,))[:rows]

        return ops.map(of, queries)
