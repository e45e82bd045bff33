"""Numbers of texts that come a chunk at a time."""

from collections.abc import Sequence

import numpy as np


class Numbering(dict):
    """Text -> its number, from 0 in order of first appearance.

    >>> found = Numbering()
    >>> found.codes(np.array([0, 1, -1]), ["b", "a"]), found.codes(np.array([0]), ["a"])
    (array([ 0,  1, -1], dtype=int32), array([1], dtype=int32))
    """

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number

    def codes(self, codes: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        """int32 (n,): numbers of rows, given as codes of `texts`; -1 stays."""
        numbers = np.array([*(self[text] for text in texts), -1], np.int32)
        return numbers[codes]
