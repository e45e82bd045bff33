"""In-batch negatives: the other positives of the batch."""

import math

import numpy as np
from keras import ops

from kerasrec.layers.candidates import MASKED, Candidates, flatten, unflatten
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register


@register
class InBatchCandidates(Candidates):
    """Logits of the positive, and of all positives of the batch as negatives.

        logits = [<q, v_item> - log p_item,  <q, v_j> - log p_j  for every j of the batch]

    Popular items are negatives of more queries. The logQ correction subtracts log p, the log of the
    item's share of the train interactions. With steps `(batch, length)` all `batch * length` items
    are candidates, and the logits take `(batch * length) ** 2` numbers.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.
        log_q: Apply the logQ correction; `adapt` computes the shares.
        mask_accidental_hits: Mask every column that repeats the row's positive. If False, mask only
            the column of the row itself.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`.

    Output shape:
        `item.shape + (1 + n,)` float32, where n is the number of rows in `item`, padding included.
        The columns of padding are masked.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import InBatchCandidates
    >>> vectors = np.array([[0, 0], [0, 0], [1, 2], [3, 4]], "float32")
    >>> query, item = np.array([[1, 0], [0, 1]], "float32"), np.array([3, 2])
    >>> layer = InBatchCandidates(4, log_q=False)
    >>> layer(query, item, item_model=lambda rows: vectors[rows]).numpy().tolist()
    [[3.0, -1000000000.0, 1.0], [2.0, 4.0, -1000000000.0]]

    Reference:
        Yi et al., Sampling-bias-corrected neural modeling for large corpus item
        recommendations, RecSys 2019.
    """

    def __init__(self, num_items, log_q=True, mask_accidental_hits=True, **kwargs):
        super().__init__(num_items, **kwargs)
        self.log_q = log_q
        self.mask_accidental_hits = mask_accidental_hits
        if log_q:
            self.log_probability = self.add_weight(
                shape=(num_items,),
                initializer="zeros",
                trainable=False,
                autocast=False,
                dtype="float32",
                name="log_probability",
            )

    def adapt_counts(self, counts):
        if self.log_q:
            self.log_probability.assign(np.log(counts / counts[2:].sum()))

    def num_columns(self, item):
        return None if None in item.shape else 1 + math.prod(item.shape)

    def call(self, query, item, item_model, scorer=None):
        scorer = scorer or DotScorer()
        queries, rows = flatten(query, item)
        vectors = item_model(rows)
        positives = scorer.score_pairs(queries, vectors)[:, None]
        negatives = scorer.score_all(queries, vectors)
        if self.log_q:
            correction = ops.take(self.log_probability, rows)
            positives = positives - correction[:, None]
            negatives = negatives - correction
        # Key identifying which columns repeat the row's positive.
        keys = rows if self.mask_accidental_hits else ops.arange(ops.shape(rows)[0])
        masked = ops.logical_or(ops.equal(keys[:, None], keys), ops.less(rows, 2))
        negatives = ops.where(masked, MASKED, negatives)
        return unflatten(ops.concatenate([positives, negatives], axis=-1), item)
