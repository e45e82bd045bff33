"""SmoothedMean: the user's ratings and the mean of the item's, over the size of the data."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register


@register
class SmoothedMean(FactorModel):
    """What a user rated, their mean rating and that of the item, divided by a constant.

        score(u, i) = (beta sum_j r(u, j) + m_u + m_i) / (|I|^alpha + |U|)

    with the mean m_u of the ratings of user u, m_i of those of item i, j over the items that u
    rated, and I and U the items and users with ratings. A mean of no ratings is 0. The score is a
    term of the user plus one of the item: all users get the items in the same order, that of m_i.
    It is not on the scale of the ratings.

    Args:
        schema: `Schema` of the data.
        alpha: Power of the number of items.
        beta: Weight of the sum of the user's ratings.

    Raises:
        InputError: at construction, for a negative number; at `adapt`, for one so large that
            float32 cannot tell the items apart.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("aabb"), "item": list("xyxz"), "value": [5, 3, 4, 2]})
    >>> train = Interactions.from_frame(frame)
    >>> model = SmoothedMean(train.schema(), alpha=1.0, beta=0.5)
    >>> model.adapt(train)
    >>> model.score(users=["a"], items=["x"]).round(3).tolist()  # (.5 * 8 + 4 + 4.5) / (3 + 2)
    [2.5]
    """

    unknown_user = "with the means of the items"
    values_read = "sums and means"

    def __init__(self, schema, alpha=1.0, beta=1.0, name=None):
        for argument, value in (("alpha", alpha), ("beta", beta)):
            if not 0 <= value < np.inf:
                raise InputError(f"{argument}: expected a number of at least 0, got {value!r}")
        super().__init__(schema=schema, dim=0, biases=True, name=name)

    def find_factors(self, train):
        sums, means, counts = {}, {}, {}
        value = train.value.astype("float64")
        for side, rows, size in (
            ("user", train.user, len(train.users)),
            ("item", train.item, len(train.items)),
        ):
            counts[side] = np.bincount(rows, minlength=size)
            sums[side] = np.bincount(rows, weights=value, minlength=size)
            means[side] = sums[side] / np.maximum(counts[side], 1)
        whole = {side: np.count_nonzero(each) for side, each in counts.items()}
        with np.errstate(over="ignore"):
            size = np.float64(whole["item"]) ** self.alpha + whole["user"]
        user, item = (self.beta * sums["user"] + means["user"]) / size, means["item"] / size
        known = means["item"][counts["item"] > 0]
        ends = np.array([known.min(), known.max()]) / size
        # A model adds the two terms in float32, and TensorFlow takes smaller numbers for zeros.
        told = np.float32(np.abs(user).max()) + ends.astype("float32")
        if known.min() < known.max() and told[1] - told[0] < np.finfo("float32").tiny:
            raise InputError(
                f"SmoothedMean: alpha={self.alpha:g} and beta={self.beta:g} give all items of a "
                "user the same score in float32: choose a smaller one"
            )
        return Factors(user_bias=user, item_bias=item)

    def contributions(self, inputs, history, items):
        """Zeros: no single item of the history orders the items."""
        return np.zeros((len(items), len(history)))
