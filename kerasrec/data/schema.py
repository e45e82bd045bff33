"""The contract between data, model and export: the features, their kinds and sizes."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from kerasrec.data.query_spec import (
    EXAMPLE_AGE,
    EXAMPLES,
    ITEM,
    ITEM_WEIGHT,
    QUERY_INPUTS,
    RECENT_INPUTS,
    REQUEST_INPUTS,
    REQUEST_OPTIONS,
    SEARCH_TEXT,
)
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

KINDS = ("category", "categories", "number", "text", "vector", "users", "image")

# Kinds with a list of values in each row.
LISTS = ("categories", "text", "users")
# Height and width of a picture: three poolings need 8; a larger one is for a frozen network.
IMAGE_SIZES = (8, 128)

# A model, and a signature of an export, take inputs and features by name, in one dict.
RESERVED = dict.fromkeys(
    [
        *QUERY_INPUTS,
        *REQUEST_INPUTS,
        *RECENT_INPUTS,
        *REQUEST_OPTIONS,
        ITEM,
        EXAMPLES,
        EXAMPLE_AGE,
        SEARCH_TEXT,
        ITEM_WEIGHT,
        "count",
        "content_code",
        "item_statistics",
    ]
)


@dataclasses.dataclass(frozen=True)
class Feature:
    """One column of a catalog.

    | kind       | size                   | length | shape           | dtype   |
    |------------|------------------------|--------|-----------------|---------|
    | category   | rows of its vocabulary | 1      | ()              | int32   |
    | categories | rows of its vocabulary | values | (length,)       | int32   |
    | text       | rows of its vocabulary | tokens | (length,)       | int32   |
    | users      | rows of the users      | users  | (length,)       | int32   |
    | number     | 1                      | 1      | ()              | float32 |
    | vector     | width                  | 1      | (size,)         | float32 |
    | image      | height and width       | 1      | (size, size, 3) | uint8   |

    These are the kinds that a model reads. A number in buckets is a category, or a vector of soft
    buckets; a time is a vector, and so is an image with a backbone; see `FeatureEncoder`.
    The rows of a vocabulary count padding and unknown. Integers are padded on the right with 0.
    Kind users is for features of users: the other users that a user names, such as friends.

    >>> Feature("genres", "categories", size=20, length=6).shape
    (6,)

    Raises:
        InputError: an unknown kind, a name that is no identifier or a model input's, or a size or
            length that the kind cannot have.
    """

    name: str
    kind: str
    size: int = 1
    length: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise InputError(
                f"Feature name {self.name!r} must be letters, digits and underscores, not starting "
                "with a digit; map a column of another name to it."
            )
        if self.name in RESERVED:
            raise InputError(
                f"Feature name {self.name!r} is a model input's ({', '.join(RESERVED)}); choose "
                f"another name and map the column to it with `column: {self.name}`."
            )
        if self.kind not in KINDS:
            raise InputError(
                f"Feature {self.name!r}: kind must be one of {', '.join(KINDS)}, got {self.kind!r}."
            )
        least = {"number": 1, "vector": 1}.get(self.kind, 2)
        sizes = IMAGE_SIZES if self.kind == "image" else (least, None)
        for key, value, bounds in (("size", self.size, sizes), ("length", self.length, (1, None))):
            value = whole_number(value, f"Feature {self.name!r}: {key}", *bounds)
            object.__setattr__(self, key, value)
        if self.kind == "number" and self.size != 1:
            raise InputError(f"Feature {self.name!r}: a number has size 1, got {self.size}.")
        if self.kind not in LISTS and self.length != 1:
            raise InputError(
                f"Feature {self.name!r}: kind {self.kind} has length 1, got {self.length}."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row's value."""
        if self.kind in LISTS:
            return (self.length,)
        if self.kind == "image":
            return (self.size, self.size, 3)
        return (self.size,) if self.kind == "vector" else ()

    @property
    def dtype(self) -> str:
        return {"number": "float32", "vector": "float32", "image": "uint8"}.get(self.kind, "int32")


TASKS = ("binary", "count", "seconds", "rating")


@dataclasses.dataclass(frozen=True)
class Task:
    """One goal of a ranker: a label of impressions, and what kind of number it is.

    | kind    | label              | predicted from the logit z | unit        |
    |---------|--------------------|----------------------------|-------------|
    | binary  | 0 or 1             | sigmoid(z)                 | probability |
    | count   | a number from 0 on | exp(z)                     | as given    |
    | seconds | a number from 0 on | exp(z)                     | as given    |
    | rating  | any number         | z                          | as given    |

    >>> Task("click", "binary")
    Task(name='click', kind='binary')

    Raises:
        InputError: an unknown kind, or a name that is no identifier.
    """

    name: str
    kind: str = "binary"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise InputError(
                f"Label name {self.name!r} must be letters, digits and underscores, not starting "
                "with a digit; map a column of another name to it."
            )
        if self.name in ("item", "score"):
            raise InputError(
                f"Label name {self.name!r} is an output of every export; choose another name and "
                f"map the column to it with `column: {self.name}`."
            )
        if self.kind not in TASKS:
            raise InputError(
                f"Label {self.name!r}: kind must be one of {', '.join(TASKS)}, got {self.kind!r}."
            )


@dataclasses.dataclass(frozen=True)
class Cross:
    """Two columns as one feature: a row for each pair of values, or how often it was clicked.

    Without a `label` it is a category of the pairs that occur at least `min_count` times. With a
    label of the impressions it is two numbers, the logarithm of the pair's count and the mean of
    its labels, out of fold: see `CrossRates`. A single column may have a label as well. `prior` is
    how many examples of mean label a rate begins with: large for noisy labels, small where a pair
    mostly has one label.

    The columns are "user", "item", categories of the request by name, and categories of users and
    items as "user_<feature>" and "item_<feature>". `size` is the number of rows, padding and
    unknown included.

    >>> Cross("user_item", ("user", "item"), size=12).label is None
    True

    Raises:
        InputError: for a name that is no identifier, other than one or two columns, one column
            without a label, or a number out of range.
    """

    name: str
    columns: tuple[str, ...]
    size: int
    min_count: int = 1
    label: str | None = None
    prior: float = 20.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise InputError(
                f"Cross {self.name!r}: its name must be letters, digits and underscores, not "
                "starting with a digit."
            )
        object.__setattr__(self, "columns", tuple(self.columns))
        if len(self.columns) not in (1, 2) or len(set(self.columns)) < len(self.columns):
            raise InputError(
                f"Cross {self.name!r}: expected two columns, or one with a label, got "
                f"{list(self.columns)}."
            )
        if len(self.columns) == 1 and self.label is None:
            raise InputError(
                f"Cross {self.name!r}: one column is a feature already; give two, or a label whose "
                "rate is counted."
            )
        for key, least in (("size", 2), ("min_count", 1)):
            value = whole_number(getattr(self, key), f"Cross {self.name!r}: {key}", least)
            object.__setattr__(self, key, value)
        is_number = isinstance(self.prior, int | float) and not isinstance(self.prior, bool)
        if not is_number or not 0 < self.prior < math.inf:
            raise InputError(
                f"Cross {self.name!r}: prior must be a number of examples above 0, got "
                f"{self.prior!r}."
            )
        object.__setattr__(self, "prior", float(self.prior))

    @property
    def options(self) -> dict[str, Any]:
        """All but the name and the size, which the data says."""
        found = dataclasses.asdict(self)
        return {key: one for key, one in found.items() if key not in ("name", "size")}


_LEAST = {"num_users": 2, "num_items": 2, "history_length": 1, "num_behaviors": 0}
_NAMED = {"user_features": Feature, "item_features": Feature}
_NAMED |= {"context_features": Feature, "tasks": Task, "crosses": Cross}
# No weight has this size, so nothing else bounds it, and every query is padded to it.
LONGEST_HISTORY = 2**20


@dataclasses.dataclass(frozen=True)
class Schema:
    """What a model needs to know of the data in order to be built.

    `num_users` and `num_items` are table rows, padding and unknown included; `num_behaviors` is
    the rows of the behavior vocabulary, 0 without one; `timed` is true if the interactions have
    times. `context_features` are those of a request, such as its hour; `tasks` are the labels of
    impressions, which a ranker learns; `crosses` are features of two columns.

    >>> schema = Schema(num_users=12, num_items=30, item_features=(Feature("year", "number"),))
    >>> Schema.from_dict(schema.to_dict()) == schema
    True

    Raises:
        InputError: a size out of range, two features of one side with the same name, or a feature
            of a request or a cross with the name of another column.
    """

    num_users: int
    num_items: int
    history_length: int = 50
    user_features: tuple[Feature, ...] = ()
    item_features: tuple[Feature, ...] = ()
    num_behaviors: int = 0
    timed: bool = False
    context_features: tuple[Feature, ...] = ()
    tasks: tuple[Task, ...] = ()
    crosses: tuple[Cross, ...] = ()

    def __post_init__(self) -> None:
        for size, least in _LEAST.items():
            most = LONGEST_HISTORY if size == "history_length" else None
            value = whole_number(getattr(self, size), f"Schema: {size}", least, most)
            object.__setattr__(self, size, value)
        for side, kind in _NAMED.items():
            named = tuple(getattr(self, side))
            object.__setattr__(self, side, named)
            if not all(isinstance(one, kind) for one in named):
                raise InputError(f"Schema: {side} must be {kind.__name__} objects, got {named!r}.")
            names = [one.name for one in named]
            what = side.rpartition("_")[2]
            if len(set(names)) < len(names):
                raise InputError(f"Schema: {side} has two {what} of one name: {names}.")
        self._check_fields()
        for feature in self.context_features:
            if feature.kind in ("users", "image"):
                of = {"users": "users", "image": "items and users"}[feature.kind]
                raise InputError(
                    f"Context feature {feature.name!r}: kind {feature.kind} is for features of "
                    f"{of}."
                )

    def _check_fields(self) -> None:
        # A ranker takes all of them by name, in one dict.
        taken = dict.fromkeys(["user", "item", "position", "fold"], "a column of every ranker")
        for side in ("user", "item"):
            for feature in getattr(self, f"{side}_features"):
                taken[f"{side}_{feature.name}"] = f"the feature {feature.name} of {side}s"
        for what, named in (("Context feature", self.context_features), ("Cross", self.crosses)):
            for one in named:
                if one.name in taken:
                    raise InputError(
                        f"{what} {one.name!r} has the name of {taken[one.name]}: choose another "
                        "name."
                    )
                taken[one.name] = f"a {what.lower()}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        plain = dataclasses.asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in plain.items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Schema":
        """What `to_dict` gave; InputError for a key that is unknown or missing."""
        try:
            plain = dict(plain)
            for side, kind in _NAMED.items():
                plain[side] = tuple(kind(**one) for one in plain.get(side, ()))
            return cls(**plain)
        except TypeError as error:
            raise InputError(f"Not a schema: {error}.") from None
