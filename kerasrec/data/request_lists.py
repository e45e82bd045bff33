"""The rows of each request side by side, for losses that compare them."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from kerasrec.data.impressions import Impressions
from kerasrec.errors import InputError

LONGEST = 100


@dataclasses.dataclass(frozen=True, eq=False)
class RequestLists:
    """The rows of requests, padded to the width of the longest.

    Args:
        rows: int64 (requests, width), row numbers of impressions; the number after the last row is
            padding.
        notes: sentences on requests that were left out or cut.
    """

    rows: np.ndarray
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        data: Impressions,
        labels: Sequence[str],
        longest: int = LONGEST,
        keep_all: bool = False,
        seed: int = 0,
    ) -> "RequestLists":
        """The requests that say something about the order of their items.

        A request is left out if none of these labels has two values in it. Of a request of more
        than `longest` rows those with the highest values of the first label are kept, and then
        others at random.

        >>> import pandas as pd
        >>> data = Impressions.from_frame(pd.DataFrame(
        ...     {"request": list("aabcc"), "item": list("xyxxy"), "click": [0, 1, 1, 0, 0]}))
        >>> RequestLists.of(data, ["click"]).rows.tolist()
        [[0, 1]]

        Args:
            data: impressions with a request of each row.
            labels: what the order is learned from.
            longest: the largest width.
            keep_all: Keep every request, for the sake of other labels.
            seed: of the rows that are kept at random.

        Raises:
            InputError: without requests, or if no request has two values of a label.
        """
        if data.request is None:
            raise InputError(
                f"a loss within a request compares items that were shown together, and "
                f"{data.name!r} does not say which: map a column to request, or choose another "
                "loss, such as bce"
            )
        request = np.unique(data.request, return_inverse=True)[1]
        number = int(request.max(initial=-1)) + 1
        says = np.zeros(number, bool)
        for label in labels:
            says |= _differs(data.labels[label], request, number)
        if not says.any():
            raise InputError(
                f"no request of {data.name!r} has items with different values of "
                f"{' or '.join(labels)}: there is no order to learn; choose another loss, such as "
                "bce"
            )
        notes = []
        if not (says.all() or keep_all):
            notes.append(
                f"{number - says.sum():,} of {number:,} requests are not trained on: they have one "
                "item, or items with equal labels."
            )
            rows = np.flatnonzero(says[request])
            request = np.unique(request[rows], return_inverse=True)[1]
        else:
            rows = np.arange(len(request))
        sizes = np.bincount(request)
        if (long := int((sizes > longest).sum())) > 0:
            notes.append(
                f"{long:,} requests of more than {longest} rows are cut in training: the rows with "
                "the highest labels are kept, and others at random."
            )
            first = np.nan_to_num(data.labels[labels[0]][rows], nan=-np.inf)
            random = np.random.default_rng(seed).permutation(len(rows))
            order = np.lexsort((random, -first, request))
            kept = np.empty(len(rows), bool)
            kept[order] = _places(request[order], sizes) < longest
            rows, request = rows[kept], request[kept]
            sizes = np.minimum(sizes, longest)
        order = np.argsort(request, kind="stable")
        lists = np.full((len(sizes), sizes.max()), len(data), np.int64)
        lists[request[order], _places(request[order], sizes)] = rows[order]
        return cls(lists, tuple(notes))


def _differs(values, request, number):
    """bool (requests,): whether a label has two values."""
    known = ~np.isnan(values)
    low, high = np.full(number, np.inf), np.full(number, -np.inf)
    np.minimum.at(low, request[known], values[known])
    np.maximum.at(high, request[known], values[known])
    return high > low


def _places(request, sizes):
    """The place of each row in its request, of rows that are sorted by request."""
    return np.arange(len(request)) - (np.cumsum(sizes) - sizes)[request]
