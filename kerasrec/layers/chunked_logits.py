"""The two columns of a full softmax, without all of its logits."""

from keras import ops

from kerasrec.layers.candidates import MASKED

# Keeps the log finite where the observed item holds all the mass that float32 can see.
TINY = 1e-30


def chunked_logits(queries, vectors, own, absent, width):
    """What `AllCandidates` gives, from dot products of `width` items at a time.

        l = <q, v>,  E_j = exp(l_j - max l),  rest = sum over j of E_j - E_own
        logits = [l_own,  max l + log(rest)]

    The sums go along with a running maximum, as does the mean vector sum of E_j v_j: the gradient
    of a query is known before its end. The gradient of a vector needs all sums: its logits are
    made a second time. So this costs four products of matrices where the plain way costs three,
    and no logits of more than one chunk ever exist.

    Args:
        queries: `(n, dim)`.
        vectors: `(m, dim)`, m a known multiple of `width`.
        own: Int `(n,)`: which vector is that of the query's own item.
        absent: `(m,)`, -1e9 for a vector that is never held against another item, or 0.
        width: Items of a chunk.

    Returns:
        `(n, 2)` float32.

    Reference:
        Milakov and Gimelshein, Online normalizer calculation for softmax, 2018; Rabe and Staats,
        Self-attention does not need O(n^2) memory, 2021.

    >>> import numpy as np
    >>> from kerasrec.layers.chunked_logits import chunked_logits
    >>> queries, vectors = np.ones((1, 1), "float32"), np.array([[0], [1], [2], [9]], "float32")
    >>> absent = np.array([0, 0, 0, -1e9], "float32")
    >>> logits = chunked_logits(queries, vectors, np.array([1]), absent, width=2)
    >>> bool(np.allclose(logits, [[1.0, np.log(np.exp(0) + np.exp(2))]]))
    True
    """
    own = ops.cast(own, "int32")
    size, parts = vectors.shape[0], vectors.shape[0] // width
    is_there = ops.equal(absent, 0.0)
    there = ops.cast(is_there, "float32")
    own_there = ops.take(there, own)[:, None]
    # An absent item shows the vector of one that is there: the maximum is of those alone.
    places = ops.arange(size, dtype="int32")
    shown = ops.where(is_there, places, ops.cast(ops.argmax(there), "int32"))
    shown, there = ops.reshape(shown, (parts, width)), ops.reshape(there, (parts, width, 1))

    @ops.custom_gradient
    def columns(queries, vectors):
        wide = ops.cast(queries, "float32")
        owned = ops.cast(ops.take(vectors, own, axis=0), "float32")

        def of(part):
            block = ops.cast(ops.take(vectors, ops.take(shown, part, axis=0), axis=0), "float32")
            return block, ops.take(there, part, axis=0), ops.matmul(wide, ops.transpose(block))

        def further(part, top, total, mean, score):
            block, here, logits = of(part)
            # Without an initial value Keras refuses, in eager mode, a batch of padding alone.
            highest = ops.max(logits, axis=-1, keepdims=True, initial=MASKED)
            higher = ops.maximum(top, highest)
            kept, weights = ops.exp(top - higher), ops.exp(logits - higher)
            sums = ops.matmul(weights, ops.concatenate([here, here * block], axis=-1))
            place = own[:, None] - part * width
            found = ops.take_along_axis(logits, ops.clip(place, 0, width - 1), axis=-1)
            score = ops.where(ops.logical_and(place >= 0, place < width), found, score)
            return part + 1, higher, total * kept + sums[:, :1], mean * kept + sums[:, 1:], score

        none = ops.zeros_like(wide[:, :1])
        start = 0, none + MASKED, none, ops.zeros_like(wide), none
        _, top, total, mean, score = ops.while_loop(lambda part, *_: part < parts, further, start)
        score = ops.where(own_there > 0, score, ops.sum(wide * owned, axis=-1, keepdims=True))
        mine = own_there * ops.exp(ops.minimum(score - top, 0.0))
        rest = ops.maximum(total - mine, TINY)

        def gradient(*args, upstream=None):
            positive, others = ops.split(args[0] if upstream is None else upstream, 2, axis=-1)
            others = others / rest
            pull = positive - others * mine
            scaled = others * wide

            def of_vectors(part):
                _, here, logits = of(part)
                return here * ops.matmul(ops.transpose(ops.exp(logits - top)), scaled)

            every = ops.map(of_vectors, ops.arange(parts, dtype="int32"))
            every = ops.reshape(every, (size, -1))
            every = every + ops.scatter(own[:, None], pull * wide, every.shape)
            query = others * mean + pull * owned
            return ops.cast(query, queries.dtype), ops.cast(every, vectors.dtype)

        return ops.concatenate([score, top + ops.log(rest)], axis=-1), gradient

    return columns(queries, vectors)
