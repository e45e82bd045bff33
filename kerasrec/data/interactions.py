"""Who did what, as rows."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.catalog import Catalog
from kerasrec.data.clean import Clean
from kerasrec.data.clean_rows import COLUMNS
from kerasrec.data.event_context import EventContext, checked_context, columns_of
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.histories import Histories
from kerasrec.data.matrix_table import NO_TIMES, matrix_table
from kerasrec.data.parquet_parts import read_parquet
from kerasrec.data.read_features import text_columns
from kerasrec.data.read_interactions import read_interactions
from kerasrec.data.reading import as_table
from kerasrec.data.report import Report
from kerasrec.data.schema import Schema
from kerasrec.data.sql_table import read_sql
from kerasrec.data.table import only_one
from kerasrec.data.text_table import read_csv
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Interactions:
    """One interaction a row, in time order: users and items are rows of their catalogs.

    Without timestamps the order of the source counts as the order in time.

    >>> import pandas as pd
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
        context: features of the request in which each interaction happened, such as its hour.
        behaviors: names of the behaviors, or None.
        negatives: published items without interaction to rank each user's test item among, by
            user row, or None; see `splits.sampled`.
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
    context: EventContext = dataclasses.field(default_factory=EventContext)
    behaviors: Vocabulary | None = None
    negatives: Histories | None = None
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
        for name, values in self.context.columns.items():
            if len(values) != len(self.user):
                raise InputError(
                    f"Interactions: context {name} has {len(values)} rows, user {len(self.user)}."
                )
        if (self.behavior is None) != (self.behaviors is None):
            raise InputError("Interactions: behavior and behaviors must be given together.")

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        columns: Mapping[str, Any] | None = None,
        *,
        context: Mapping[str, Mapping[str, Any]] | None = None,
        encoders: Mapping[str, FeatureEncoder] | None = None,
        on_error: str = "raise",
        name: str = "data",
        where: str = "the frame",
        **options: Any,
    ) -> "Interactions":
        """Read a table: external ids become rows, here and nowhere else.

        Rows that agree in user, item and, where known, timestamp, behavior and fold count once:
        the last one stays. What was done is in `report`. docs/data.md has all rules.

        Args:
            frame: DataFrame of pandas, polars or pyarrow, or `Table`.
            columns: key -> column, for the keys user, item, timestamp, value, behavior and fold. A
                key not given is taken from the column of its own name; only user and item must be.
                Times are Unix seconds (or milliseconds), ISO 8601 text or datetimes.
            context: features of the request in which each row happened, name -> options, see
                `Catalog.from_frame`. A split encodes them as learned from its train part.
            encoders: those of the `context` of an earlier table, whose rows are kept.
            on_error: "raise" an `InputError` for the first bad row, or "drop" bad rows and count
                them in the report.
            name: for tables and plots.
            where: what to call the frame in error messages, where its rows count from 0.
            options: catalogs and behaviors, the keyword arguments of `read_interactions`:
                item_frame, user_frame: frame or path of a table with features, one row an id. Ids
                    without interactions keep their rows; ids not there are added without features.
                item_id, user_id: the columns with the ids in these, "item" and "user" if not given.
                item_features, user_features: see `Catalog.from_frame`.
                item_title: the column of `item_frame` with titles.
                base: (users, items) catalogs to continue: their rows stay, new ids are appended.
                behaviors: behaviors whose rows are fixed, in order; others are appended.
                clean: `Clean`, or its options as a mapping: what to leave out, and how values and
                    times are written.

        Raises:
            InputError: a missing column, no rows, a bad value, fewer than two users or items, a
                table of features of which no id occurs in the interactions.
        """
        names = {key: key for key in COLUMNS} | dict(columns or {})
        ids = [names[key] for key in ("user", "item", "behavior")]
        context = checked_context(context, encoders)
        only = _wanted(names, context)
        table = as_table(frame, where, on_error=on_error, only=only, ids=ids)
        options |= {"context": context, "encoders": encoders}
        return cls(**read_interactions(table, columns, **options), name=name)

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        columns: Mapping[str, Any] | None = None,
        *,
        context: Mapping[str, Mapping[str, Any]] | None = None,
        encoders: Mapping[str, FeatureEncoder] | None = None,
        separator: str = ",",
        on_error: str = "raise",
        name: str = "data",
        **options: Any,
    ) -> "Interactions":
        """Read a delimited text file with a header, or a folder of parts; else as `from_frame`.

        Parts may lie in folders named `column=value`, which is then a column of theirs.
        """
        names = {key: key for key in COLUMNS} | dict(columns or {})
        text = [names[key] for key in ("user", "item", "behavior")]
        text += [names[key] for key in Clean.of(options.get("clean")).as_text]
        context = checked_context(context, encoders)
        text += text_columns(context)
        table = read_csv(path, text, _wanted(names, context), separator, on_error)
        options |= {"context": context, "encoders": encoders}
        return cls(**read_interactions(table, columns, **options), name=name)

    @classmethod
    def from_parquet(
        cls,
        path: str | Path,
        columns: Mapping[str, Any] | None = None,
        *,
        context: Mapping[str, Mapping[str, Any]] | None = None,
        encoders: Mapping[str, FeatureEncoder] | None = None,
        on_error: str = "raise",
        name: str = "data",
        **options: Any,
    ) -> "Interactions":
        """Read a Parquet file, or a folder of parts; else as `from_frame`.

        Parts may lie in folders named `column=value`, which is then a column of theirs.
        """
        names = {key: key for key in COLUMNS} | dict(columns or {})
        ids = [names[key] for key in ("user", "item", "behavior")]
        context = checked_context(context, encoders)
        table = read_parquet(path, _wanted(names, context), on_error, ids)
        options |= {"context": context, "encoders": encoders}
        return cls(**read_interactions(table, columns, **options), name=name)

    @classmethod
    def from_sql(
        cls,
        query: str,
        columns: Mapping[str, Any] | None = None,
        *,
        on_error: str = "raise",
        name: str = "data",
        **options: Any,
    ) -> "Interactions":
        """Read the result of a query by DuckDB, see `read_sql`; else as `from_frame`."""
        where = "the result of the query"
        options |= {"on_error": on_error, "name": name, "where": where}
        return cls.from_frame(read_sql(query), columns, **options)

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        users: Any = None,
        items: Any = None,
        *,
        zeros: str = "missing",
        name: str = "data",
        **options: Any,
    ) -> "Interactions":
        """Read a matrix of ratings, one row a user and one column an item.

        Row i is row i + 2 of the users' vocabulary, and column j row j + 2 of the items', unless
        `base` or a table of features gives the rows; also where a row or column has no value. NaN
        is no value. A matrix has no times: the items of a user are in the order of the columns.

        >>> data = Interactions.from_matrix([[5, 0, 1], [0, 4, 0]], items=["tea", "rye", "jam"])
        >>> data.items.vocabulary.lookup(data.item).tolist(), data.value.tolist()
        (['tea', 'jam', 'rye'], [5.0, 1.0, 4.0])

        Args:
            matrix: array of numbers `(users, items)`; DataFrame, whose index has the users and
                whose columns the items; or a sparse matrix of SciPy, in which entries of the same
                cell add up.
            users, items: ids of the rows and columns of an array or a sparse matrix; their numbers
                from 0 if not given.
            zeros: "missing": a 0 says that there is no value. "data": a 0 is a value; in a sparse
                matrix only a stored one.
            name: for tables and plots.
            options: catalogs, as of `from_frame`; `item_title` and `clean` too.

        Raises:
            InputError: no matrix; a value below 0, infinite or no number; ids of another number
                than there are rows or columns, or given twice; no value at all; fewer than two
                users or items.
        """
        frame, user_ids, item_ids = matrix_table(matrix, users, items, zeros, "the matrix")
        for key, ids in (("user", user_ids), ("item", item_ids)):
            if len(ids) < 2:
                raise only_one("the matrix", key, key, ids[0])
        given = options.pop("base", None) or (None, None)
        framed = [options.get("user_frame") is not None, options.get("item_frame") is not None]
        base = [
            one or (None if has_frame else Catalog(Vocabulary(ids)))
            for one, has_frame, ids in zip(given, framed, (user_ids, item_ids), strict=True)
        ]
        read = cls.from_frame(frame, base=tuple(base), name=name, where="the matrix", **options)
        read.report.notes.append(NO_TIMES)
        catalogs = {"users": read.users.extended(user_ids), "items": read.items.extended(item_ids)}
        return dataclasses.replace(read, **catalogs)

    def schema(self, history_length: int = 50) -> Schema:
        """What a model needs to know in order to be built."""
        return Schema(
            num_users=len(self.users),
            num_items=len(self.items),
            history_length=history_length,
            user_features=self.users.features,
            item_features=self.items.features,
            num_behaviors=0 if self.behaviors is None else len(self.behaviors),
            timed=self.timestamp is not None,
            context_features=self.context.features,
        )

    @property
    def explicit(self) -> bool:
        """Whether the values differ: ratings, not mere presence."""
        return len(self) > 0 and bool((self.value != self.value[0]).any())

    @property
    def mean_value(self) -> float:
        """Mean of the values."""
        return float(np.mean(self.value, dtype="float64"))

    @property
    def has_labels(self) -> bool:
        """Whether all values are 0 or 1."""
        return bool(np.isin(self.value, (0.0, 1.0)).all())

    def select(self, index: Any) -> "Interactions":
        """The interactions at these positions (in their order), or where a mask is true."""
        columns = {column: getattr(self, column) for column in COLUMNS}
        columns = {key: None if v is None else v[index] for key, v in columns.items()}
        context = self.context.select(index)
        return dataclasses.replace(self, report=None, context=context, **columns)

    def with_context_of(self, train: Any) -> "Interactions":
        """The same, with the features of requests encoded as learned from some interactions.

        Args:
            train: positions of these interactions, or a mask of them.
        """
        if not self.context.encoders:
            return self
        return dataclasses.replace(self, context=self.context.learned_from(train))

    def of_users(self, rows: Any) -> "Interactions":
        """The interactions of the users at these rows."""
        wanted = np.zeros(len(self.users), dtype=bool)
        wanted[np.asarray(rows, dtype=np.int64)] = True
        return self.select(wanted[self.user])

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
        columns["context"] = self.context.concat(other.context)
        both = dataclasses.replace(self, report=None, **columns)
        if both.timestamp is None:
            return both
        return both.select(np.argsort(both.timestamp, kind="stable"))

    def histories(self) -> Histories:
        """The items of each user in time order, by user row."""
        return Histories.from_pairs(
            self.user, self.item, len(self.users), self.behavior, self.timestamp
        )

    def user_counts(self) -> np.ndarray:
        """int64 (user rows,): interactions of each user."""
        return np.bincount(self.user, minlength=len(self.users))

    def item_counts(self) -> np.ndarray:
        """int64 (item rows,): interactions with each item."""
        return np.bincount(self.item, minlength=len(self.items))

    def __len__(self) -> int:
        return len(self.user)


def _wanted(names: Mapping[str, Any], context: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """The columns of the table that are read."""
    return [*names.values(), *(one for some in columns_of(context).values() for one in some)]
