"""All other items as negatives."""

from keras import ops

from kerasrec.layers.candidates import MASKED, Candidates, flat, is_set, shaped
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register

# Keeps the log finite where the observed item holds all the mass that float32 can see.
TINY = 1e-30


@register
class AllCandidates(Candidates):
    """Each observed item against all other real items: the exact full softmax.

        logits = [l_item,  log(sum over real j != item of exp(l_j))],  l = <q, v>

    The second column stands for all other items, so that `Softmax` on two columns is the cross
    entropy over the whole catalogue. The item vectors are computed once for the whole batch. A
    target that is no real item (row 0 or 1) has `[0, -1e9]`: no loss, no gradient. Only `Softmax`
    is meant for these logits.

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
        scorer = scorer or DotScorer()
        if is_set(query, item):
            return self._of_sets(query, item, item_model, scorer)
        queries, rows = flat(query, item)
        logits = scorer.every(queries, item_model(ops.arange(2, self.num_items, dtype="int32")))
        # Half the time of take_along_axis, forward and backward; XLA never stores the comparison.
        own = ops.equal(rows[:, None], ops.arange(2, self.num_items, dtype=rows.dtype))
        positive = ops.sum(ops.where(own, logits, 0.0), axis=-1, keepdims=True)
        logits = logits + self.absent[2:]
        others = ops.where(ops.less(rows, 2)[:, None], MASKED, _others(logits, positive))
        return shaped(ops.concatenate([positive, others], axis=-1), item)

    def _of_sets(self, query, item, item_model, scorer):
        logits = scorer.every(query, item_model(ops.arange(2, self.num_items, dtype="int32")))
        real = ops.greater_equal(item, 2)
        positive = ops.take_along_axis(logits, ops.where(real, item - 2, 0), axis=-1)
        others = _others(logits + self.absent[2:], positive)
        columns = ops.where(real, positive, 0.0), ops.where(real, others, MASKED)
        return ops.stack(columns, axis=-1)


def _others(logits, positive):
    """log(sum of exp(l) over all columns but the positive's own)."""
    top = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
    total = ops.sum(ops.exp(logits - top), axis=-1, keepdims=True)
    return top + ops.log(ops.maximum(total - ops.exp(positive - top), TINY))
