"""The mean and the standard deviation of a number, block by block."""

from collections.abc import Iterator

import numpy as np

BLOCK = 2**20  # rows


def moments(numbers: np.ndarray) -> dict[str, float]:
    """{"mean", "std"} of the numbers that are not NaN; {} without any. A deviation of 0 is 1.

    They are summed in blocks of rows, so that a column in a file gives the same as one in memory.

    >>> moments(np.array([1.0, np.nan, 3.0]))
    {'mean': 2.0, 'std': 1.0}
    """
    count, total = 0, 0.0
    for block in _blocks(numbers):
        count, total = count + len(block), total + float(block.sum())
    if not count:
        return {}
    mean = total / count
    squares = sum(float(np.square(block - mean).sum()) for block in _blocks(numbers))
    return {"mean": mean, "std": float(np.sqrt(squares / count)) or 1.0}


def _blocks(numbers: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        yield block[~np.isnan(block)]
