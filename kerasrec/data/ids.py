"""External ids as text."""

import decimal
import re
import uuid
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.errors import InputError

# Below the bound every whole number is a float of its own; from there on neighbours share one.
EXACT = {np.dtype("float16"): 2**11, np.dtype("float32"): 2**24, np.dtype("float64"): 2**53}
BLOCK = 2**20  # rows looked at in one go
# Whole numbers as pandas and NumPy write integers, and floats: "4.0", "1e+16".
INTEGER = re.compile(r"-?(0|[1-9]\d*)")
FLOAT = re.compile(r"-?(0|[1-9]\d*)\.0|-?\d(\.\d+)?e\+\d{2,3}")

BLANK = re.compile(r"\n\s*\n")

# Why a value is not an id: (its name in the report of dropped rows, the text of an error).
Fault = tuple[str, str]
FRACTION: Fault = ("fractional", "expected text or integers")
STRANGE: Fault = ("strange", "expected text or integers")
LIST: Fault = ("strange", "expected single values, text or integers")
BROKEN: Fault = ("broken", "it holds a line break")
SURROGATE: Fault = ("undecodable", "it holds half of a surrogate pair, which is no text")


def factorize(values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Values of any shape as (codes, texts): flat int64 codes into distinct strings, -1 = missing.

    Integers, and floats that are whole numbers, become decimal strings: a column of integers
    that pandas turned to floats because one was missing never yields "1.0".

    >>> factorize([7, None, 7.0, "x"])
    (array([ 0, -1,  0,  1]), array(['7', 'x'], dtype=object))

    Raises:
        InputError: a list, a whole float so large that its last digits are lost, bytes that are
            not text.
    """
    codes, texts, faults = read_ids(values)
    for fault, value in faults.values():
        what = "A list" if fault is LIST else shown(value)
        raise InputError(f"{what} is no id: {fault[1]}.")
    return codes, texts


def read_ids(
    values: Any, strict: bool = False
) -> tuple[np.ndarray, np.ndarray, dict[int, tuple[Fault, Any]]]:
    """As `factorize`, and the fault and the value of each code that is not an id.

    With `strict` a value that has a text but does not look like an id is a fault, too: a
    fraction, a time, an object of another type.
    """
    if not hasattr(values, "dtype"):
        values = np.array(values, dtype=object)
    if getattr(values, "ndim", 1) != 1:
        values = np.asarray(values).reshape(-1)
    codes, uniques = _factorized(values)
    if uniques.dtype.kind in "iu":
        return codes, uniques.astype(str).astype(object), {}
    if pd.api.types.infer_dtype(uniques, skipna=False) == "string":
        uniques = uniques.astype(object)
        if is_unicode("".join(uniques)):
            return codes, uniques, {}
    # Different values may share a text (7 and "7" in an object column); a fault shares none.
    keys, found = np.empty(len(uniques), dtype=object), {}
    for place, value in enumerate(uniques):
        keys[place], fault = _text(value, strict)
        if fault is not None:
            keys[place], found[place] = (place,), (fault, value)
    again, texts = pd.factorize(keys)
    texts = np.array([text if isinstance(text, str) else "" for text in texts], dtype=object)
    codes = np.where(codes < 0, -1, again[codes] if len(again) else codes)
    return codes, texts, {int(again[place]): fault for place, fault in found.items()}


def as_integers(
    codes: np.ndarray, texts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[int, Fault], np.ndarray]:
    """Codes, texts and faults of a text file's ids, and which rows were changed: "4.0" to "4".

    Only where every id is a whole number: pandas writes integers as floats if one is missing, and
    the same column in a frame or in Parquet has integers. "1.0" beside "1.1" is kept.

    >>> as_integers(np.array([0, 1, 0]), np.array(["4.0", "7"], dtype=object))
    (array([0, 1, 0]), array(['4', '7'], dtype=object), {}, array([ True, False,  True]))
    """
    given = [text for text in texts if text.strip() and text not in ("NaN", "nan")]
    written = [text for text in given if text.endswith(".0") or "e+" in text]
    floats = {text: float(text) for text in written if FLOAT.fullmatch(text)}
    integers = floats and all(text in floats or INTEGER.fullmatch(text) for text in given)
    if not integers or not all(map(float.is_integer, floats.values())):
        return codes, texts, {}, np.zeros(len(codes), dtype=bool)
    whole = [str(int(floats[text])) if text in floats else text for text in texts]
    again, merged = pd.factorize(np.array(whole, dtype=object))
    faults = {}
    for code, text in enumerate(texts):
        # A float64 of this size has no exponent: with one, a float32 was written.
        kind = np.dtype("float32" if "e" in text and floats.get(text, 0) < 1e16 else "float64")
        if text in floats and abs(floats[text]) >= EXACT[kind]:
            faults[int(again[code])] = rounded(kind)
    changed = np.isin(codes, [code for code, text in enumerate(texts) if text in floats])
    return np.where(codes < 0, -1, again[codes]), merged, faults, changed


def are_texts(values: Any) -> bool:
    """Whether all values are text that is not blank; False may also mean that it was hard to see.

    >>> are_texts(["a", "b c"]), are_texts(["a", " "]), are_texts(["a", 1])
    (True, False, False)
    """
    try:
        joined = "\n".join(["", *values, ""])
    except TypeError:
        return False
    return BLANK.search(joined) is None and joined.count("\n") == len(values) + 1


def shown(value: Any) -> str:
    """A value as the user would write it: 'five', 2.5; not np.float64(2.5)."""
    value = value.item() if isinstance(value, np.generic) else value
    return f"{value!r:.80}"


def _factorized(values: Any) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _of_categories(values)
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:
        # Every value that cannot be hashed counts as a list.
        single = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            single[place] = value if _is_hashable(value) else ()
        codes, uniques = pd.factorize(single)
    except Exception as error:
        if type(error).__name__ != "ArrowException":
            raise
        # An Arrow column of invalid text: as bytes, the bad values can be found.
        import pyarrow

        column = pyarrow.array(values)
        codes, uniques = pd.factorize(
            np.array(column.cast(pyarrow.large_binary()).to_pylist() + [None], dtype=object)[:-1]
        )
    uniques = np.asarray(uniques)
    # pandas has no index of float16 and gives float32.
    return codes, uniques.astype(np.float16) if values.dtype == np.float16 else uniques


def _of_categories(values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Codes of a column that is encoded already: only its distinct values are looked at."""
    values = values.array if isinstance(values, pd.Series) else values
    codes, kept = by_first_appearance(np.asarray(values.codes), len(values.categories))
    return codes, np.asarray(values.categories)[kept]


def by_first_appearance(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes below `size`, renumbered as they first appear (-1 stays), and the old code of each.

    >>> by_first_appearance(np.array([2, -1, 0, 2]), 4)
    (array([ 0, -1,  1,  0], dtype=int32), array([2, 0]))
    """
    codes = codes.astype(np.int32, copy=False)
    if _in_order(codes, size):
        return codes, np.arange(size)
    first = np.full(size + 1, len(codes), dtype=np.int64)
    # From the end, so that the first place of a code is written last; in blocks, for the memory.
    for end in range(len(codes), 0, -BLOCK):
        start = max(end - BLOCK, 0)
        first[codes[start:end][::-1]] = np.arange(end - 1, start - 1, -1)
    first = first[:size]
    kept = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(codes))]
    new = np.full(size + 1, -1, dtype=np.int32)
    new[kept] = np.arange(len(kept))
    return new[codes], kept


def _in_order(codes: np.ndarray, size: int) -> bool:
    """Whether each code below `size` is there, first after the one below it."""
    top = -1
    for start in range(0, len(codes), BLOCK):
        tops = np.maximum.accumulate(np.append(np.int32(top), codes[start : start + BLOCK]))
        if (tops[1:] > tops[:-1] + 1).any():
            return False
        top = tops[-1]
    return top == size - 1


def _text(value: Any, strict: bool) -> tuple[str | None, Fault | None]:
    """The text of a value, None if it is missing, and its fault."""
    if isinstance(value, str):
        return str(value), None if is_unicode(value) else SURROGATE
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, float | np.floating):
        return _of_float(value, strict)
    if isinstance(value, decimal.Decimal):
        if value.is_finite() and value == value.to_integral_value():
            return str(int(value)), None
        return str(value), FRACTION if strict else None
    if isinstance(value, list | tuple | dict | set | frozenset | np.ndarray):
        return None, LIST
    usual = isinstance(value, bool | np.bool_ | int | np.integer | uuid.UUID)
    return str(value), STRANGE if strict and not usual else None


def _of_float(value: Any, strict: bool) -> tuple[str | None, Fault | None]:
    if value != value:
        return None, None
    if not np.isfinite(value) or value % 1:
        return str(value), FRACTION if strict else None
    kind = getattr(value, "dtype", np.dtype(float))
    if abs(value) >= EXACT.get(kind, 2**53):
        return None, rounded(kind)
    return str(int(value)), None


def rounded(kind: np.dtype) -> Fault:
    """The fault of a whole number that a float of this dtype does not hold exactly."""
    bound = EXACT.get(kind, 2**53)
    why = f"as {kind} it may have lost its last digits, whole numbers are exact below {bound:,}"
    return "rounded", f"{why}; give ids as text or integers"


def _decoded(value: bytes) -> tuple[str | None, Fault | None]:
    advice = "make them text first, say by `.hex()`"
    if len(value) == 16:
        advice = "if these are UUIDs, give them as `uuid.UUID(bytes=...)`"
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return None, ("undecodable", f"the bytes are not UTF-8 text; {advice}")
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in text):
        return None, ("undecodable", f"the bytes hold control characters; {advice}")
    return text, None


def is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
