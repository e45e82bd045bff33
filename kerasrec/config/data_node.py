"""The keys of `data` in a run config and the values they take."""

import datetime
import importlib
import pathlib
import re
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from kerasrec.config.node import Count, Node, OpenNode, Positive


class FeatureNode(OpenNode):
    """A feature column: its kind, and arguments of `FeatureEncoder.fit`."""

    kind: Literal["category", "categories", "number", "text", "vector", "users", "time", "image"]
    column: str | list[str] | None = None


class TableNode(Node):
    """A table of items or users beside the interactions."""

    path: str
    id: str | None = None
    title: str | None = None
    features: dict[str, FeatureNode] = {}


def _keys_as_text(values):
    # In YAML a word may be a number or a bool.
    return {str(key): one for key, one in values.items()} if isinstance(values, dict) else values


class CleanNode(Node):
    """What is left out of a table, and how it is written; `kerasrec.data.clean.Clean` checks it."""

    min_user_events: Count | None = None
    min_item_events: Count | None = None
    k_core: bool = False
    max_events_per_user: Count | None = None
    max_events_per_minute: Count | None = None
    start: str | int | None = None
    end: str | int | None = None
    values: dict[str, float] | None = None
    time_format: str | None = None
    decimal: str | None = None
    item_lists: bool = False

    @field_validator("start", "end", mode="before")
    @classmethod
    def _date(cls, value):
        # YAML makes dates of them.
        return value.isoformat() if isinstance(value, datetime.date) else value

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, values):
        return _keys_as_text(values)


class LabelNode(Node):
    """A label of impressions, see `Impressions.from_frame`."""

    kind: Literal["binary", "count", "seconds", "rating"] = "binary"
    column: str | None = None
    values: dict[str, float] | None = None

    @field_validator("values", mode="before")
    @classmethod
    def _words(cls, values):
        return _keys_as_text(values)


class CrossNode(Node):
    """A feature of two columns, or the rate of a label; see `Cross`."""

    columns: Annotated[list[str], Field(min_length=1, max_length=2)]
    min_count: Count = 1
    label: str | None = None
    prior: Positive = 20.0


class ImpressionsNode(Node):
    """The table of what was shown: a file by its path, or the result of an SQL query.

    With `negatives` it is made of what users did: so many items not taken are drawn for each
    interaction, see `drawn_impressions`.
    """

    path: str | None = None
    sql: str | None = None
    negatives: Count | None = None
    separator: str = ","
    negative_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    columns: dict[
        Literal["user", "item", "request", "timestamp", "position", "weight", "propensity", "fold"],
        str,
    ] = {}

    @model_validator(mode="after")
    def _one_source(self):
        given = [one for one in (self.path, self.sql, self.negatives) if one is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "source",
                "give one of path (a table), sql (a query) and negatives (items that are drawn)",
            )
        # By value: the config of a run folder has all keys.
        others = self.model_dump(exclude={"negatives"}, exclude_defaults=True)
        if self.negatives is not None and others:
            raise PydanticCustomError(
                "source",
                "with negatives there is no table of impressions: leave out separator, columns and "
                "negative_rate",
            )
        return self


class DataNode(Node):
    """A data set by name, a table by its path, or the result of an SQL query.

    `out_of_core` says whether the table is prepared on disk, in the folder `prepared`, instead of
    read into memory; `auto` does so with Parquet that does not fit. `prepared` alone names a folder
    that is there already.

    With `impressions` a ranker is trained: `labels`, `context` and `crosses` are columns of theirs,
    and the table by its path, where one is given, is what users did: the histories. Without,
    `context` are columns of the table of `path` or `sql`: of the request of each interaction.
    `out_of_core` and `prepared` are then of the table of impressions; what users did is in memory.
    """

    name: str | None = None
    options: dict[str, Any] = {}
    path: str | None = None
    sql: str | None = None
    separator: str = ","
    columns: dict[Literal["user", "item", "timestamp", "value", "behavior", "fold"], str] = {}
    items: TableNode | None = None
    users: TableNode | None = None
    on_error: Literal["raise", "drop"] = "raise"
    clean: CleanNode = CleanNode()
    out_of_core: Literal["auto", "always", "never"] = "auto"
    prepared: str | None = None
    history_length: Count = 50
    impressions: ImpressionsNode | None = None
    labels: dict[str, LabelNode] = {}
    context: dict[str, FeatureNode] = {}
    crosses: dict[str, CrossNode] = {}

    @model_validator(mode="after")
    def _one_source(self):
        sources = [one for one in (self.name, self.path, self.sql) if one is not None]
        if self.impressions is None and (self.labels or self.crosses):
            raise PydanticCustomError(
                "source", "labels and crosses are of impressions: give impressions too"
            )
        if self.impressions is None and self.context:
            if self.path is None and self.sql is None:
                raise PydanticCustomError(
                    "source", "context is columns of a table: give path or sql with it"
                )
            if self.out_of_core == "always" or self.prepared is not None:
                raise PydanticCustomError(
                    "source",
                    "context is read into memory, and a table on disk keeps no features of "
                    "requests: leave context out, or out_of_core and prepared",
                )
        if self.impressions is not None:
            if self.name is not None or len(sources) > 1:
                raise PydanticCustomError(
                    "source",
                    "beside impressions give path or sql, what users did, or neither, and no name",
                )
            if not sources and (self.columns or self.clean != CleanNode()):
                raise PydanticCustomError(
                    "source",
                    "columns and clean are of the interactions of path or sql: the columns of what "
                    "was shown belong into impressions.columns",
                )
            if self.options:
                raise PydanticCustomError(
                    "source", "options are not for impressions: leave them out"
                )
            if self.impressions.negatives is not None and (
                self.out_of_core == "always" or self.prepared is not None
            ):
                raise PydanticCustomError(
                    "source",
                    "out_of_core and prepared are for a table of impressions, and with "
                    "impressions.negatives there is none: leave them out",
                )
            if self.prepared is not None and self.out_of_core == "never":
                raise PydanticCustomError(
                    "source",
                    "prepared is the folder of a table that is read from disk: leave it out, or "
                    "set out_of_core to always or auto",
                )
            if self.impressions.negatives is not None and not sources:
                raise PydanticCustomError(
                    "source", "impressions.negatives needs what users did: give path or sql too"
                )
            if self.impressions.negatives is not None and (self.labels or self.crosses):
                raise PydanticCustomError(
                    "source",
                    "labels and crosses are of a table of impressions, and with "
                    "impressions.negatives there is none: the label is click, leave them out",
                )
            return self
        if len(sources) != 1 and not self.is_prepared:
            raise PydanticCustomError(
                "source",
                "give one of name (a data set), path (a table of your own), sql (a query) and "
                "prepared (a folder of a table that is split already)",
            )
        if self.is_prepared and (
            self.columns or self.items or self.users or self.clean != CleanNode()
        ):
            raise PydanticCustomError(
                "source",
                "columns, items, users and clean are for a table that is read: give path and not "
                "prepared alone, whose folder has ids and interactions",
            )
        if self.name is None and self.options:
            raise PydanticCustomError("source", "options belong to a data set by name")
        if self.name is not None and (self.columns or self.items or self.users):
            raise PydanticCustomError(
                "source", "columns, items and users describe a table: give path, not name"
            )
        if self.name is not None and self.on_error != "raise":
            raise PydanticCustomError("source", "on_error is for a table: give path, not name")
        if self.name is not None and self.clean != CleanNode():
            raise PydanticCustomError("source", "clean is for a table: give path, not name")
        if self.name is not None and self.out_of_core == "always":
            raise PydanticCustomError("source", "out_of_core is for a table: give path, not name")
        if self.prepared is not None and (self.name is not None or self.out_of_core == "never"):
            raise PydanticCustomError(
                "source",
                "prepared is the folder of a table that is read from disk: leave it out, or give "
                "path, and out_of_core always or auto",
            )
        if self.users is not None and self.users.title is not None:
            raise PydanticCustomError("source", "users have no title")
        return self

    @property
    def ranks(self):
        """Whether the data is impressions, for a ranker."""
        if self.impressions is not None:
            return True
        return self.name in importlib.import_module("kerasrec.data.datasets").IMPRESSIONS

    @property
    def is_prepared(self):
        """Whether a prepared folder alone is given, such as one that another job has written."""
        given = self.name or self.path or self.sql or self.impressions
        return self.prepared is not None and given is None

    @property
    def label(self):
        """A name for tables, plots and folders."""
        path = self.prepared if self.is_prepared else self.path
        if self.impressions is not None and self.impressions.negatives is None:
            path = self.impressions.path
        if path is None:
            return self.name or "sql"
        # A pattern such as logs/2024-*.csv is named after its letters.
        stem = pathlib.PurePath(path).name.partition(".")[0]
        return re.sub(r"[*?\[\]]+", "", stem).strip("-_") or "data"
