"""The score of the observed pair, without negatives."""

from keras import ops

from kerasrec.layers.candidates import Candidates, flatten, is_set, unflatten
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.register import register


@register
class PairCandidates(Candidates):
    """Returns the score of the observed pair without negatives: for ratings.

        logits = [<q, v_item>]

    With this single column, the losses of `kerasrec.losses` as well as Keras's `MeanSquaredError`
    and `BinaryCrossentropy(from_logits=True)` can be used.

    Args:
        num_items: Rows of the item vocabulary, padding and unknown included.

    Call arguments:
        query, item, item_model, scorer: See `Candidates`. With several items per query, `query`
            `(batch, dim)` and `item` `(batch, length)`, their scores are gathered from the scores
            of the whole catalog: one matrix product, without an item vector for each position.

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
            scores = scorer.score_all(query, item_model(ops.arange(self.num_items, dtype="int32")))
            return ops.take_along_axis(scores, item, axis=-1)[..., None]
        queries, rows = flatten(query, item)
        return unflatten(scorer.score_pairs(queries, item_model(rows))[:, None], item)
