"""The feature columns of a table."""

from typing import Any

import numpy as np

from kerasrec.data.ids import as_integers, read_ids, shown
from kerasrec.data.table import Table, as_numbers, in_float32
from kerasrec.data.written_numbers import written_numbers
from kerasrec.errors import InputError


def cells(name: str, table: Table, position: np.ndarray, column: Any, kind: str) -> np.ndarray:
    """The values of a column at these positions of the table, bytes as text but for pictures."""
    series = table.frame[column].iloc[position]
    if kind == "number" and isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf":
        return series.to_numpy()
    values = series.to_numpy(object, copy=True)
    if series.dtype in (np.float16, np.float32):
        values[:] = list(series.to_numpy())  # as an object each would be a Python float

    def refuse(row: int, problem: str) -> InputError:
        at = f"Feature {name!r} ({kind}), {table.place(int(position[row]), column)}"
        return InputError(f"{at}: {shown(values[row])} is no {kind}: {problem}.")

    if kind == "category":
        # Read like ids: 4.0 is "4", in a text file as well.
        codes, texts, found = read_ids(values)
        faults = {code: fault for code, (fault, _) in found.items()}
        if table.text_file:
            codes, texts, faults, _ = as_integers(codes, texts)
        if faults:
            row = int(np.isin(codes, list(faults)).argmax())
            raise refuse(row, faults[int(codes[row])][1])
        return np.append(texts, None)[codes]
    if kind == "image":
        return values
    for row, value in enumerate(values):
        try:
            if isinstance(value, bytes):
                values[row] = value.decode("utf-8")
            elif isinstance(value, str) and not value.isascii():
                value.encode("utf-8")
        except UnicodeError as error:
            raise refuse(row, f"it is not UTF-8 ({error.reason})") from None
    return values


def written(name: str, table: Table, position: np.ndarray, column: Any, decimal: str) -> np.ndarray:
    """Numbers as people write them, float64; an empty cell is NaN."""
    series = table.frame[column].iloc[position]
    numbers = written_numbers(series, decimal)
    empty = series.isna().to_numpy() | (series.astype("str").str.strip() == "").to_numpy()
    bad = ~in_float32(numbers) & ~empty
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"Feature {name!r} (number), {table.place(int(position[row]), column)}: expected a "
            f"number with the decimal sign {decimal!r}, got {shown(series.iloc[row])}."
        )
    return numbers


def matrix(name: str, table: Table, position: np.ndarray, columns: list[Any]) -> np.ndarray:
    """The columns of a vector side by side, at these positions of the table."""
    out = np.empty((len(position), len(columns)))
    for part, column in enumerate(columns):
        series = table.frame[column].iloc[position]
        numbers = as_numbers(series)
        bad = ~in_float32(numbers) if numbers is not None else np.ones(len(series), dtype=bool)
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"Feature {name!r} (vector), {table.place(int(position[row]), column)}: expected a "
                f"finite number (in float32), got {shown(series.iloc[row])}."
            )
        out[:, part] = numbers
    return out
