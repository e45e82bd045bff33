"""Parts of many lists that can be padded to rectangles of bounded size."""

from collections.abc import Iterator
from typing import Any

import numpy as np

# Places in a padded rectangle: 16 MiB of int32.
PLACES = 2**22


def chunks(lengths: Any, rows: int, places: int = PLACES) -> Iterator[slice]:
    """Consecutive lists whose rectangle, as wide as the longest of them, is not too large.

    One long list among many short ones is then padded with few of them: the cost follows the sum
    of the lengths. Lists sorted by length need the least padding.

    >>> list(chunks([1, 2, 9, 1, 1, 1], rows=2, places=6))
    [slice(0, 2, None), slice(2, 3, None), slice(3, 5, None), slice(5, 6, None)]

    Args:
        lengths: (n,), of the lists in their order.
        rows: lists in a chunk, at most.
        places: lists times the longest length in a chunk, at most; a list that is longer is alone.
    """
    lengths = np.asarray(lengths).tolist()
    start, widest = 0, 0
    for end, length in enumerate(lengths):
        wider = max(widest, length)
        if end > start and (end - start == rows or (end - start + 1) * wider > places):
            yield slice(start, end)
            start, wider = end, length
        widest = wider
    if start < len(lengths):
        yield slice(start, len(lengths))
