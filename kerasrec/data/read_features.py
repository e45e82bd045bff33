"""The features that the rows of a table hold, encoded."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data.cells import cells, matrix, written
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.pictures import picture_paths
from kerasrec.data.table import Table
from kerasrec.data.vocabulary import Vocabulary

# Options of a feature that say how its column is read, not how it is encoded.
OF_THE_TABLE = ("column", "decimal", "folder")


@dataclasses.dataclass(frozen=True, eq=False)
class FeatureColumns:
    """Features of n rows, by name.

    Args:
        encoders: how each was encoded.
        given: (n,) or (n, size) each, before it was encoded.
        values: (n, *feature.shape) each.
        missing: bool (n,) each: which rows have no value.
        ignored: by "feature: reason", how many ids in lists of users were left out.
        notes: "feature: sentence" on values that may not be read as intended.
    """

    encoders: dict[str, FeatureEncoder]
    given: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    missing: dict[str, np.ndarray]
    ignored: dict[str, int]
    notes: tuple[str, ...]


def read_features(
    table: Table,
    position: np.ndarray,
    features: Mapping[str, Mapping[str, Any]],
    base: Mapping[str, FeatureEncoder] | None = None,
    users: Vocabulary | None = None,
    own: np.ndarray | None = None,
) -> FeatureColumns:
    """Read the features at some positions of a table.

    Args:
        features: name -> options, see `Catalog.from_frame`.
        base: encoders to continue, by name; a feature without one is new.
        users, own: as for `FeatureEncoder.fit`.

    Raises:
        InputError: a value unfit for its kind, with file, row and column.
    """
    found = FeatureColumns({}, {}, {}, {}, {}, ())
    notes: list[str] = []
    for name, options in features.items():
        column, decimal = options.get("column", name), options.get("decimal")
        folder = options.get("folder")
        options = {key: v for key, v in options.items() if key not in OF_THE_TABLE}
        if isinstance(column, list):
            values = matrix(name, table, position, column)
        elif decimal is not None:
            values = written(name, table, position, column, decimal)
        else:
            values = cells(name, table, position, column, options["kind"])

        def place(row: int, column: Any = column) -> str:
            return table.place(int(position[row]), column)

        if options["kind"] == "image":
            refuse = FeatureEncoder(name, "image").refuser(place)
            values = picture_paths(values, table.folder if folder is None else folder, refuse)
        encoder = FeatureEncoder.fit(
            name, values, base=base.get(name) if base else None, place=place, users=users, own=own,
            **options,
        )  # fmt: skip
        found.encoders[name] = encoder
        found.given[name] = values
        found.values[name] = encoder.encode(values, place, own=own)
        found.missing[name] = encoder.missing(values)
        for reason, count in encoder.ignored(values, own=own).items():
            found.ignored[f"{name}: {reason}"] = count
        notes += [f"{name}: {note}" for note in encoder.notes(values)]
    return dataclasses.replace(found, notes=tuple(notes))


def text_columns(features: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The columns that a text file must leave as text."""
    return [
        column
        for name, options in features.items()
        if options["kind"] not in ("number", "time") or options.get("decimal")
        if isinstance(column := options.get("column", name), str)
    ]


def find_columns(table: Table, features: Mapping[str, Mapping[str, Any]]) -> None:
    """InputError unless the table has every column that the features name."""
    for name, options in features.items():
        column = options.get("column", name)
        for part in column if isinstance(column, list) else [column]:
            table.find(name, part)
