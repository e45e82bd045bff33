"""Damped means: how this item and this user depart from the average rating."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors
from kerasrec.register import register


@register
class DampedMean(FactorModel):
    """The baseline of every rating model: a global mean with item and user offsets.

        score(u, i) = mu + b_u + b_i
        b_i = sum over its ratings of (r - mu - b_u) / (n_i + item_damping)
        b_u = sum over their ratings of (r - mu - b_i) / (n_u + user_damping)

    Items come first, with b_u = 0; more `sweeps` go on in turns, towards the least squares with
    the dampings as ridge penalties. A damping is worth so many ratings of an average user or item.

    Args:
        schema: `Schema` of the data.
        item_damping: Pulls the offsets of items with few ratings towards 0.
        user_damping: The same for users.
        sweeps: How often each side is computed.

    Raises:
        InputError: at construction, for a negative damping or no sweep.

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
        """Zeros: an offset is no item of the history."""
        return np.zeros((len(items), len(history)))


def damped_means(train, item_damping, user_damping, sweeps):
    """The mean of the train part, offsets of the users and of the items, by row; float64."""
    value = train.value.astype("float64")
    mean = value.sum() / max(len(value), 1)
    user = np.zeros(len(train.users))
    for _ in range(sweeps):
        rest = value - mean - user[train.user]
        item = _damped(rest, train.item, train.item_counts(), item_damping)
        rest = value - mean - item[train.item]
        user = _damped(rest, train.user, train.user_counts(), user_damping)
    return mean, user, item


def check_damping(item_damping, user_damping, sweeps=1):
    """Raises an `InputError` for what `damped_means` cannot be asked for."""
    for name, value in (("item_damping", item_damping), ("user_damping", user_damping)):
        if not value >= 0:
            raise InputError(f"{name}: expected a number of ratings of at least 0, got {value!r}")
    if int(sweeps) != sweeps or sweeps < 1:
        raise InputError(f"sweeps: expected a whole number from 1, got {sweeps!r}")


def _damped(rest, rows, counts, damping):
    sums = np.bincount(rows, weights=rest, minlength=len(counts))
    # Without interactions the sum is 0, whatever it is divided by.
    return sums / np.where(counts > 0, counts + damping, 1.0)
