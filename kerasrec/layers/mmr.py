"""Maximal marginal relevance: a list of good items that differ."""

import keras
from keras import ops

from kerasrec.layers.greedy_list import checked_limits, checked_weight, greedy_list, list_spec
from kerasrec.layers.item_cosines import ItemCosines
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class MMR(keras.layers.Layer):
    """Chooses k candidates one by one, each good and unlike those before it.

        next = argmax over i of (1 - weight) * score(i) - weight * max over chosen j of cos(i, j)

    The first is the one with the best score. Scores and cosines are compared as numbers, so scale
    the scores, for example to 0 to 1. Of equal values the first candidate is taken.

    Args:
        k: Items to choose.
        weight: From 0, the order of the scores, to 1, where only the first choice looks at them.
        max_per: At most so many items of each value of a category, for each of `groups`.

    Call arguments:
        rows: `(batch, n)` int item rows, best first.
        scores: `(batch, n)` float, -inf for padding.
        features: `(batch, n, dim)` float vectors of the candidates, or `(batch, n)` or
            `(batch, n, length)` int rows of values of a category; see `ItemCosines`.
        groups: Int rows of the categories of `max_per`, as `features`.

    Output:
        Dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, the candidates' own, in
        the order of the choice, and `places` `(batch, k)` int32 among the candidates. Row 0 and
        -inf where none is left.

    Raises:
        InputError: for a k or limit below 1, or a weight outside of 0 to 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import MMR
    >>> rows, scores = np.array([[2, 3, 4]]), np.array([[1.0, 0.9, 0.5]])
    >>> vectors = np.array([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])
    >>> MMR(2, weight=0.5)(rows, scores, vectors)["rows"].numpy().tolist()
    [[2, 4]]

    Reference:
        Carbonell, Goldstein, The use of MMR, diversity-based reranking for reordering documents and
        producing summaries, SIGIR 1998.
    """

    def __init__(self, k, weight=0.3, max_per=(), **kwargs):
        # No autocast: half precision would round the scores and change their order.
        super().__init__(autocast=False, **kwargs)
        self.k = whole_number(k, "k", 1)
        self.weight = checked_weight(weight)
        self.max_per = checked_limits(max_per)

    def call(self, rows, scores, features, groups=()):
        scores = ops.cast(scores, "float32")
        relevance = ops.where(scores > float("-inf"), scores, 0.0)
        cosines, nearest = ItemCosines(features), None

        def value_after(last):
            nonlocal nearest
            if last is None:
                return relevance
            now = cosines.to(last)
            nearest = now if nearest is None else ops.maximum(nearest, now)
            return (1.0 - self.weight) * relevance - self.weight * nearest

        return greedy_list(rows, scores, self.k, value_after, self.max_per, groups)

    def compute_output_spec(self, rows, scores, features, groups=()):
        return list_spec(scores, self.k)
