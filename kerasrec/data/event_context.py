"""The features of the requests in which events happened."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data.catalog import checked_features
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.read_features import FeatureColumns
from kerasrec.data.schema import Feature
from kerasrec.errors import InputError


@dataclasses.dataclass(frozen=True, eq=False)
class EventContext:
    """One value of each feature for each of n events: as given, and encoded for a model.

    The values as given are kept, since encoders are learned from the train part, which is only
    known after the split; and since an evaluation asks with them, as a request does.

    Args:
        values: by name, (n,) objects or (n, size) numbers, as given.
        options: by name, the options of `FeatureEncoder.fit`.
        known: encoders of an earlier table, which are continued, by name.
        encoders: by name, in the schema's order.
        columns: by name, the encoded values, (n, *feature.shape).
    """

    values: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    options: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    known: Mapping[str, FeatureEncoder] = dataclasses.field(default_factory=dict)
    encoders: dict[str, FeatureEncoder] = dataclasses.field(default_factory=dict)
    columns: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        read: FeatureColumns,
        features: Mapping[str, Mapping[str, Any]],
        known: Mapping[str, FeatureEncoder] | None,
    ) -> "EventContext":
        """What was read of a table; `features` and `known` are the arguments it was read with."""
        options = {
            name: {key: one for key, one in given.items() if key not in ("column", "decimal")}
            for name, given in features.items()
        }
        return cls(read.given, options, known or {}, read.encoders, read.values)

    @property
    def features(self) -> tuple[Feature, ...]:
        """For the schema."""
        return tuple(encoder.feature for encoder in self.encoders.values())

    def learned_from(self, index: Any) -> "EventContext":
        """All events, encoded as learned from those at these positions, or where a mask is true.

        A number of another event that is too far from their mean is missing, as it is for an
        export: one such event must not refuse a split.
        """
        encoders = {
            name: FeatureEncoder.fit(name, values[index], base=self.known.get(name), **options)
            for (name, values), options in zip(
                self.values.items(), self.options.values(), strict=True
            )
        }
        columns = {
            name: one.encode(self.values[name], far="missing") for name, one in encoders.items()
        }
        return dataclasses.replace(self, encoders=encoders, columns=columns)

    def select(self, index: Any) -> "EventContext":
        """The events at these positions, or where a mask is true."""
        values = {name: one[index] for name, one in self.values.items()}
        columns = {name: one[index] for name, one in self.columns.items()}
        return dataclasses.replace(self, values=values, columns=columns)

    def concat(self, other: "EventContext") -> "EventContext":
        """Both, one after the other; InputError where they are not encoded alike."""
        if self.encoders != other.encoders:
            raise InputError(
                "Interactions.concat: the two encode the features of requests "
                f"({', '.join({**self.encoders, **other.encoders})}) differently: read the second "
                "with encoders=first.context.encoders."
            )
        values, columns = (
            {name: np.concatenate([column, theirs[name]]) for name, column in ours.items()}
            for ours, theirs in ((self.values, other.values), (self.columns, other.columns))
        )
        return dataclasses.replace(self, values=values, columns=columns)


def checked_context(
    features: Mapping[str, Mapping[str, Any]] | None,
    encoders: Mapping[str, FeatureEncoder] | None,
) -> dict[str, dict[str, Any]]:
    """Options of the features of a request by name; InputError for one that cannot be.

    Args:
        features: name -> options, see `Catalog.from_frame`.
        encoders: those of an earlier table, which are continued and come first, in their order.
    """
    features, encoders = features or {}, encoders or {}
    old = {name: options for name, options in features.items() if name in encoders}
    new = {name: options for name, options in features.items() if name not in encoders}
    for name, options in new.items():
        if isinstance(options, Mapping) and options.get("kind") == "image":
            raise InputError(
                f"context {name}: kind image is for features of items and users, and a request has "
                "no picture; give its vector, as kind vector."
            )
    return {**checked_features(old, encoders), **checked_features(new, None)}


def columns_of(features: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The columns of the table that each feature is read from."""
    found = {name: options.get("column", name) for name, options in features.items()}
    return {name: one if isinstance(one, list) else [one] for name, one in found.items()}


def refuse_outcomes(features: Mapping[str, Mapping[str, Any]], columns: Mapping[str, Any]) -> None:
    """InputError for a feature of the request that is what became of it.

    Args:
        features: as of `checked_context`.
        columns: key -> column, of the interactions.
    """
    for name, read in columns_of(features).items():
        for key in ("item", "value", "behavior", "fold"):
            if columns.get(key) in read:
                raise InputError(
                    f"context {name} reads column {columns[key]!r}, which is the {key}: a request "
                    "does not know what becomes of it; leave the feature out."
                )
