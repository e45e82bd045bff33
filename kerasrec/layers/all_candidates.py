"""The whole catalog as candidates: an exact full softmax."""

import keras
from keras import ops

from kerasrec.layers.candidates import MASKED, Candidates, flatten, is_set, unflatten
from kerasrec.layers.chunked_logits import TINY, chunked_logits
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register

# Items whose logits are in memory at a time. On a CPU 1,024 to 4,096 are equally fast.
ITEMS_PER_CHUNK = 2048


@register
class AllCandidates(Candidates):
    """Logits of the positive and of all other real items: the exact full softmax.

        logits = [l_item,  log(sum over real j != item of exp(l_j))],  l = <q, v>

    The second column sums up all other items, so `Softmax` over the two columns is the cross
    entropy over the whole catalog. The item vectors are computed once for the whole batch. A target
    that is no real item (row 0 or 1) gets `[0, -1e9]`: no loss and no gradient. Use these logits
    with `Softmax` only.

    Dot products are computed for 2,048 items at a time and recomputed for the gradient, see
    `chunked_logits`. With a `scorer`, or several items per query, all logits are in memory at once.
    For `(batch, length)` steps TensorFlow computes only the steps with a target. XLA has fixed
    shapes: it computes all steps and masks the others in the sums.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`. With several items per query, `query`
            `(batch, dim)` and `item` `(batch, length)`, the logits of the catalog are computed once
            per query. The other positives of the query count as negatives, as in a multinomial
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
        self.add_absent_mask()

    def num_columns(self, item):
        return 2

    def call(self, query, item, item_model, scorer=None):
        if is_set(query, item):
            return self._set_logits(query, item, item_model, scorer or DotScorer())
        queries, rows = flatten(query, item)
        real = ops.greater_equal(rows, 2)
        # Skips the padding of steps. Other backends need fixed shapes.
        if len(item.shape) > 1 and keras.backend.backend() == "tensorflow":
            kept = ops.nonzero(real)[0]
            found = self._columns(
                ops.take(queries, kept, axis=0), ops.take(rows, kept), item_model, scorer
            )
            columns = ops.scatter(kept[:, None], found, (ops.shape(rows)[0], 2))
        else:
            columns = self._columns(queries, ops.maximum(rows, 2), item_model, scorer)
        no_target = ops.convert_to_tensor([0.0, MASKED], "float32")
        return unflatten(ops.where(real[:, None], columns, no_target), item)

    def _columns(self, queries, rows, item_model, scorer):
        """Logits `(n, 2)` of queries `(n, dim)` with real rows `(n,)`."""
        target, items = rows - 2, self.num_items - 2
        num_chunks = 1 if scorer else -(-items // ITEMS_PER_CHUNK)
        # Rounded up to a multiple of 64 for vector instructions: at most 1/16 more items.
        width = items if num_chunks == 1 else -(-items // (num_chunks * 64)) * 64
        # The last item, masked, fills the last chunk: this avoids a padded copy of the vectors.
        extra = num_chunks * width - items
        padded_rows = ops.minimum(
            ops.arange(2, self.num_items + extra, dtype="int32"), self.num_items - 1
        )
        absent_mask = ops.pad(self.absent_mask[2:], [[0, extra]], constant_values=MASKED)
        vectors = item_model(padded_rows)
        if scorer is None:
            return chunked_logits(queries, vectors, target, absent_mask, width)
        logits = scorer.score_all(queries, vectors)
        # Twice as fast as take_along_axis, forward and backward; XLA fuses the comparison.
        is_positive = ops.equal(target[:, None], ops.arange(items, dtype=target.dtype))
        positive = ops.sum(ops.where(is_positive, logits, 0.0), axis=-1, keepdims=True)
        others = _log_sum_others(
            logits + absent_mask, positive + ops.take(absent_mask, target)[:, None]
        )
        return ops.concatenate([positive, others], axis=-1)

    def _set_logits(self, query, item, item_model, scorer):
        logits = scorer.score_all(query, item_model(ops.arange(2, self.num_items, dtype="int32")))
        real = ops.greater_equal(item, 2)
        target = ops.where(real, item - 2, 0)
        positive = ops.take_along_axis(logits, target, axis=-1)
        logits = logits + self.absent_mask[2:]
        others = _log_sum_others(logits, positive + ops.take(self.absent_mask[2:], target))
        columns = ops.where(real, positive, 0.0), ops.where(real, others, MASKED)
        return ops.stack(columns, axis=-1)


def _log_sum_others(logits, positive):
    """log(sum of exp(l)) over all columns except the positive's."""
    # Without `initial` Keras refuses an empty batch in eager mode.
    maximum = ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True, initial=MASKED))
    total = ops.sum(ops.exp(logits - maximum), axis=-1, keepdims=True)
    return maximum + ops.log(ops.maximum(total - ops.exp(positive - maximum), TINY))
