"""What is left out of a table, and how its values and times are written."""

import dataclasses
import datetime
import difflib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

COUNTS = ("min_user_events", "min_item_events", "max_events_per_user", "max_events_per_minute")
DECIMALS = (",", ".")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clean:
    """The options `data.clean` of a config, and `clean=` of `Interactions.from_frame`.

    Rows are left out in this order: outside of the dates, of bots, beyond the latest of a user, of
    users and items with too few events. Duplicates are merged before.

    >>> Clean.of({"min_user_events": 5, "start": "2024-01-01"}).start
    1704067200

    Args:
        min_user_events, min_item_events: users and items with fewer rows are left out. Both are
            counted once, before either is left out.
        k_core: count again until nobody has fewer: the k-core.
        max_events_per_user: how many rows of each user are kept, the latest.
        max_events_per_minute: users with more rows than this within 60 seconds are bots, and all
            of their rows are left out.
        start, end: times from `start` up to, but not, `end` are kept: a date, ISO 8601 text, UTC
            without a zone, or Unix seconds. They are kept as Unix seconds.
        values: what the words in the value column count, such as `{"buy": 5, "view": 1}`.
        time_format: how times are written, as `datetime.strptime` reads it: `%d.%m.%Y %H:%M`.
        decimal: "," or ".", the sign before the decimals of values written for people. Then signs
            of currency and of thousands are read as well: `1.234,50 €` is 1234.5 with ",".
        item_lists: an item that is a list, of Arrow or in JSON, is one row for each of its items.

    Raises:
        InputError: a value out of its range.
    """

    min_user_events: int | None = None
    min_item_events: int | None = None
    k_core: bool = False
    max_events_per_user: int | None = None
    max_events_per_minute: int | None = None
    start: Any = None
    end: Any = None
    values: Mapping[str, float] | None = None
    time_format: str | None = None
    decimal: str | None = None
    item_lists: bool = False

    def __post_init__(self) -> None:
        for name in COUNTS:
            if (value := getattr(self, name)) is not None:
                whole_number(value, f"clean.{name}", 1)
        for name in ("k_core", "item_lists"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(
                    f"clean.{name}: expected true or false, got {getattr(self, name)!r}."
                )
        if self.k_core and not (self.min_user_events or self.min_item_events):
            raise InputError(
                "clean.k_core repeats min_user_events and min_item_events: give one of them."
            )
        for name in ("start", "end"):
            object.__setattr__(self, name, _seconds(name, getattr(self, name)))
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InputError(
                f"clean: start {_date(self.start)} must be before end {_date(self.end)}, which is "
                "not kept itself."
            )
        if self.values is not None:
            object.__setattr__(self, "values", _weights(self.values))
        _check_format(self.time_format)
        if self.decimal is not None and self.decimal not in DECIMALS:
            raise InputError(f'clean.decimal: expected "," or ".", got {self.decimal!r}.')
        if self.decimal and self.values:
            raise InputError(
                "clean: values maps words and decimal reads numbers: the value column has one of "
                "them, so give one."
            )

    @classmethod
    def of(cls, options: "Clean | Mapping[str, Any] | None") -> "Clean":
        """The options of a mapping; InputError for an unknown name."""
        if isinstance(options, Clean):
            return options
        if not isinstance(options, Mapping | None):
            raise InputError(
                f'clean: expected options such as {{"min_user_events": 5}}, got {options!r}.'
            )
        known = [field.name for field in dataclasses.fields(cls)]
        for name in options or ():
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
                raise InputError(
                    f"clean has no option {name!r}: did you mean {near}? There are "
                    f"{', '.join(known)}."
                )
        return cls(**(options or {}))

    @property
    def leaves_out(self) -> bool:
        """Whether some rows may be left out."""
        return any(getattr(self, name) is not None for name in (*COUNTS, "start", "end"))

    @property
    def as_text(self) -> list[str]:
        """The keys of columns whose text says more than the number in it: `01.05`, `1.234`."""
        columns = {"value": self.values or self.decimal, "timestamp": self.time_format}
        return [key for key, option in columns.items() if option]

    @property
    def needs_times(self) -> str | None:
        """The first option given that reads the time of a row."""
        names = ("start", "end", "max_events_per_minute", "time_format")
        return next((name for name in names if getattr(self, name) is not None), None)


def _seconds(name: str, value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    given = value
    try:
        if isinstance(value, str):
            value = datetime.datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = datetime.datetime(value.year, value.month, value.day)
        zone = value.tzinfo or datetime.timezone.utc
        return math.floor(value.replace(tzinfo=zone).timestamp())
    except (ValueError, AttributeError, TypeError, OverflowError):
        raise InputError(
            f"clean.{name}: {given!r} is not a time: expected a date such as 2024-05-01, ISO 8601 "
            "text, or Unix seconds."
        ) from None


def _weights(values: Any) -> dict[str, float]:
    if not isinstance(values, Mapping) or not values:
        raise InputError(
            f"clean.values: expected a number for each word, such as buy: 5, got {values!r}."
        )
    found = {}
    for word, number in values.items():
        real = isinstance(number, int | float) and not isinstance(number, bool)
        if not real or not abs(number) <= float(np.finfo(np.float32).max):
            raise InputError(f"clean.values: {word}: expected a finite number, got {number!r}.")
        found[str(word)] = float(number)
    return found


def _check_format(written: Any) -> None:
    if written is None:
        return
    example = datetime.datetime(2024, 5, 1, 9, 30, tzinfo=datetime.timezone.utc)
    try:
        datetime.datetime.strptime(example.strftime(written), written)
        good = "%" in written
    except (ValueError, TypeError):
        good = False
    if not good:
        raise InputError(
            f"clean.time_format: {written!r} is no format of datetime.strptime: expected one such "
            "as %d.%m.%Y %H:%M."
        )


def _date(seconds: int) -> str:
    return str(np.datetime64(seconds, "s"))
