"""No candidates: the observed pair alone."""

from keras import ops

from kerasrec.layers.candidates import Candidates, flat, is_set, shaped
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register


@register
class PairCandidates(Candidates):
    """The score of the observed pair, held against nothing: for ratings.

        logits = [<q, v_item>]

    With one column, Keras's own `MeanSquaredError` and `BinaryCrossentropy(from_logits=True)` work
    as well as the losses of `kerasrec.losses`.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`. Several items of one query, `query`
            `(batch, dim)` with `item` `(batch, length)`, are read off the scores of all items: one
            product of matrices, and no item vector for each place.

    Output shape:
        `item.shape + (1,)`, float32.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import PairCandidates
    >>> vectors = np.array([[0, 0], [0, 0], [1, 2], [3, 4]], "float32")
    >>> query, item = np.array([[1, 1]], "float32"), np.array([3])
    >>> PairCandidates(4)(query, item, item_model=lambda rows: vectors[rows]).numpy().tolist()
    [[7.0]]
    """

    def num_columns(self, item):
        return 1

    def call(self, query, item, item_model, scorer=None):
        scorer = scorer or DotScorer()
        if is_set(query, item):
            every = scorer.every(query, item_model(ops.arange(self.num_items, dtype="int32")))
            return ops.take_along_axis(every, item, axis=-1)[..., None]
        queries, rows = flat(query, item)
        return shaped(scorer.each(queries, item_model(rows))[:, None], item)
