"""The profile of a user, read from a server's answer."""

import math
import numbers
from dataclasses import dataclass

from kerasrec.client.json_values import as_list, as_number, as_text, as_whole
from kerasrec.errors import InputError
from kerasrec.id_list import id_list


@dataclass(frozen=True)
class ProfileValue:
    """A value of a feature, its weight, and how many items that were taken have it."""

    feature: str
    value: str
    weight: float
    items: int


def item_weights(values, history):
    """Checks the weights of the items of a history, floats.

    >>> item_weights([5, 2.5], ["a", "b"])
    [5.0, 2.5]
    """
    values = id_list(values, "value", of="weights")
    if history is None:
        raise InputError("value belongs to a history: give one, or leave value out")
    if len(values) != len(history):
        raise InputError(f"value: expected {len(history)}, one an item, got {len(values)}")
    for one in values:
        number = isinstance(one, numbers.Real) and not isinstance(one, bool)
        if not number or not 0 <= one < math.inf:
            raise InputError(f"value: expected finite weights of 0 or more, got {one!r}")
    return [float(one) for one in values]


def read_profile(outputs, k=None):
    """Converts the outputs of one row to a list of `ProfileValue`.

    Args:
        outputs: `feature`, `value`, `weight`, `items` `(1, any)`; "" is padding.
        k: Values to keep of each feature; None for all.
    """
    names = ("feature", "value", "weight", "items")
    columns = [as_list(as_list(outputs[name])[0]) for name in names]
    found, counts = [], {}
    for feature, value, weight, items in zip(*columns, strict=True):
        if not as_text(feature):
            continue
        counts[feature] = counts.get(feature, 0) + 1
        if k is None or counts[feature] <= k:
            found.append(ProfileValue(feature, as_text(value), as_number(weight), as_whole(items)))
    return found
