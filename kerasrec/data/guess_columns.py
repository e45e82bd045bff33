"""Which column of a table holds what, by its name and its first rows."""

import datetime
import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kerasrec.errors import InputError

# Names as people give them, in lower case without other signs; the first that is there is taken.
NAMES = {
    "user": "user userid uid username customer customerid visitor visitorid member memberid "
    "account accountid client clientid buyer reviewer reviewerid person session sessionid",
    "item": "item itemid iid product productid sku asin movie movieid film article articleid book "
    "bookid isbn track trackid song songid artist artistid video videoid content contentid "
    "business businessid location locationid page url",
    "timestamp": "timestamp ts time unixtime unixreviewtime datetime date eventtime eventdate "
    "createdat created at visitedat orderedat orderdate day",
    "value": "value rating ratings stars score overall weight quantity plays count",
    "behavior": "behavior behaviour event eventtype eventname action activity interaction type",
    "fold": "fold",
}
TIME_END = re.compile(r"(_(at|on|time|date|ts|timestamp)|(?<=[a-z])(At|On|Time|Date))$")
FORMATS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%m %d, %Y",
    "%b %d, %Y",
)


def guess_columns(
    where: str, header: Sequence[Any], given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Key -> column, for the keys that a column can be found for.

    >>> guess_columns("a.csv", ["UserId", "Product_ID", "Review Text", "Stars"])
    {'user': 'UserId', 'item': 'Product_ID', 'value': 'Stars'}

    A time is also the only column whose name ends like one, such as "bought_at".

    Args:
        where: the name of the table.
        header: the names of its columns.
        given: key -> column, for those that are known.

    Raises:
        InputError: no column that looks like users, or like items.
    """
    found, plain = dict(given or {}), {}
    for name in header:
        plain.setdefault(re.sub(r"[^a-z0-9]", "", str(name).lower()), name)
    for key, names in NAMES.items():
        if key in found:
            continue
        column = next((plain[name] for name in names.split() if name in plain), None)
        if column is not None and column not in found.values():
            found[key] = column
    ends = [name for name in header if TIME_END.search(str(name)) and name not in found.values()]
    if "timestamp" not in found and len(ends) == 1:
        found["timestamp"] = ends[0]
    for key in ("user", "item"):
        if key not in found:
            near = difflib.get_close_matches(key, plain, n=1, cutoff=0.0)
            nearest = f" The nearest is {plain[near[0]]!r}." if near else ""
            raise InputError(
                f"{where}: no column looks like {key}s; name it, as --columns {key}=NAME.{nearest} "
                f"Columns: {list(header)}."
            )
    return found


def guess_time_format(values: pd.Series) -> str | None:
    """The format that all of these texts have; None for numbers, ISO 8601 and any other text.

    >>> guess_time_format(pd.Series(["31.01.2024", "01.02.2024"]))
    '%d.%m.%Y'
    >>> guess_time_format(pd.Series(["2024-01-31"])) is None
    True
    """
    texts = [value.strip() for value in values.dropna() if isinstance(value, str)]
    if not texts or any(map(_is_iso, texts)):
        return None
    return next((one for one in FORMATS if all(_has(text, one) for text in texts)), None)


def _is_iso(text: str) -> bool:
    return bool(re.match(r"\d{4}-\d\d|[-+]?\d+(\.\d+)?(e[-+]?\d+)?$", text))


def _has(text: str, written: str) -> bool:
    try:
        datetime.datetime.strptime(text, written)
    except ValueError:
        return False
    return True
