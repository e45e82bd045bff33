"""Who did what, as rows."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.catalog import Catalog
from kerasrec.data.histories import Histories
from kerasrec.data.reading import as_table, read_csv, read_parquet
from kerasrec.data.report import Report
from kerasrec.data.schema import Schema
from kerasrec.data.table import Table
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError

COLUMNS = ("user", "item", "timestamp", "value", "behavior", "fold")


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Interactions:
    """One interaction a row, in time order: users and items are rows of their catalogs.

    Without timestamps the order of the source counts as the order in time.

    >>> frame = pd.DataFrame({"user": ["u", "u", "v"], "item": ["a", "b", "a"],
    ...                       "timestamp": [20, 10, 15]})
    >>> data = Interactions.from_frame(frame)
    >>> data.users.vocabulary.lookup(data.user).tolist()
    ['u', 'v', 'u']
    >>> data.items.vocabulary.lookup(data.item).tolist()
    ['b', 'a', 'a']

    Args:
        user, item: int32 (n,), table rows.
        value: float32 (n,), a rating or weight; 1.0 where none is given.
        timestamp: int64 (n,), Unix seconds, or None.
        behavior: int32 (n,), rows of `behaviors`, or None.
        fold: int32 (n,), a given split, or None.
        users, items: the catalogs; they may know more ids than occur here.
        behaviors: names of the behaviors, or None.
        report: what reading did, None for a part of a table.
        name: for tables and plots.
    """

    user: np.ndarray
    item: np.ndarray
    value: np.ndarray
    users: Catalog
    items: Catalog
    timestamp: np.ndarray | None = None
    behavior: np.ndarray | None = None
    fold: np.ndarray | None = None
    behaviors: Vocabulary | None = None
    report: Report | None = None
    name: str = "data"

    def __post_init__(self) -> None:
        for column in COLUMNS:
            values = getattr(self, column)
            if values is None:
                continue
            kind = {"value": np.float32, "timestamp": np.int64}.get(column, np.int32)
            values = np.asarray(values, dtype=kind)
            if values.shape != np.shape(self.user):
                raise InputError(
                    f"Interactions: {column} has shape {values.shape}, user {np.shape(self.user)}."
                )
            object.__setattr__(self, column, values)
        if (self.behavior is None) != (self.behaviors is None):
            raise InputError("Interactions: behavior and behaviors must be given together.")

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        columns: Mapping[str, Any] | None = None,
        *,
        item_frame: Any = None,
        item_id: str = "item",
        item_features: Mapping[str, Mapping[str, Any]] | None = None,
        item_title: str | None = None,
        user_frame: Any = None,
        user_id: str = "user",
        user_features: Mapping[str, Mapping[str, Any]] | None = None,
        base: tuple[Catalog, Catalog] | None = None,
        behaviors: Vocabulary | Sequence[str] = (),
        on_error: str = "raise",
        name: str = "data",
        where: str = "the frame",
    ) -> "Interactions":
        """Read a table: external ids become rows, here and nowhere else.

        Rows that agree in user, item and, where known, timestamp, behavior and fold count once:
        the last one stays. What was done is in `report`.

        Args:
            frame: DataFrame or `Table`.
            columns: key -> column, for the keys user, item, timestamp, value, behavior and fold. A
                key not given is taken from the column of its own name; only user and item must be.
                Times are Unix seconds (or milliseconds), ISO 8601 text or datetimes.
            item_frame, user_frame: DataFrame or path of a table with features, one row an id. Ids
                without interactions keep their rows; ids not there are added without features.
            item_id, user_id: the columns with the ids in these.
            item_features, user_features: see `Catalog.from_frame`.
            item_title: the column of `item_frame` with titles.
            base: (users, items) catalogs to continue: their rows stay, new ids are appended.
            behaviors: behaviors whose rows are fixed, in order; others are appended.
            on_error: "raise" an `InputError` for the first bad row, or "drop" bad rows and count
                them in the report.
            where: what to call the frame in error messages, where its rows count from 0.

        Raises:
            InputError: a missing column, no rows, a bad value, fewer than two users or items, a
                table of features of which no id occurs in the interactions.
        """
        if (item_features or item_title) and item_frame is None:
            raise InputError("item_features and item_title need item_frame, the table with them.")
        if user_features and user_frame is None:
            raise InputError("user_features need user_frame, the table with them.")
        table = as_table(frame, where, on_error=on_error)
        columns = table.resolve(columns, COLUMNS, needed=("user", "item"))
        if not len(table.frame):
            raise InputError(f"{table.where}: no data rows, only the header.")
        rows_read = len(table.frame) - table.dropped.get("blank line", 0)
        ids = {
            key: table.texts(key, columns[key])
            for key in ("user", "item", "behavior")
            if key in columns
        }
        order = np.arange(len(table.frame))
        time = value = fold = None
        if "timestamp" in columns:
            order, time = table.times("timestamp", columns["timestamp"])
        if "value" in columns:
            value = table.numbers("value", columns["value"])
        if "fold" in columns:
            fold = table.integers("fold", columns["fold"])

        keys = {key: codes for key, (codes, _) in ids.items()}
        if time is not None:
            keys["time"] = order
        if fold is not None:
            keys["fold"] = fold
        kept = np.flatnonzero(table.keep)
        last = ~pd.DataFrame({key: v[kept] for key, v in keys.items()}).duplicated(keep="last")
        merged = len(kept) - int(last.sum())
        kept = kept[last.to_numpy()]
        kept = kept[np.argsort(order[kept], kind="stable")]
        if not len(kept):
            raise InputError(f"{table.where}: no rows are left; dropped: {table.dropped}.")
        # Ids that only dropped rows have must not get a row.
        ids = {key: _used(codes, texts, kept) for key, (codes, texts) in ids.items()}
        for key in ("user", "item"):
            if len(ids[key][1]) < 2 and base is None:
                raise InputError(
                    f"{table.where}, column {columns[key]!r}: {ids[key][1][0]!r} is the only "
                    f"{key}; a recommender needs at least two users and two items."
                )

        old_users, old_items = base or (Catalog(Vocabulary()), Catalog(Vocabulary()))
        users = old_users.extended(ids["user"][1])
        items = old_items.extended(ids["item"][1])
        missing, dropped = {}, dict(table.dropped)
        if user_frame is not None:
            users = Catalog.from_frame(
                user_frame,
                user_id,
                user_features,
                base=base and old_users,
                where="the user frame",
                on_error=on_error,
            )
            source = f"{_name(user_frame, 'the user frame')}, column {user_id!r}"
            against = f"{table.where}, column {columns['user']!r}"
            missing |= _without_row("user", users, source, ids["user"][1], against)
            users = users.extended(ids["user"][1])
        if item_frame is not None:
            items = Catalog.from_frame(
                item_frame,
                item_id,
                item_features,
                item_title,
                base=base and old_items,
                where="the item frame",
                on_error=on_error,
            )
            source = f"{_name(item_frame, 'the item frame')}, column {item_id!r}"
            against = f"{table.where}, column {columns['item']!r}"
            missing |= _without_row("item", items, source, ids["item"][1], against)
            items = items.extended(ids["item"][1])
        vocabulary = behavior = None
        if "behavior" in ids:
            fixed = behaviors if isinstance(behaviors, Vocabulary) else Vocabulary(behaviors)
            vocabulary = fixed.extended(ids["behavior"][1])
            behavior = vocabulary.rows(ids["behavior"][1])[ids["behavior"][0]]
        counts = [len(texts) for _, texts in (ids["user"], ids["item"])]
        again = pd.DataFrame({key: ids[key][0] for key in ("user", "item")}).duplicated()
        for side, catalog in (("user", users), ("item", items)):
            missing |= {f"{side}.{key}": count for key, count in catalog.missing.items()}
            dropped |= {f"{side} frame: {key}": count for key, count in catalog.dropped.items()}
        seconds = None if time is None else time[kept]
        return cls(
            user=users.vocabulary.rows(ids["user"][1])[ids["user"][0]],
            item=items.vocabulary.rows(ids["item"][1])[ids["item"][0]],
            value=np.ones(len(kept)) if value is None else value[kept],
            timestamp=seconds,
            behavior=behavior,
            fold=None if fold is None else fold[kept],
            users=users,
            items=items,
            behaviors=vocabulary,
            report=Report(
                rows_read=rows_read,
                duplicates_merged=merged,
                users=counts[0],
                items=counts[1],
                interactions=len(kept),
                density=int((~again).sum()) / (counts[0] * counts[1]),
                dropped=dropped,
                first_time=None if seconds is None else int(seconds[0]),
                last_time=None if seconds is None else int(seconds[-1]),
                missing_features=missing,
            ),
            name=name,
        )

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        columns: Mapping[str, Any] | None = None,
        *,
        separator: str = ",",
        on_error: str = "raise",
        **options: Any,
    ) -> "Interactions":
        """Read a delimited text file with a header, or a folder of parts; else as `from_frame`."""
        names = {key: key for key in COLUMNS} | dict(columns or {})
        text = [names[key] for key in ("user", "item", "behavior")]
        table = read_csv(path, text, names.values(), separator, on_error)
        return cls.from_frame(table, columns, on_error=on_error, **options)

    @classmethod
    def from_parquet(
        cls,
        path: str | Path,
        columns: Mapping[str, Any] | None = None,
        *,
        on_error: str = "raise",
        **options: Any,
    ) -> "Interactions":
        """Read a Parquet file, or a folder of parts; else as `from_frame`."""
        names = {key: key for key in COLUMNS} | dict(columns or {})
        table = read_parquet(path, names.values(), on_error)
        return cls.from_frame(table, columns, on_error=on_error, **options)

    def schema(self, history_length: int = 50) -> Schema:
        """What a model needs to know in order to be built."""
        return Schema(
            num_users=len(self.users),
            num_items=len(self.items),
            history_length=history_length,
            user_features=self.users.features,
            item_features=self.items.features,
            num_behaviors=0 if self.behaviors is None else len(self.behaviors),
        )

    @property
    def explicit(self) -> bool:
        """Whether the values differ: ratings, not mere presence."""
        return len(self) > 0 and bool((self.value != self.value[0]).any())

    def select(self, index: Any) -> "Interactions":
        """The interactions at these positions (in their order), or where a mask is true."""
        columns = {column: getattr(self, column) for column in COLUMNS}
        columns = {key: None if v is None else v[index] for key, v in columns.items()}
        return dataclasses.replace(self, report=None, **columns)

    def concat(self, other: "Interactions") -> "Interactions":
        """Both, in time order if they have timestamps, else `other` after this."""
        for side in ("users", "items"):
            ours, theirs = getattr(self, side).vocabulary, getattr(other, side).vocabulary
            if ours is not theirs and ours != theirs:
                raise InputError(
                    f"Interactions.concat: {self.name!r} and {other.name!r} have different {side}; "
                    "read the second with base=(users, items) of the first."
                )
        if self.behaviors != other.behaviors:
            raise InputError("Interactions.concat: the two have different behaviors.")
        columns = {}
        for column in COLUMNS:
            ours, theirs = getattr(self, column), getattr(other, column)
            if (ours is None) != (theirs is None):
                raise InputError(f"Interactions.concat: only one of the two has a {column}.")
            columns[column] = None if ours is None else np.concatenate([ours, theirs])
        both = dataclasses.replace(self, report=None, **columns)
        if both.timestamp is None:
            return both
        return both.select(np.argsort(both.timestamp, kind="stable"))

    def histories(self) -> Histories:
        """The items of each user in time order, by user row."""
        return Histories.from_pairs(self.user, self.item, len(self.users))

    def user_counts(self) -> np.ndarray:
        """int64 (user rows,): interactions of each user."""
        return np.bincount(self.user, minlength=len(self.users))

    def item_counts(self) -> np.ndarray:
        """int64 (item rows,): interactions with each item."""
        return np.bincount(self.item, minlength=len(self.items))

    def __len__(self) -> int:
        return len(self.user)


def _used(codes: np.ndarray, texts: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used = np.zeros(len(texts), dtype=bool)
    used[codes[kept]] = True
    return (np.cumsum(used) - 1)[codes[kept]], texts[used]


def _name(source: Any, otherwise: str) -> str:
    if isinstance(source, Table):
        return source.where
    return str(source) if isinstance(source, str | Path) else otherwise


def _without_row(
    side: str, catalog: Catalog, source: str, texts: np.ndarray, against: str
) -> dict[str, int]:
    """For the report: how many of the ids that occur have no row in the table of features."""
    absent = int((catalog.vocabulary.rows(texts) < FIRST).sum())
    if absent == len(texts):
        known = catalog.vocabulary.ids
        raise InputError(
            f"None of the {len(known):,} ids of {source} occur in {against}, e.g. {known[0]!r} "
            f"against {texts[0]!r}. Is it the right table and the right column?"
        )
    return {f"{side} table row": absent} if absent else {}
