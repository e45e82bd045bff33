"""External ids and their rows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.ids import are_texts, factorize
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json

PADDING, UNKNOWN, FIRST = 0, 1, 2


class Vocabulary:
    """A two-way table between external ids (strings) and rows (int32).

    Row 0 is padding (the empty string), row 1 any unknown id, real ids start at row 2: the order
    of Keras's `StringLookup(mask_token="")`, so an exported lookup is the same table.

    >>> vocabulary = Vocabulary(["u7", "u3"])
    >>> vocabulary.rows(["u3", "u7", "nobody", ""])
    array([3, 2, 1, 0], dtype=int32)
    >>> vocabulary.lookup([3, 1]).tolist()
    ['u3', '[unknown]']
    >>> len(vocabulary)
    4

    Args:
        ids: the real ids in row order, unique non-blank strings.

    Raises:
        InputError: an id is blank, not a string, or given twice.
    """

    def __init__(self, ids: Sequence[str] = ()):
        if isinstance(ids, str):
            raise InputError(f"Vocabulary expects a sequence of ids, got the string {ids!r}.")
        self.ids = np.fromiter(ids, dtype=object, count=len(ids))
        # One look at all of them together is faster than one at each.
        wrong = [] if are_texts(self.ids) else self.ids
        wrong = [i for i in wrong if not isinstance(i, str) or not i.strip()]
        if wrong:
            raise InputError(
                f"Vocabulary ids must be non-blank strings, got {wrong[0]!r:.80}. "
                "Vocabulary.from_values takes other values and leaves missing ones out."
            )
        self._index = pd.Index(self.ids, dtype=object)
        if not self._index.is_unique:
            twice = self._index[self._index.duplicated()][0]
            raise InputError(
                f"Vocabulary ids must be unique, {twice!r} is given twice. "
                "Vocabulary.from_values takes values with repetitions."
            )
        self.ids.flags.writeable = False

    @classmethod
    def from_values(
        cls, values: Any, min_count: int = 1, counts: np.ndarray | None = None
    ) -> "Vocabulary":
        """The distinct values in order of first appearance; missing and blank ones left out.

        Values that occur less than `min_count` times are left out as well. `counts` says how often
        each of `values` occurs; None = once.
        """
        return cls([text for text in _frequent(values, min_count, counts) if text.strip()])

    def rows(self, values: Any) -> np.ndarray:
        """Rows of external ids: int32, of the shape of `values`.

        Integers count as their decimal string. An id that is not in it is row 1; "", None and NaN
        are row 0.
        """
        # An object array keeps each value's own type: NumPy alone would turn [7, "x"] into text.
        values = values if hasattr(values, "shape") else np.array(values, dtype=object)
        codes, texts = factorize(values)
        # One place more than there are texts: code -1 (missing) picks the last, padding.
        table = np.zeros(len(texts) + 1, dtype=np.int32)
        table[:-1] = np.where(texts == "", PADDING, self._index.get_indexer(texts) + FIRST)
        # get_indexer answers -1 for what is not there, and -1 + FIRST is UNKNOWN.
        return table[codes].reshape(values.shape)

    def lookup(self, rows: Any) -> np.ndarray:
        """External ids of rows: an object array, "" for row 0 and "[unknown]" for row 1."""
        rows = np.asarray(rows)
        if rows.size and not (0 <= rows.min() and rows.max() < len(self)):
            raise InputError(
                f"Rows must lie in [0, {len(self)}), got {rows.min()} to {rows.max()}. "
                "The rows come from another vocabulary."
            )
        return np.concatenate([np.array(["", "[unknown]"], object), self.ids])[rows.astype(int)]

    def extended(
        self, values: Any, min_count: int = 1, counts: np.ndarray | None = None
    ) -> "Vocabulary":
        """This vocabulary with the new ones among `values` appended; itself if none is new.

        Of the new ones those that occur at least `min_count` times among `values`; `counts` as for
        `from_values`.
        """
        texts = _frequent(values, min_count, counts)
        new = [text for text in texts[self._index.get_indexer(texts) < 0] if text.strip()]
        return Vocabulary([*self.ids, *new]) if new else self

    def save(self, path: str | Path) -> None:
        """Write the real ids as a JSON list."""
        text = json.dumps(self.ids.tolist(), ensure_ascii=True, indent=0)
        Path(path).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Read what `save` wrote; InputError if the file is anything else."""
        ids = read_json(path)
        if not isinstance(ids, list):
            raise InputError(f"{path}: a vocabulary is a JSON list of strings, got {ids!r:.60}.")
        try:
            return cls(ids)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def __len__(self) -> int:
        return FIRST + len(self.ids)

    def __contains__(self, value: Any) -> bool:
        return bool(self.rows(value) >= FIRST)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Vocabulary) and self._index.equals(other._index)

    __hash__ = None

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.ids[:3])) + (", ..." if len(self.ids) > 3 else "")
        return f"Vocabulary({len(self)} rows: [{shown}])"


def _frequent(values: Any, min_count: int, counts: np.ndarray | None) -> np.ndarray:
    """The distinct values that occur at least `min_count` times, as texts."""
    codes, texts = factorize(values)
    if min_count == 1:
        return texts
    real = codes >= 0
    weights = None if counts is None else counts[real]
    return texts[np.bincount(codes[real], weights, minlength=len(texts)) >= min_count]
