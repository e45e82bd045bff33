"""DampedMean: the global mean rating plus a damped offset for each user and item."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register


@register
class DampedMean(FactorModel):
    """A global mean with item and user offsets: the baseline of rating models.

        score(u, i) = mu + b_u + b_i
        b_i = sum over its ratings of (r - mu - b_u) / (n_i + item_damping)
        b_u = sum over their ratings of (r - mu - b_i) / (n_u + user_damping)

    The offsets are computed in turns, those of items first, starting from b_u = 0. More `sweeps`
    converge to least squares with the dampings as ridge penalties. A damping acts like that many
    additional ratings with a residual of 0.

    Args:
        schema: `Schema` of the data.
        item_damping: Moves the offsets of items with few ratings towards 0.
        user_damping: The same for users.
        sweeps: How often the offsets of both sides are computed.

    Raises:
        InputError: at construction, for a negative damping or no sweeps.

    Reference:
        Koren, Factor in the neighbors: scalable and accurate collaborative filtering, TKDD 2010,
        section 2.2.

    Example:

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("aabb"), "item": list("xyxy"), "value": [1, 3, 3, 5]})
    >>> train = Interactions.from_frame(frame)
    >>> model = DampedMean(train.schema(), item_damping=0, user_damping=0)
    >>> model.adapt(train)
    >>> model.score(users=["a", "b"], items=["x", "y"]).tolist()
    [1.0, 5.0]
    """

    predicts_values = True
    unknown_user = "with the means of the items"

    def __init__(self, schema, item_damping=2.0, user_damping=5.0, sweeps=10, name=None):
        check_damping(item_damping, user_damping, sweeps)
        super().__init__(schema=schema, dim=0, biases=True, name=name)

    def find_factors(self, train):
        mean, user, item = damped_means(train, self.item_damping, self.user_damping, self.sweeps)
        return Factors(user_bias=user, item_bias=item, mean=mean)

    def contributions(self, inputs, history, items):
        """Zeros: the score does not depend on single items of the history."""
        return np.zeros((len(items), len(history)))


def damped_means(train, item_damping, user_damping, sweeps):
    """The mean of the train part and the offsets of users and of items, by row, in float64."""
    value = train.value.astype("float64")
    mean = value.sum() / max(len(value), 1)
    user = np.zeros(len(train.users))
    for _ in range(sweeps):
        residual = value - mean - user[train.user]
        item = _damped(residual, train.item, train.item_counts(), item_damping)
        residual = value - mean - item[train.item]
        user = _damped(residual, train.user, train.user_counts(), user_damping)
    return mean, user, item


def check_damping(item_damping, user_damping, sweeps=1):
    """Raises an `InputError` for wrong arguments of `damped_means`."""
    for name, value in (("item_damping", item_damping), ("user_damping", user_damping)):
        if not value >= 0:
            raise InputError(f"{name}: expected a number of ratings of at least 0, got {value!r}")
    if int(sweeps) != sweeps or sweeps < 1:
        raise InputError(f"sweeps: expected a whole number from 1, got {sweeps!r}")


def _damped(residual, rows, counts, damping):
    """Damped mean of the residuals of each row."""
    sums = np.bincount(rows, weights=residual, minlength=len(counts))
    # Without interactions the sum is 0: divide by 1.
    return sums / np.where(counts > 0, counts + damping, 1.0)
