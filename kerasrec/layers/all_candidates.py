"""All other items as negatives."""

import keras
from keras import ops

from kerasrec.layers.candidates import MASKED, Candidates, flat, is_set, shaped
from kerasrec.layers.chunked_logits import TINY, chunked_logits
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register

# Items whose logits exist at once. On a CPU 1,024 to 4,096 take the same time.
WIDTH = 2048


@register
class AllCandidates(Candidates):
    """Each observed item against all other real items: the exact full softmax.

        logits = [l_item,  log(sum over real j != item of exp(l_j))],  l = <q, v>

    The second column stands for all other items, so that `Softmax` on two columns is the cross
    entropy over the whole catalogue. The item vectors are computed once for the whole batch. A
    target that is no real item (row 0 or 1) has `[0, -1e9]`: no loss, no gradient. Only `Softmax`
    is meant for these logits.

    Dot products are made for 2,048 items at a time, and made again for the gradient: see
    `chunked_logits`. With a `scorer`, or several items of one query, all logits exist at once. Of
    `(batch, length)` steps only those with a target are computed, in TensorFlow; XLA, whose shapes
    are fixed, computes all and leaves the others out of the sums.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`. Several items of one query, `query`
            `(batch, dim)` with `item` `(batch, length)`, take one row of logits for each query:
            each item is held against all others, the query's own among them, as in a multinomial
            likelihood.

    Output shape:
        `item.shape + (2,)`, float32.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import AllCandidates
    >>> vectors = np.array([[0], [0], [0], [1], [2]], "float32")
    >>> query, item = np.array([[1]], "float32"), np.array([3])
    >>> logits = AllCandidates(5)(query, item, item_model=lambda rows: np.take(vectors, rows, 0))
    >>> bool(np.allclose(logits, [[1.0, np.log(np.exp(0) + np.exp(2))]]))
    True
    """

    def __init__(self, num_items, **kwargs):
        super().__init__(num_items, **kwargs)
        self.add_absent()

    def num_columns(self, item):
        return 2

    def call(self, query, item, item_model, scorer=None):
        if is_set(query, item):
            return self._of_sets(query, item, item_model, scorer or DotScorer())
        queries, rows = flat(query, item)
        real = ops.greater_equal(rows, 2)
        # With steps the padding is worth leaving out; other backends need fixed shapes.
        if len(item.shape) > 1 and keras.backend.backend() == "tensorflow":
            at = ops.nonzero(real)[0]
            found = self._columns(
                ops.take(queries, at, axis=0), ops.take(rows, at), item_model, scorer
            )
            columns = ops.scatter(at[:, None], found, (ops.shape(rows)[0], 2))
        else:
            columns = self._columns(queries, ops.maximum(rows, 2), item_model, scorer)
        nothing = ops.convert_to_tensor([0.0, MASKED], "float32")
        return shaped(ops.where(real[:, None], columns, nothing), item)

    def _columns(self, queries, rows, item_model, scorer):
        """Logits `(n, 2)` of queries `(n, dim)` with real rows `(n,)`."""
        own, items = rows - 2, self.num_items - 2
        parts = 1 if scorer else -(-items // WIDTH)
        # A little over, for whole vectors of the processor: at most one in sixteen is.
        width = items if parts == 1 else -(-items // (parts * 64)) * 64
        # The last item again, absent, until all chunks are full: no padded copy of all vectors.
        over = parts * width - items
        shown = ops.minimum(ops.arange(2, self.num_items + over, dtype="int32"), self.num_items - 1)
        absent = ops.pad(self.absent[2:], [[0, over]], constant_values=MASKED)
        vectors = item_model(shown)
        if scorer is None:
            return chunked_logits(queries, vectors, own, absent, width)
        logits = scorer.every(queries, vectors)
        # Half the time of take_along_axis, forward and backward; XLA never stores the comparison.
        mine = ops.equal(own[:, None], ops.arange(items, dtype=own.dtype))
        positive = ops.sum(ops.where(mine, logits, 0.0), axis=-1, keepdims=True)
        others = _others(logits + absent, positive + ops.take(absent, own)[:, None])
        return ops.concatenate([positive, others], axis=-1)

    def _of_sets(self, query, item, item_model, scorer):
        logits = scorer.every(query, item_model(ops.arange(2, self.num_items, dtype="int32")))
        real = ops.greater_equal(item, 2)
        own = ops.where(real, item - 2, 0)
        positive = ops.take_along_axis(logits, own, axis=-1)
        logits = logits + self.absent[2:]
        others = _others(logits, positive + ops.take(self.absent[2:], own))
        columns = ops.where(real, positive, 0.0), ops.where(real, others, MASKED)
        return ops.stack(columns, axis=-1)


def _others(logits, positive):
    """log(sum of exp(l) over all columns but the positive's own)."""
    # Without an initial value Keras refuses, in eager mode, a batch of padding alone.
    top = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True, initial=MASKED))
    total = ops.sum(ops.exp(logits - top), axis=-1, keepdims=True)
    return top + ops.log(ops.maximum(total - ops.exp(positive - top), TINY))
