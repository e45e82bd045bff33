"""Greedy search for the most likely list of a determinantal point process."""

import keras
from keras import ops

from kerasrec.layers.greedy_list import checked_limits, checked_weight, greedy_list, list_spec
from kerasrec.layers.item_cosines import ItemCosines
from kerasrec.register import register
from kerasrec.whole_number import whole_number

# Below it a conditional variance is rounding: the vectors chosen span the candidate's.
LEAST_VARIANCE = 1e-3


@register
class DPPGreedy(keras.layers.Layer):
    """Chooses k candidates one by one, whose vectors span a large volume.

        next = argmax over i of (1 - weight) * score(i) + weight * log d_i^2
        d_i^2 = det S_(Y + i) / det S_Y

    S holds the cosines of the candidates, with 1 on the diagonal, and Y what was chosen before. So
    a list is chosen greedily for (1 - weight) * sum of its scores + weight * log det S of it, which
    is the log of its probability under the kernel L_ij = q_i S_ij q_j with
    q_i = exp((1 - weight) / (2 weight) * score(i)). Unlike MMR it looks at all chosen items, not
    only at the nearest one. The d_i^2 come from rows of an incremental Cholesky factor: a step
    takes time in proportion to the candidates and to the items chosen before it.

    d_i^2 counts as at least 0.001: once the chosen vectors span all others, the order of the scores
    follows. Scores are used as numbers, so scale them, for example to 0 to 1.

    Args:
        k: Items to choose.
        weight: From 0, the order of the scores, to 1, where the scores count for nothing.
        max_per: At most so many items of each value of a category, for each of `groups`.

    Call arguments:
        As of `MMR`.

    Output:
        As of `MMR`.

    Raises:
        InputError: for a k or limit below 1, or a weight outside of 0 to 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import DPPGreedy
    >>> rows, scores = np.array([[2, 3, 4]]), np.array([[1.0, 0.9, 0.5]])
    >>> vectors = np.array([[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]])
    >>> DPPGreedy(2, weight=0.5)(rows, scores, vectors)["rows"].numpy().tolist()
    [[2, 4]]

    Reference:
        Chen, Zhang, Zhou, Fast greedy MAP inference for determinantal point process to improve
        recommendation diversity, NeurIPS 2018.
    """

    def __init__(self, k, weight=0.3, max_per=(), **kwargs):
        # No autocast: the Cholesky factor needs float32.
        super().__init__(autocast=False, **kwargs)
        self.k = whole_number(k, "k", 1)
        self.weight = checked_weight(weight)
        self.max_per = checked_limits(max_per)

    def call(self, rows, scores, features, groups=()):
        scores = ops.cast(scores, "float32")
        relevance = (1.0 - self.weight) * ops.where(scores > float("-inf"), scores, 0.0)
        cosines, factor, variance = ItemCosines(features), None, ops.ones_like(scores)

        def value_after(last):
            nonlocal factor, variance
            if last is not None:
                own = ops.sum(ops.where(last, variance, 0.0), axis=1, keepdims=True)
                row = cosines.to(last)
                if factor is not None:  # (batch, steps, n)
                    of_last = ops.matmul(factor, ops.cast(last, "float32")[..., None])
                    row = row - ops.sum(factor * of_last, axis=1)
                row = row / ops.sqrt(ops.maximum(own, LEAST_VARIANCE))
                variance = variance - ops.square(row)
                row = row[:, None]
                factor = row if factor is None else ops.concatenate([factor, row], axis=1)
            return relevance + self.weight * ops.log(ops.maximum(variance, LEAST_VARIANCE))

        return greedy_list(rows, scores, self.k, value_after, self.max_per, groups)

    def compute_output_spec(self, rows, scores, features, groups=()):
        return list_spec(scores, self.k)
