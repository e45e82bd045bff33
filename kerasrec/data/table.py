"""A table from outside, and what is wrong with it."""

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.ids import BROKEN, are_texts, as_integers, read_ids, shown
from kerasrec.data.list_text import as_list
from kerasrec.data.written_numbers import written_numbers
from kerasrec.errors import InputError

# |time| below the bound is in units of 1 / scale seconds: 1e11 s is the year 5138, 1e11 ms is 1973.
TIME_UNITS = ((1e11, 1, "seconds"), (1e14, 10**3, "milliseconds"), (1e17, 10**6, "microseconds"))
TIME_UNITS += ((np.inf, 10**9, "nanoseconds"),)
# Values are kept as float32, where a larger number is infinity.
LARGEST = float(np.finfo(np.float32).max)
DROP = (
    'Correct it, or pass on_error="drop" (in a YAML file `data: {on_error: drop}`) to leave such '
    "rows out."
)


class Table:
    """A frame, where each of its rows came from, and what to do about bad ones.

    Every reader of a column checks it. A bad value is an `InputError` naming file, row and column;
    with `on_error="drop"` its row is taken out of `keep` and counted in `dropped` by reason.
    Readers return whole columns: apply `keep` when all have been read.

    Rows are named as an editor shows them for text files (the header is line 1, the first data row
    line 2) and by position from 0 (`frame.iloc[row]`) for frames and Parquet.

    Args:
        frame: the values.
        parts: (name, rows) of each file that went into the frame, in order.
        first_row: number of the first row of a part.
        header: all column names there are, where `frame` holds only some of them.
        on_error: "raise" or "drop".
        text_file: the values come from a text file, where a number has no type.
        whole: whether these are all rows; a count of bad rows is a bound where they are not.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        parts: Sequence[tuple[str, int]],
        first_row: int = 0,
        header: Sequence[Any] | None = None,
        on_error: str = "raise",
        text_file: bool = False,
        whole: bool = True,
    ):
        if on_error not in ("raise", "drop"):
            raise InputError(f'on_error must be "raise" or "drop", got {on_error!r}.')
        self.frame = frame
        self.header = list(frame.columns if header is None else header)
        self.on_error = on_error
        names = [name for name, _ in parts]
        self.where = names[0] if len(names) == 1 else os.path.commonpath(names)
        self.keep = np.ones(len(frame), dtype=bool)
        self.rows_read = len(frame)
        self._sources: np.ndarray | None = None
        self.dropped: dict[str, int] = {}
        self.repaired: dict[str, int] = {}
        self._names = names
        self._starts = np.cumsum([0] + [rows for _, rows in parts])[:-1]
        self._first_row = first_row
        self.text_file = text_file
        self._whole = whole

    @property
    def folder(self) -> str:
        """The folder of its files; of a frame the current one."""
        return self.where if len(self._names) > 1 else os.path.dirname(self.where) or os.curdir

    def resolve(
        self, columns: Mapping[str, Any] | None, keys: Sequence[str], needed: Sequence[str]
    ) -> dict[str, Any]:
        """Key -> column: as mapped, else the column of the key's own name, if there is one."""
        columns = dict(columns or {})
        unknown = [key for key in columns if key not in keys]
        if unknown:
            raise InputError(
                f"columns: unknown key {unknown[0]!r}; the keys are {', '.join(keys)} "
                "and map to the table's own column names."
            )
        for key in keys:
            if key in columns or key in needed:
                self.find(key, columns.setdefault(key, key))
            elif key in self.header:
                self.find(key, key)
                columns[key] = key
        return columns

    def find(self, key: str, name: Any) -> None:
        """InputError unless there is exactly one column of this name, needed for `key`."""
        found = self.header.count(name)
        if found == 1:
            return
        if found:
            raise InputError(f"{self.where}: {found} columns are called {name!r}; rename them.")
        names = [str(column) for column in self.header]
        folded = difflib.get_close_matches(
            str(name).lower(), [column.lower() for column in names], n=1, cutoff=0
        )
        near = next((column for column in names if column.lower() in folded), None)
        hint = f" The nearest is {near!r}: map {key!r} to the column that holds it." if near else ""
        if len(names) == 1 and self.text_file:
            hint += " There is one column only: is the separator right?"
        raise InputError(f"{self.where}: no column {name!r} (for {key!r}).{hint} Columns: {names}.")

    def place(self, position: int, column: Any) -> str:
        """Name a value for an error message."""
        if self._sources is not None:
            position = int(self._sources[position])
        part = int(np.searchsorted(self._starts, position, side="right")) - 1
        row = position - int(self._starts[part]) + self._first_row
        return f"{self._names[part]}, row {row}, column {column!r}"

    def reject(
        self, bad: np.ndarray, column: Any, reason: str, problem: Callable[[str], str]
    ) -> None:
        """Raise for the first bad row, or drop the bad rows and count them under `reason`."""
        bad = bad & self.keep
        count = int(bad.sum())
        if not count:
            return
        if self.on_error == "raise":
            position = int(bad.argmax())
            value = shown(self.frame[column].iloc[position])
            bound = "" if self._whole else "at least "
            more, advice = f" ({bound}{count:,} rows like this)" if count > 1 else "", DROP
            if self._whole and 1 < count == self.keep.sum():
                more = f" (all {count:,} rows are like this)"
                advice = "Is it the right column?"
            raise InputError(f"{self.place(position, column)}: {problem(value)}{more}. {advice}")
        self.keep &= ~bad
        self.dropped[reason] = self.dropped.get(reason, 0) + count

    def texts(self, key: str, column: Any) -> tuple[np.ndarray, np.ndarray]:
        """Ids as (codes, texts), see `factorize`; missing ("NaN" as well) and blank ones are bad.

        In a text file an id with a line break is an error always: where a quote is left open, whole
        rows are inside of it, and to drop it would drop them unseen.
        """
        codes, texts, found = read_ids(self.frame[column], strict=True)
        faults = {code: fault for code, (fault, _) in found.items()}
        if self.text_file:
            codes, texts, faults, changed = as_integers(codes, texts)
            if count := int((changed & self.keep).sum()):
                self.repaired[f"{key} written as 4.0, read as 4"] = count
        if not faults and not _suspect(texts):
            missing = codes < 0
            self.reject(missing, column, f"missing {key}", lambda v: f"the {key} is missing")
            return codes, texts
        for code, text in enumerate(texts):
            if code in faults:
                continue
            if "\n" in text or "\r" in text:
                faults[code] = BROKEN
            # In a frame, too: astype(str) writes a missing value so.
            elif text in ("NaN", "nan"):
                faults[code] = ("missing", f"the {key} is missing")
        for reason in dict.fromkeys(reason for reason, _ in faults.values()):
            of_reason = [code for code, fault in faults.items() if fault[0] == reason]
            bad = np.isin(codes, of_reason) & self.keep
            if not bad.any():
                continue
            position = int(bad.argmax())
            _, why = faults[int(codes[position])]
            if reason == BROKEN[0] and self.text_file:
                value = shown(self.frame[column].iloc[position])
                raise InputError(
                    f"{self.place(position, column)}: {value} is no id: {why}. Is a quote left "
                    "open there? Correct it: rows may be inside of it, which nobody would miss."
                )
            self.reject(bad, column, f"{reason} {key}", lambda v, why=why: f"{v} is no id: {why}")
        blank = np.array([not text.strip() for text in texts] + [True])
        blank[list(faults)] = False
        self.reject(blank[codes], column, f"missing {key}", lambda v: f"the {key} is missing")
        return codes, texts

    def explode(self, key: str, column: Any) -> None:
        """Makes a row for each element of lists, which are lists already or in JSON.

        Anything else stays one row. An empty list has none, and is counted in `dropped`.
        """
        lists = [as_list(value) for value in self.frame[column].to_numpy(object)]
        bad = np.array([one is None for one in lists], dtype=bool)
        self.reject(bad, column, f"{key} no list", lambda v: f"{v} begins as a list, but is none")
        sizes = np.array([1 if one is None else len(one) for one in lists], dtype=np.int64)
        if empty := int(np.count_nonzero((sizes == 0) & self.keep)):
            self.dropped[f"empty list of {key}s"] = empty
        self._sources = np.repeat(np.arange(len(sizes)), sizes)
        values = np.empty(len(self._sources), dtype=object)
        values[:] = [value for one in lists for value in ([None] if one is None else one)]
        self.frame = self.frame.iloc[self._sources].reset_index(drop=True)
        self.frame[column] = pd.Series(values, dtype=object)
        self.keep = self.keep[self._sources]

    def words(self, key: str, column: Any, values: Mapping[str, float]) -> np.ndarray:
        """float64, the number of each word; a word without one is bad."""
        series = self.frame[column]
        missing = series.isna().to_numpy()
        self.reject(missing, column, f"missing {key}", lambda v: f"the {key} is missing")
        codes, texts, _ = read_ids(series)
        known = np.array([text in values for text in texts] + [True])
        listed = ", ".join(values)
        self.reject(
            ~known[codes],
            column,
            f"{key} not in clean.values",
            lambda v: f"{v} is not in clean.values ({listed})",
        )
        return np.array([values.get(text, np.nan) for text in texts] + [np.nan])[codes]

    def numbers(self, key: str, column: Any, decimal: str | None = None) -> np.ndarray:
        """float64; a missing, infinite or non-numeric value is bad.

        With `decimal`, "," or ".", numbers are read as people write them: see `written_numbers`.
        """
        series = self.frame[column]
        numbers = written_numbers(series, decimal) if decimal else as_numbers(series)
        missing = series.isna().to_numpy()
        self.reject(missing, column, f"missing {key}", lambda v: f"the {key} is missing")
        bad = np.isnan(numbers) if numbers is not None else np.ones(len(series), dtype=bool)
        written = f" written with the decimal sign {decimal!r}" if decimal else ""
        self.reject(bad, column, f"{key} not a number", lambda v: f"{v} is not a number{written}")
        if numbers is None:
            return np.zeros(len(series))
        bad = np.isinf(numbers)
        self.reject(bad, column, f"{key} not finite", lambda v: f"{v} is not a finite number")
        self.reject(
            ~in_float32(numbers),
            column,
            f"{key} too large",
            lambda v: f"{v} is beyond float32, which ends at {LARGEST:.3g}",
        )
        return numbers

    def integers(self, key: str, column: Any) -> np.ndarray:
        """int32; anything but a whole number is bad."""
        numbers = self.numbers(key, column)
        bad = ~((np.trunc(numbers) == numbers) & (np.abs(numbers) < 2**31))
        self.reject(bad, column, f"{key} not whole", lambda v: f"{v} is not a whole number")
        return np.where(bad, 0, numbers).astype(np.int32)

    def times(
        self, key: str, column: Any, written: str | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(order, seconds): the times at full resolution for sorting, and int64 Unix seconds.

        Integers and floats are Unix seconds, or milli-, micro- or nanoseconds by their size; text
        is ISO 8601; a time without a zone counts as UTC. `written` is another format of texts, as
        `datetime.strptime` reads it.
        """
        series = self.frame[column]
        missing = series.isna().to_numpy()
        self.reject(missing, column, f"missing {key}", lambda v: f"the {key} is missing")
        if written is not None:
            return self._dates(key, series, written)
        if isinstance(series.dtype, pd.ArrowDtype | pd.StringDtype) and series.dtype.kind == "O":
            series = _by_arrow(series)
        order = as_numbers(series, whole=True)
        if order is not None and order.dtype == np.int64:
            return self._seconds(key, column, order)
        # Few words among numbers are bad times; many are dates.
        if order is None or np.isnan(order[~missing]).sum() * 2 > (~missing).sum():
            return self._dates(key, series)
        self.reject(
            ~(np.abs(order) < 2.0**63), column, f"{key} not a time", lambda v: f"{v} is not a time"
        )
        order = np.where(np.abs(order) < 2.0**63, order, 0)
        return self._seconds(key, column, order)

    def _seconds(self, key: str, column: Any, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers as times, in the unit that their size says."""
        kept = order if self.keep.all() else order[self.keep]
        size = max(-int(kept.min()), int(kept.max())) if len(kept) else 0
        level = time_level(size)
        _, scale, unit = TIME_UNITS[level]
        if level:
            mixed = (np.abs(order) >= 1e8) & (np.abs(order) < TIME_UNITS[level - 1][0])
            self.reject(
                mixed,
                column,
                f"{key} of another unit",
                lambda v: f"{v} does not look like {unit}, which the largest time is in",
            )
        if scale == 1 and order.dtype == np.int64:
            return order, order
        return order, (order // scale).astype(np.int64)

    def _dates(
        self, key: str, series: pd.Series, written: str = "ISO8601"
    ) -> tuple[np.ndarray, np.ndarray]:
        if str(series.dtype) in ("date32[day][pyarrow]", "date64[ms][pyarrow]"):
            series = series.astype("datetime64[us]")  # Arrow's dates have no zone to ask for.
        if not pd.api.types.is_datetime64_any_dtype(series.dtype):
            if pd.api.types.infer_dtype(series) != "string":
                series = series.map(str, na_action="ignore").astype(object)
            # pandas reads these as the time of day, which is another one in every run.
            series = series.mask(series.isin(["now", "today"]))
            series = pd.to_datetime(series, format=written, utc=True, errors="coerce")
        expected = f"one written as {written}"
        if written == "ISO8601":
            expected = "Unix seconds or ISO 8601 text"
        if series.dt.tz is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        self.reject(
            series.isna().to_numpy(),
            series.name,
            f"{key} not a time",
            lambda v: f"{v} is not a time: expected {expected}",
        )
        order = series.to_numpy().astype("datetime64[us]").astype(np.int64)
        return order, order // 10**6


def _suspect(texts: np.ndarray) -> bool:
    """Whether a text may be blank, stand for a missing value, or hold a line break.

    Looking at all at once is much faster than at each of a million.
    """
    joined = "\n".join(["", *texts, ""])
    return not are_texts(texts) or any(word in joined for word in ("\r", "\nnan\n", "\nNaN\n"))


def in_float32(numbers: np.ndarray) -> np.ndarray:
    """Which numbers are finite, also as float32."""
    return np.abs(numbers) <= LARGEST


def only_one(where: str, column: Any, key: str, text: str) -> InputError:
    """The error of a table with one user, or with one item."""
    return InputError(
        f"{where}, column {column!r}: {text!r} is the only {key}; "
        "a recommender needs at least two users and two items."
    )


def as_numbers(series: pd.Series, whole: bool = False) -> np.ndarray | None:
    """A float64 array, NaN where a value is no number; None where the column holds times.

    With `whole`, a column of integers without gaps stays int64: nanoseconds do not fit a float.
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if not pd.api.types.is_numeric_dtype(series.dtype):
        if series.dtype.kind in "mM" or isinstance(series.dtype, pd.PeriodDtype):
            return None
        if series.dtype == object and pd.api.types.infer_dtype(series) in ("datetime", "date"):
            return None
        try:
            series = pd.to_numeric(series, errors="coerce")
        except OverflowError:  # an integer of hundreds of digits
            series = pd.to_numeric(series.map(_in_float64), errors="coerce")
    if pd.api.types.is_complex_dtype(series.dtype):
        return None
    if whole and pd.api.types.is_integer_dtype(series.dtype) and not series.isna().any():
        return series.to_numpy(dtype=np.int64)
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _by_arrow(series: pd.Series) -> pd.Series:
    """Texts of times without a zone, read by Arrow; the series itself if some are anything else."""
    import pyarrow

    column = pyarrow.chunked_array(pyarrow.array(series))
    try:
        return pd.Series(column.cast(pyarrow.timestamp("us")).to_numpy(), name=series.name)
    except pyarrow.ArrowInvalid:
        return series


def _in_float64(value: Any) -> Any:
    try:
        return float(value)
    except OverflowError:
        return np.inf
    except (TypeError, ValueError):
        return value


def time_level(size: float) -> int:
    """Which of `TIME_UNITS` numbers are in, of which the largest without its sign is `size`."""
    return next(level for level, unit in enumerate(TIME_UNITS) if size < unit[0])
