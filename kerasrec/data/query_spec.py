"""The inputs of a query: names, shapes, dtypes and the values of what is missing.

Batches, models, requests and exports read them from here. A new input is an entry in one of the
tables below, and code that reads its column from the data. The features of a request, such as its
hour, are inputs as well: `query_spec` makes them from the schema.

Padding is 0 in every input and stands on the right: the last steps of a history, left-aligned.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from kerasrec.data.time_gaps import time_gaps
from kerasrec.data.vocabulary import PADDING, UNKNOWN


@dataclasses.dataclass(frozen=True)
class QueryInput:
    """What a model reads of a query, in rows and numbers.

    Args:
        name: In batches and in the model.
        per_step: One value for each step of the history, `(batch, length)`; False is one for each
            query, `(batch,)`.
        dtype: Of the values.
        source: The `RequestInput` that it is read from. Except for the history it is a column of
            `Interactions` as well.
        missing: The value where the data does not know it.
        difference: The model reads the increase since the step before, 0 at the first step, and
            not the value itself.
        schema_field: The field of `Schema` that is true for data with this input; None for an
            input of all data.
        size: Numbers of an input that has several for each query, such as a vector.
        request_only: Only a request has it: neither training batches nor stored histories do.
    """

    name: str
    per_step: bool
    dtype: str
    source: str
    missing: float = PADDING
    difference: bool = False
    schema_field: str | None = None
    size: int | None = None
    request_only: bool = False

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Shape of one example, None for the length of the history."""
        if self.size is not None:
            return (self.size,)
        return (None,) if self.per_step else ()

    def values(self, column: np.ndarray | None, first: np.ndarray, size: int) -> np.ndarray:
        """The input at all steps of some histories that follow one another.

        Args:
            column: `(size,)`, the source at each step; None where it is not known.
            first: Where each history begins.
            size: How many steps there are.
        """
        if column is None:
            return np.full(size, self.missing, self.dtype)
        if self.difference:
            return time_gaps(column, first, self.missing).astype(self.dtype, copy=False)
        return column.astype(self.dtype, copy=False)


@dataclasses.dataclass(frozen=True)
class RequestInput:
    """What a request holds, in external ids and seconds.

    Args:
        name: In the signatures of an export.
        axis: "step": one value for each step of the history, `(batch, length)`; "list": a list of
            its own, `(batch, any)`; "query": one value for each query, `(batch,)`.
        dtype: "string" or that of NumPy.
        default: The value where a request holds none, and the padding of lists. The default of
            `k` is the largest k of the export.
        beside: The list whose values it belongs to, one for each; None for an input of its own.
        of_rules: Only models with rules read it.
    """

    name: str
    axis: Literal["query", "step", "list"]
    dtype: str
    default: str | float | None
    beside: str | None = None
    of_rules: bool = False

    @property
    def shape(self) -> tuple[None, ...]:
        """Shape of a batch."""
        return (None,) if self.axis == "query" else (None, None)

    @property
    def row_dtype(self) -> str:
        """Dtype after the lookup of ids, as `Interactions` and `Histories` keep it."""
        return "int32" if self.dtype == "string" else self.dtype

    def default_array(self, default: Any) -> np.ndarray:
        """A default for one query as an array, `(1,)` or `(1, 1)`; texts as objects."""
        dtype = object if self.dtype == "string" else self.dtype
        return np.full([1] * len(self.shape), default, dtype)


def _by_name(*inputs):
    return {each.name: each for each in inputs}


# What a model may read of a query.
QUERY_INPUTS: dict[str, QueryInput] = _by_name(
    QueryInput("user", False, "int32", source="user", missing=UNKNOWN),
    QueryInput("history", True, "int32", source="history"),
    QueryInput("behavior", True, "int32", source="behavior", schema_field="num_behaviors"),
    QueryInput(
        "time_gap", True, "float32",
        source="timestamp", missing=-1.0, difference=True, schema_field="timed",
    ),
    QueryInput("value", True, "float32", source="value", missing=math.nan, request_only=True),
)  # fmt: skip

# The query of a request, in the order of an export's signatures.
REQUEST_INPUTS: dict[str, RequestInput] = _by_name(
    RequestInput("user", "query", "string", ""),
    RequestInput("history", "step", "string", ""),
    RequestInput("behavior", "step", "string", "", beside="history"),
    RequestInput("timestamp", "step", "int64", 0, beside="history"),
    RequestInput("value", "step", "float32", math.nan, beside="history"),
)

# What somebody did after the history, the stored one or that of the request, in the same order.
RECENT_INPUTS: dict[str, RequestInput] = _by_name(
    RequestInput("recent", "list", "string", ""),
    RequestInput("recent_behavior", "list", "string", "", beside="recent"),
    RequestInput("recent_timestamp", "list", "int64", 0, beside="recent"),
)

# Options of the answer, in the same order.
REQUEST_OPTIONS: dict[str, RequestInput] = _by_name(
    RequestInput("exclude", "list", "string", ""),
    RequestInput("allow", "list", "string", ""),
    RequestInput("k", "query", "int32", None),
    RequestInput("repeats", "query", "string", ""),
    RequestInput("pin", "list", "string", "", of_rules=True),
    RequestInput("boost", "list", "string", "", of_rules=True),
    RequestInput("boost_factor", "list", "float32", 0.0, beside="boost", of_rules=True),
)

# Inputs of an export's signatures besides these: the item to score, serialized requests, the words
# of a search, and weights of the items of a history for a profile.
ITEM, EXAMPLES, SEARCH_TEXT, ITEM_WEIGHT = "item", "examples", "search_text", "item_weight"

# Input of training alone: the time from the interaction to predict to the last one of the train
# part, as a share of the time of the whole part. A query is asked at the end: its age is 0.
EXAMPLE_AGE = "example_age"


def user_input(name: str) -> str:
    """The input by which a request gives a feature of its user.

    The name of a feature has no dot, so that no feature of the request is mistaken for it.

    >>> user_input("age")
    'user.age'
    """
    return f"user.{name}"


def recent_input(name: str) -> str:
    """The input that continues the input `name` of a history's steps; there may be none.

    >>> recent_input("history"), recent_input("behavior"), recent_input("value") in RECENT_INPUTS
    ('recent', 'recent_behavior', False)
    """
    return "recent" if name == "history" else f"recent_{name}"


def query_spec(schema: Any) -> dict[str, QueryInput]:
    """The inputs that data of a `Schema` gives a model, by name.

    >>> from kerasrec.data import Schema
    >>> list(query_spec(Schema(num_users=4, num_items=9, timed=True)))
    ['user', 'history', 'time_gap']
    """
    found = {
        name: each
        for name, each in QUERY_INPUTS.items()
        if not each.request_only
        and (each.schema_field is None or getattr(schema, each.schema_field))
    }
    for feature in schema.context_features:
        size = feature.shape[0] if feature.shape else None
        found[feature.name] = QueryInput(
            feature.name, False, feature.dtype, source=feature.name, size=size
        )
    return found


def step_context(names: Iterable[str]) -> list[QueryInput]:
    """Those of the inputs named that say more of the steps of a stored history than their item.

    >>> [each.name for each in step_context(["user", "history", "time_gap", "value", "item"])]
    ['time_gap']
    """
    names = set(names)
    steps = (each for name, each in QUERY_INPUTS.items() if name in names and each.per_step)
    return [each for each in steps if each.name != "history" and not each.request_only]
