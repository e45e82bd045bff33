"""No candidates: the observed pair alone."""

from kerasrec.layers.candidates import Candidates, flat, positives_of, shaped
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
        query, item, item_model: See `Candidates`.

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

    def call(self, query, item, item_model):
        queries, rows = flat(query, item)
        return shaped(positives_of(queries, item_model(rows)), item)
