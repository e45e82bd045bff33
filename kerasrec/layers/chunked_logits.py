"""The two logits of a full softmax, computed in chunks of items."""

from keras import ops

from kerasrec.layers.candidates import MASKED

# Keeps the log finite where float32 gives all of the mass to the positive.
TINY = 1e-30


def chunked_logits(queries, vectors, positive, absent_mask, width):
    """Computes the logits of `AllCandidates` from dot products of `width` items at a time.

        l = <q, v>,  E_j = exp(l_j - max l),  rest = sum over j of E_j - E_positive
        logits = [l_positive,  max l + log(rest)]

    The loop over the chunks keeps a running maximum, the sum of E_j and the sum of E_j v_j, so the
    gradient of a query needs no second loop. The gradient of a vector needs the final sums, so its
    logits are recomputed. This takes four matrix products instead of three, and holds the logits of
    one chunk at a time.

    Args:
        queries: `(n, dim)`.
        vectors: `(m, dim)`, m a static multiple of `width`.
        positive: Int `(n,)`, index of each query's positive among the vectors.
        absent_mask: `(m,)`, additive mask: -1e9 for a vector that is never a negative, else 0.
        width: Items in a chunk.

    Returns:
        `(n, 2)` float32.

    Reference:
        Milakov and Gimelshein, Online normalizer calculation for softmax, 2018; Rabe and Staats,
        Self-attention does not need O(n^2) memory, 2021.

    >>> import numpy as np
    >>> from kerasrec.layers.chunked_logits import chunked_logits
    >>> queries, vectors = np.ones((1, 1), "float32"), np.array([[0], [1], [2], [9]], "float32")
    >>> mask = np.array([0, 0, 0, -1e9], "float32")
    >>> logits = chunked_logits(queries, vectors, np.array([1]), mask, width=2)
    >>> bool(np.allclose(logits, [[1.0, np.log(np.exp(0) + np.exp(2))]]))
    True
    """
    positive = ops.cast(positive, "int32")
    num_vectors, num_chunks = vectors.shape[0], vectors.shape[0] // width
    is_valid = ops.equal(absent_mask, 0.0)
    valid = ops.cast(is_valid, "float32")
    positive_valid = ops.take(valid, positive)[:, None]
    # A masked item reads the vector of a valid one, so the maximum is over valid items only.
    index = ops.arange(num_vectors, dtype="int32")
    index = ops.where(is_valid, index, ops.cast(ops.argmax(valid), "int32"))
    index = ops.reshape(index, (num_chunks, width))
    valid = ops.reshape(valid, (num_chunks, width, 1))

    @ops.custom_gradient
    def two_logits(queries, vectors):
        queries32 = ops.cast(queries, "float32")
        positive_vectors = ops.cast(ops.take(vectors, positive, axis=0), "float32")

        def chunk(number):
            chunk_index = ops.take(index, number, axis=0)
            chunk_vectors = ops.cast(ops.take(vectors, chunk_index, axis=0), "float32")
            logits = ops.matmul(queries32, ops.transpose(chunk_vectors))
            return chunk_vectors, ops.take(valid, number, axis=0), logits

        def accumulate(number, maximum, total, weighted, score):
            chunk_vectors, chunk_valid, logits = chunk(number)
            # Without `initial` Keras refuses an empty batch in eager mode.
            chunk_maximum = ops.max(logits, axis=-1, keepdims=True, initial=MASKED)
            new_maximum = ops.maximum(maximum, chunk_maximum)
            rescale, weights = ops.exp(maximum - new_maximum), ops.exp(logits - new_maximum)
            columns = ops.concatenate([chunk_valid, chunk_valid * chunk_vectors], axis=-1)
            sums = ops.matmul(weights, columns)
            total, weighted = total * rescale + sums[:, :1], weighted * rescale + sums[:, 1:]
            column = positive[:, None] - number * width
            found = ops.take_along_axis(logits, ops.clip(column, 0, width - 1), axis=-1)
            score = ops.where(ops.logical_and(column >= 0, column < width), found, score)
            return number + 1, new_maximum, total, weighted, score

        zeros = ops.zeros_like(queries32[:, :1])
        start = 0, zeros + MASKED, zeros, ops.zeros_like(queries32), zeros
        _, maximum, total, weighted, score = ops.while_loop(
            lambda number, *_: number < num_chunks, accumulate, start
        )
        direct = ops.sum(queries32 * positive_vectors, axis=-1, keepdims=True)
        score = ops.where(positive_valid > 0, score, direct)
        positive_mass = positive_valid * ops.exp(ops.minimum(score - maximum, 0.0))
        rest = ops.maximum(total - positive_mass, TINY)

        def gradient(*args, upstream=None):
            score_grad, others_grad = ops.split(
                args[0] if upstream is None else upstream, 2, axis=-1
            )
            others_grad = others_grad / rest
            positive_grad = score_grad - others_grad * positive_mass
            scaled = others_grad * queries32

            def chunk_grad(number):
                _, chunk_valid, logits = chunk(number)
                mass = ops.exp(logits - maximum)
                return chunk_valid * ops.matmul(ops.transpose(mass), scaled)

            vectors_grad = ops.map(chunk_grad, ops.arange(num_chunks, dtype="int32"))
            vectors_grad = ops.reshape(vectors_grad, (num_vectors, -1))
            vectors_grad = vectors_grad + ops.scatter(
                positive[:, None], positive_grad * queries32, vectors_grad.shape
            )
            queries_grad = others_grad * weighted + positive_grad * positive_vectors
            return ops.cast(queries_grad, queries.dtype), ops.cast(vectors_grad, vectors.dtype)

        return ops.concatenate([score, maximum + ops.log(rest)], axis=-1), gradient

    return two_logits(queries, vectors)
