"""The loop of the layers that choose a list item by item."""

import keras
from keras import ops

from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.layers.item_cosines import shared, values_of
from kerasrec.tables.largest import largest
from kerasrec.whole_number import whole_number

NEVER = float("-inf")


def greedy_list(rows, scores, k, value_after, max_per=(), groups=()):
    """Chooses k candidates one by one, each the free one of the largest value.

    A candidate is free if its score is not -inf, it is not chosen, and no category of it is full.
    Of equal values the first is taken. The steps are unrolled in the graph.

    Args:
        rows: `(batch, n)` int item rows of the candidates.
        scores: `(batch, n)` float, -inf for padding.
        k: Items to choose.
        value_after: Function from the candidate that was chosen last, bool `(batch, n)`, None at
            first, to the value `(batch, n)` of each candidate.
        max_per: How many items of each value of a category may be chosen, for each of `groups`.
        groups: `(batch, n)` or `(batch, n, length)` int rows of values of each category; an item
            without a known value (0 and 1) is not counted.

    Returns:
        Dict of `rows` `(batch, k)` int32 and `scores` `(batch, k)` float32 in the order of the
        choice; row 0 and -inf where no candidate was free. And `places` `(batch, k)` int32: where
        each lies among the candidates.

    Raises:
        InputError: for another number of groups than of `max_per`.

    Example:

    >>> import numpy as np
    >>> rows, scores = np.array([[5, 6, 7]]), np.array([[3.0, 2.0, 1.0]])
    >>> brand = np.array([[2, 2, 3]])
    >>> chosen = greedy_list(rows, scores, 2, lambda last: scores, [1], [brand])
    >>> ops.convert_to_numpy(chosen["rows"]).tolist()
    [[5, 7]]
    """
    if len(groups) != len(max_per):
        raise InputError(
            f"groups: expected {len(max_per)}, one for each of max_per, received {len(groups)}"
        )
    rows, scores = ops.cast(rows, "int32"), ops.cast(scores, "float32")
    free = scores > NEVER
    groups = [values_of(group) for group in groups]
    counts = [ops.zeros_like(group) for group in groups]
    every = ops.arange(scores.shape[1], dtype="int32")[None]
    values, places, last = [], [], None
    for step in range(k):
        value, place = largest(ops.where(free, value_after(last), NEVER), 1)
        values.append(value)
        places.append(ops.cast(place, "int32"))
        if step == k - 1:
            break
        last = ops.equal(every, places[-1])
        free = ops.logical_and(free, ops.logical_not(last))
        for number, (limit, group) in enumerate(zip(max_per, groups, strict=True)):
            counts[number] = counts[number] + ops.cast(shared(group, last), "int32")
            # Padding and unknown values are never counted, and so never full.
            full = ops.any(counts[number] >= limit, axis=2)
            free = ops.logical_and(free, ops.logical_not(full))
    found, places = ops.concatenate(values, axis=1) > NEVER, ops.concatenate(places, axis=1)
    return {
        "rows": ops.where(found, ops.take_along_axis(rows, places, axis=1), PADDING),
        "scores": ops.where(found, ops.take_along_axis(scores, places, axis=1), NEVER),
        "places": places,
    }


def list_spec(scores, k):
    """The symbolic output of a layer that chooses k items."""
    shape = (scores.shape[0], k)
    return {
        "rows": keras.KerasTensor(shape, "int32"),
        "scores": keras.KerasTensor(shape, "float32"),
        "places": keras.KerasTensor(shape, "int32"),
    }


def checked_limits(max_per):
    """`max_per` as a list of whole numbers from 1."""
    return [whole_number(limit, "each of max_per", 1) for limit in max_per]


def checked_weight(weight):
    """`weight` as a float from 0 to 1."""
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= 1:
        raise InputError(f"weight: expected a number from 0 to 1, received {weight!r}")
    return float(weight)
