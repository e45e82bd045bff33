"""A list with at most a few items of each category."""

import keras
from keras import ops

from kerasrec.layers.greedy_list import checked_limits, greedy_list, list_spec
from kerasrec.register import register
from kerasrec.whole_number import whole_number


@register
class CategoryCaps(keras.layers.Layer):
    """Chooses the k best candidates, with at most n items of each value of a category.

    The candidates are taken in the order of their scores; one whose category is full is left out.
    An item with several values of a category counts for each of them. An item without a known value
    is not limited.

    Args:
        k: Items to choose.
        max_per: At most so many items of each value, for each of `groups`.

    Call arguments:
        rows: `(batch, n)` int item rows, best first.
        scores: `(batch, n)` float, -inf for padding.
        groups: For each category `(batch, n)` or `(batch, n, length)` int rows of values; 0 is
            padding and 1 an unknown value.

    Output:
        Dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32, best first, and
        `places` `(batch, k)` int32 among the candidates. Row 0 and -inf where none is left.

    Raises:
        InputError: for a k or limit below 1, or another number of groups.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import CategoryCaps
    >>> rows, scores = np.array([[2, 3, 4, 5]]), np.array([[0.9, 0.8, 0.7, 0.6]])
    >>> brand = np.array([[2, 2, 2, 3]])
    >>> CategoryCaps(3, max_per=[2])(rows, scores, groups=[brand])["rows"].numpy().tolist()
    [[2, 3, 5]]
    """

    def __init__(self, k, max_per=(), **kwargs):
        # No autocast: half precision would round the scores and change their order.
        super().__init__(autocast=False, **kwargs)
        self.k = whole_number(k, "k", 1)
        self.max_per = checked_limits(max_per)

    def call(self, rows, scores, groups=()):
        scores = ops.cast(scores, "float32")
        return greedy_list(rows, scores, self.k, lambda last: scores, self.max_per, groups)

    def compute_output_spec(self, rows, scores, groups=()):
        return list_spec(scores, self.k)
