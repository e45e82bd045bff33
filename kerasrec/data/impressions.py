"""What was shown to whom, in which context, and what became of it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data.catalog import Catalog
from kerasrec.data.cross_columns import read_cross
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.histories import Histories
from kerasrec.data.impressions_report import ImpressionsReport
from kerasrec.data.interactions import Interactions
from kerasrec.data.past import Past
from kerasrec.data.read_impressions import read_impressions
from kerasrec.data.schema import Cross, Schema, Task
from kerasrec.errors import InputError

ROWS = {"user": np.int32, "item": np.int32, "request": np.int64, "timestamp": np.int64}
ROWS |= {"position": np.int32, "fold": np.int32, "weight": np.float32, "propensity": np.float32}


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Impressions:
    """One item that was shown in one request a row: its context and its labels.

    They are kept apart from `Interactions`: what was shown and not taken enters no history, no
    count and no seen filter. Rows are in time order; without times in the order of the source.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"user": ["u", "u", "v"], "item": ["a", "b", "a"],
    ...                       "hour": ["9", "9", "22"], "click": [1, 0, 1]})
    >>> data = Impressions.from_frame(frame, context={"hour": {"kind": "category"}})
    >>> data.labels["click"].tolist(), data.context["hour"].tolist()
    ([1.0, 0.0, 1.0], [2, 2, 3])

    Args:
        user, item: int32 (n,), table rows; 1, the unknown row, where the table has no such column.
        labels: float32 (n,) by name; NaN where a label is missing.
        tasks: what each label is, in the order of `labels`.
        users, items: the catalogs; they may know more ids than occur here.
        context: encoded features of the request by name, (n, *feature.shape).
        encoders: of the context, by name.
        given: the context before it was encoded, from which a split learns the encoders of its
            train part: `GivenContext`s, or what stands for them on disk.
        request: int64 (n,), equal for items shown together, or None.
        timestamp: int64 (n,), Unix seconds, or None.
        position: int32 (n,), place of the item in what was shown, from 1, or None.
        weight: float32 (n,), of the row in training and evaluation, or None.
        propensity: float32 (n,), the probability of showing the item, or None.
        fold: int32 (n,), a given split, or None.
        crosses: features of two columns, whose values are looked up in the model.
        negative_rate: share of the rows without a click that the table has, 1 for all of them.
            Predictions are those of all rows, and evaluation counts each such row 1 / rate times.
        past: what users did and when, from which the history of each row is taken, or None.
        report: what reading did, None for a part of a table.
        name: for tables and plots.
    """

    user: np.ndarray
    item: np.ndarray
    labels: dict[str, np.ndarray]
    tasks: tuple[Task, ...]
    users: Catalog
    items: Catalog
    context: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    encoders: dict[str, FeatureEncoder] = dataclasses.field(default_factory=dict)
    given: tuple[Any, ...] = ()
    request: np.ndarray | None = None
    timestamp: np.ndarray | None = None
    position: np.ndarray | None = None
    weight: np.ndarray | None = None
    propensity: np.ndarray | None = None
    fold: np.ndarray | None = None
    crosses: tuple[Cross, ...] = ()
    negative_rate: float = 1.0
    past: Past | None = None
    report: ImpressionsReport | None = None
    name: str = "impressions"

    def __post_init__(self) -> None:
        for name, kind in ROWS.items():
            values = getattr(self, name)
            if values is not None:
                object.__setattr__(self, name, self._column(name, values, kind))
        labels = {name: self._column(name, one, np.float32) for name, one in self.labels.items()}
        object.__setattr__(self, "labels", labels)
        if list(labels) != [task.name for task in self.tasks] or not labels:
            raise InputError(
                f"Impressions: expected a label for each of at least one task, got the labels "
                f"{list(labels)} and the tasks {[task.name for task in self.tasks]}."
            )

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        columns: Mapping[str, Any] | None = None,
        *,
        labels: Mapping[str, Mapping[str, Any]] | None = None,
        context: Mapping[str, Mapping[str, Any]] | None = None,
        crosses: Mapping[str, Mapping[str, Any]] | None = None,
        past: Interactions | None = None,
        on_error: str = "raise",
        name: str = "impressions",
        where: str = "the frame",
        negative_rate: float = 1.0,
        **options: Any,
    ) -> "Impressions":
        """Read a table with one row for each item shown.

        Args:
            frame: DataFrame of pandas, polars or pyarrow, or the path of a CSV or Parquet file, of
                a folder of parts, or a pattern.
            columns: key -> column, for user, item, request, timestamp, position, weight, propensity
                and fold. A key not given is taken from the column of its own name. None is needed:
                a table without users or items has features of the context alone.
            labels: name -> {"kind": ..., "column": ..., "values": ...}. The kind is "binary" (the
                default), "count", "seconds" or "rating", see `Task`. `values` maps texts to
                numbers: `{"<=50K": 0, ">50K": 1}`. An empty cell is a missing label. None for the
                column "click".
            context: features of the request, name -> options, see `Catalog.from_frame`. A split
                encodes them as learned from its train part.
            crosses: features of two columns, name -> {"columns": [...], "min_count": ...} or, for
                their rate of a label, {"columns": [...], "label": ...}; see `Cross`.
            past: `Interactions` from which the history of each row is taken: what its user did
                before its time. Users and items continue those of `past`.
            on_error: "raise" an `InputError` for the first bad row, or "drop" bad rows and count
                them in the report.
            name: for tables and plots.
            where: what to call the frame in error messages.
            negative_rate: share of the rows without a click that were kept in the table, for one
                binary label. With several labels give those rows a weight of 1 / share instead.
            options: `item_frame`, `item_id`, `item_features`, `item_title`, `user_frame`,
                `user_id`, `user_features`, `base`, as for `Interactions.from_frame`; `encoders`,
                those of the context of an earlier table, whose rows are kept; `separator` of a text
                file.

        Raises:
            InputError: a missing column, no rows, a bad value, a label outside of its kind, or a
                `past` without times on either side.
        """
        fields = read_impressions(
            frame, columns, labels, context, past, on_error=on_error, where=where, **options
        )
        return cls(**fields, name=name).with_crosses(crosses, negative_rate)

    def with_crosses(
        self, crosses: Mapping[str, Mapping[str, Any]] | None, negative_rate: float
    ) -> "Impressions":
        """The same rows with crosses, and with a share of the negatives; see `from_frame`."""
        crosses = [read_cross(self, key, options) for key, options in (crosses or {}).items()]
        if not 0 < negative_rate <= 1:
            raise InputError(
                f"negative_rate: expected a share above 0 and up to 1, got {negative_rate!r}."
            )
        if negative_rate < 1 and [task.kind for task in self.tasks] != ["binary"]:
            raise InputError(
                "negative_rate corrects the probability of one binary label, and there are "
                f"{', '.join(f'{task.name} ({task.kind})' for task in self.tasks)}: leave it out, "
                "and give the rows without a click a weight of 1 / negative_rate."
            )
        return dataclasses.replace(self, crosses=tuple(crosses), negative_rate=negative_rate)

    def schema(self, history_length: int = 50) -> Schema:
        """What a model needs to know in order to be built."""
        past = self.past.histories if self.past is not None else None
        behaviors = self.past.behaviors if self.past is not None else None
        return Schema(
            num_users=len(self.users),
            num_items=len(self.items),
            history_length=history_length,
            user_features=self.users.features,
            item_features=self.items.features,
            num_behaviors=0 if behaviors is None else len(behaviors),
            timed=past is not None and past.timestamp is not None,
            context_features=tuple(encoder.feature for encoder in self.encoders.values()),
            tasks=self.tasks,
            crosses=self.crosses,
        )

    def select(self, index: Any) -> "Impressions":
        """The rows at these positions (in their order), or where a mask is true."""
        rows = {name: getattr(self, name) for name in ROWS}
        rows = {name: None if one is None else one[index] for name, one in rows.items()}
        labels = {name: one[index] for name, one in self.labels.items()}
        context = {name: one[index] for name, one in self.context.items()}
        past = None if self.past is None else self.past.select(index)
        given = tuple(one.select(index) for one in self.given)
        found = {"labels": labels, "context": context, "given": given, "past": past, "report": None}
        return dataclasses.replace(self, **rows, **found)

    def with_context_of(self, train: Any) -> "Impressions":
        """The same, with the features of requests encoded as learned from some rows.

        The values of a category, the mean of a number, the words of a text and the pairs of a cross
        that only the other rows have are unknown then.

        Args:
            train: positions of these rows, or a mask of them.
        """
        if not self.given:
            return self
        encoders, context = dict(self.encoders), dict(self.context)
        for given in self.given:
            learned, columns = given.learned_from(train)
            encoders, context = encoders | learned, context | columns
        found = dataclasses.replace(self, encoders=encoders, context=context)
        crosses = tuple(read_cross(found, one.name, one.options) for one in self.crosses)
        return dataclasses.replace(found, crosses=crosses)

    def requests(self) -> np.ndarray:
        """int64 (n,): a number for each request; without requests a row is one."""
        if self.request is None:
            return np.arange(len(self), dtype=np.int64)
        return self.request

    def row_weights(self) -> np.ndarray | None:
        """float32 (n,): the weight of each row among all that was shown; None where all are 1."""
        if self.negative_rate == 1.0:
            return self.weight
        first = next(iter(self.labels.values()))
        rate = np.where(first > 0, 1.0, 1.0 / self.negative_rate).astype(np.float32)
        return rate if self.weight is None else rate * self.weight

    def histories(self) -> Histories:
        """What users did before the last row, by user row; empty without a `past`."""
        if self.past is None:
            return Histories(np.zeros(len(self.users) + 1, np.int64), np.zeros(0, np.int32))
        if self.timestamp is None:
            return self.past.through(self.user)
        return self.past.until(self.timestamp.max(initial=0))

    def item_counts(self) -> np.ndarray:
        """int64 (item rows,): how often each item was shown."""
        return np.bincount(self.item, minlength=len(self.items))

    def __len__(self) -> int:
        return len(self.user)

    def _column(self, name: str, values: Any, kind: Any) -> np.ndarray:
        values = np.asarray(values, dtype=kind)
        if values.shape != np.shape(self.user):
            raise InputError(
                f"Impressions: {name} has shape {values.shape}, user {np.shape(self.user)}."
            )
        return values
