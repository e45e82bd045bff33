"""All other items as negatives."""

from keras import ops

from kerasrec.layers.candidates import MASKED, Candidates, flat, logits_of, shaped
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
        query, item, item_model: See `Candidates`.

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

    def call(self, query, item, item_model):
        queries, rows = flat(query, item)
        logits = logits_of(queries, item_model(ops.arange(2, self.num_items, dtype="int32")))
        # Half the time of take_along_axis, forward and backward; XLA never stores the comparison.
        own = ops.equal(rows[:, None], ops.arange(2, self.num_items, dtype=rows.dtype))
        positive = ops.sum(ops.where(own, logits, 0.0), axis=-1, keepdims=True)
        logits = logits + self.absent[2:]
        top = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
        total = ops.sum(ops.exp(logits - top), axis=-1, keepdims=True)
        rest = ops.maximum(total - ops.exp(positive - top), TINY)
        others = ops.where(ops.less(rows, 2)[:, None], MASKED, top + ops.log(rest))
        return shaped(ops.concatenate([positive, others], axis=-1), item)
