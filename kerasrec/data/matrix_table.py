"""The cells of a matrix of users and items, as a table."""

from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.table import Table, in_float32
from kerasrec.errors import InputError

ZEROS = ("missing", "data")
NO_TIMES = (
    "A matrix has no times: the items of a user are in the order of the columns. "
    "The split random does not read the order."
)


def matrix_table(
    matrix: Any, users: Any = None, items: Any = None, zeros: str = "missing", name: str = "R"
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The cells with a value, and the ids of all rows and columns.

    >>> matrix_table([[5, 0], [0, 3]], users=["ann", "bob"])[0]
      user item  value
    0  ann    0    5.0
    1  bob    1    3.0

    Args:
        matrix: array `(users, items)`, DataFrame or SciPy's sparse matrix; see
            `Interactions.from_matrix`.
        users, items: ids of the rows and the columns.
        zeros: "missing" or "data".
        name: what to call the matrix in error messages.

    Returns:
        `(frame, users, items)`: a row a cell, row by row; object arrays of texts.

    Raises:
        InputError: see `Interactions.from_matrix`.
    """
    if zeros not in ZEROS:
        raise InputError(f'zeros must be "missing" or "data", got {zeros!r}.')
    if isinstance(matrix, pd.DataFrame):
        if users is not None or items is not None:
            raise InputError(
                f"{name}: the index of a DataFrame has the users and its columns the items: "
                "leave users and items out."
            )
        users, items = matrix.index, matrix.columns
        matrix = _dense(matrix, name)
    elif not hasattr(matrix, "tocoo"):
        matrix = _dense(matrix, name)
    if len(matrix.shape) != 2:
        raise InputError(f"{name}: expected a matrix (users, items), got the shape {matrix.shape}.")
    users = _ids("user", users, matrix.shape[0], "rows", name)
    items = _ids("item", items, matrix.shape[1], "columns", name)
    row, column, value = _cells(matrix, zeros, name)
    for bad, expected in (
        (~in_float32(value), "a finite number that float32 holds"),
        (value < 0, "0 or more; Interactions.from_frame reads ratings below 0"),
    ):
        if bad.any():
            first = int(bad.argmax())
            raise InputError(
                f"{name}, user {users[row[first]]!r}, item {items[column[first]]!r}: "
                f"{value[first]:g} is no value of a matrix: expected {expected}."
            )
    frame = {
        "user": pd.Categorical.from_codes(row, users),
        "item": pd.Categorical.from_codes(column, items),
        "value": value,
    }
    return pd.DataFrame(frame), users, items


def _dense(matrix: Any, name: str) -> np.ndarray:
    """A float64 array; what is masked, or NA, is NaN."""
    if _is_complex(matrix):
        raise InputError(f"{name}: a matrix holds numbers, got complex ones.")
    try:
        if isinstance(matrix, pd.DataFrame):
            return matrix.to_numpy(np.float64, na_value=np.nan)
        if isinstance(matrix, np.ma.MaskedArray):
            return matrix.astype(np.float64).filled(np.nan)
        return np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: a matrix holds numbers: {error}.") from None


def _is_complex(matrix: Any) -> bool:
    try:
        return np.iscomplexobj(matrix)
    except ValueError:  # lists of different lengths, which the conversion refuses
        return False


def _cells(matrix: Any, zeros: str, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, column and value of each cell that has one, row by row; NaN is no value."""
    if isinstance(matrix, np.ndarray):
        row, column = np.nonzero(~np.isnan(matrix))
        value = matrix[row, column]
    elif matrix.dtype.kind in "biuf":
        # CSR adds up entries of the same cell, which is what they mean in a sparse matrix. Small
        # integers would wrap around; the sum of booleans is whether one of them is true.
        if matrix.dtype.kind != "b":
            matrix = matrix.astype(np.float64)
        stored = matrix.tocsr(copy=True)
        stored.sum_duplicates()
        stored = stored.tocoo()
        row, column, value = stored.row, stored.col, stored.data.astype(np.float64)
    else:
        raise InputError(f"{name}: a matrix holds numbers, got the dtype {matrix.dtype}.")
    known = ~np.isnan(value) if zeros == "data" else ~np.isnan(value) & (value != 0)
    row, column, value = row[known], column[known], value[known]
    if not len(value):
        raise InputError(f"{name}: no cell has a value.")
    return row, column, value


def _ids(key: str, ids: Any, count: int, places: str, name: str) -> np.ndarray:
    """The texts of ids, one for each row or column; by default its number from 0."""
    if ids is None:
        ids = np.arange(count)
    elif isinstance(ids, str) or np.ndim(ids) != 1 or len(ids) != count:
        given = repr(ids) if isinstance(ids, str) else f"{np.size(ids)}"
        raise InputError(f"{name}: {count} {places} need {count} ids of {key}s, got {given}.")
    frame = pd.DataFrame({key: pd.Series(list(ids), dtype=getattr(ids, "dtype", object))})
    codes, texts = Table(frame, [(f"the {key}s of {name}", count)]).texts(key, key)
    if len(texts) < count:
        twice = texts[np.bincount(codes) > 1][0]
        raise InputError(f"{name}: two {places} have the {key} {twice!r}.")
    return texts
