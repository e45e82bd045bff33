"""The other items of the batch as negatives."""

import math

import numpy as np
from keras import ops

from kerasrec.layers.candidates import MASKED, Candidates, flat, shaped
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register


@register
class InBatchCandidates(Candidates):
    """Each observed item against all observed items of the batch.

        logits = [<q, v_item> - log p_item,  <q, v_j> - log p_j  for every j of the batch]

    Popular items meet more queries as negatives; subtracting the log of an item's share of the
    training data undoes that. With steps `(batch, length)` all `batch * length` items are
    candidates, and the logits take `(batch * length) ** 2` numbers.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.
        log_q: Subtract the log of the item's share, which `adapt` takes.
        mask_accidental_hits: Mask every column that holds the row's own item. If False, only the
            column of the row itself is masked.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`.

    Output shape:
        `item.shape + (1 + n,)` float32, n the number of rows in `item`, paddings (masked) included.

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
        queries, rows = flat(query, item)
        vectors = item_model(rows)
        positives = scorer.each(queries, vectors)[:, None]
        negatives = scorer.every(queries, vectors)
        if self.log_q:
            correction = ops.take(self.log_probability, rows)
            positives = positives - correction[:, None]
            negatives = negatives - correction
        # Rows of the item table, or of the batch: what makes a column the row's own.
        keys = rows if self.mask_accidental_hits else ops.arange(ops.shape(rows)[0])
        never = ops.logical_or(ops.equal(keys[:, None], keys), ops.less(rows, 2))
        negatives = ops.where(never, MASKED, negatives)
        return shaped(ops.concatenate([positives, negatives], axis=-1), item)
