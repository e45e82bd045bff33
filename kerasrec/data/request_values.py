"""What a feature of a request may be: stricter than a table, whose columns have a type."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data.feature_values import Refuse, is_missing

EXPECTED = {
    "category": "one text",
    "text": "one text",
    "categories": "a list of texts, or one text",
    "number": "a number",
    "vector": "a list of numbers",
    "time": "Unix seconds, a datetime or ISO 8601 text",
}


def check_values(values: Any, kind: str, refuse: Refuse, written: bool = False) -> None:
    """Refuses values whose type does not fit the kind of a feature; the missing ones fit all.

    A text "9" and True are no numbers: they are more often a mistake than meant.

    Args:
        values: One for each request.
        kind: Of the feature.
        refuse: Raises the error for the value at a position.
        written: Numbers may be texts, as in a text file and on the command line.
    """
    for position, value in enumerate(values):
        if not (is_missing(value) or _fits(value, kind, written)):
            refuse(position, f"expected {EXPECTED[kind]}, got {value!r:.80}")


def _fits(value: Any, kind: str, written: bool) -> bool:
    if isinstance(value, bytes | bytearray | Mapping):
        return False
    if kind in ("category", "text"):
        return not _is_list(value)
    if kind == "categories":
        return not (_is_list(value) and any(map(_is_list, value)))
    if kind == "time":
        return not isinstance(value, bool | np.bool_)
    if kind == "number":
        return not _is_list(value) and _is_number(value, written)
    return not _is_list(value) or all(_is_number(one, written) for one in value)


def _is_number(value: Any, written: bool) -> bool:
    return not isinstance(value, bool | np.bool_) and (written or not isinstance(value, str))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset | Mapping) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )
