"""The features of all users or all items, by row."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.backbone import Backbone
from kerasrec.data.cells import cells
from kerasrec.data.clean import DECIMALS
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.read_features import find_columns, read_features, text_columns
from kerasrec.data.reading import as_table
from kerasrec.data.schema import Feature
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json

OPTIONS = ("kind", "column", "separator", "max_tokens", "length", "tokenizer", "decimal")
OPTIONS += ("buckets", "soft_buckets", "min_count", "parts", "size", "backbone", "folder")


@dataclasses.dataclass(frozen=True, eq=False)
class Catalog:
    """A vocabulary and the feature values of each of its rows.

    >>> frame = pd.DataFrame({"id": ["a", "b"], "genre": ["Drama", "War"], "name": ["A!", "B!"]})
    >>> items = Catalog.from_frame(frame, "id", {"genre": {"kind": "category"}}, title="name")
    >>> items.columns["genre"]
    array([0, 0, 2, 3], dtype=int32)
    >>> items.extended(["c"]).columns["genre"]
    array([0, 0, 2, 3, 0], dtype=int32)
    >>> items.title_of([3, 1]).tolist()
    ['B!', '[unknown]']

    Args:
        vocabulary: external ids and their rows.
        encoders: by feature name, in the schema's order.
        columns: by feature name, (rows, *feature.shape); rows 0 and 1, and rows without a value,
            are zeros. Empty in a loaded catalog, whose model holds them as weights.
        titles: object array by row, shown to people; None = the ids.
        missing: by feature name, how many ids have no value.
        dropped: by reason, how many rows were left out.
        ignored: by "feature: reason", how many ids in lists of users were left out.
        repaired: by kind of repair, how many ids were changed.
        absent: how many of the `ids` of `from_frame` the frame does not have.
        notes: "feature: sentence" on values that may not be read as intended.
    """

    vocabulary: Vocabulary
    encoders: dict[str, FeatureEncoder] = dataclasses.field(default_factory=dict)
    columns: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    titles: np.ndarray | None = None
    missing: dict[str, int] = dataclasses.field(default_factory=dict)
    dropped: dict[str, int] = dataclasses.field(default_factory=dict)
    ignored: dict[str, int] = dataclasses.field(default_factory=dict)
    absent: int = 0
    notes: tuple[str, ...] = ()
    repaired: dict[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            expected = (len(self), *self.encoders[name].feature.shape)
            if column.shape != expected:
                raise InputError(
                    f"Catalog: column {name!r} must have shape {expected}, got {column.shape}."
                )
        if self.titles is not None and len(self.titles) != len(self):
            raise InputError(f"Catalog: {len(self.titles)} titles for {len(self)} rows.")

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        id: str,
        features: Mapping[str, Mapping[str, Any]] | None = None,
        title: str | None = None,
        base: "Catalog | None" = None,
        where: str = "items.csv",
        on_error: str = "raise",
        ids: Any = (),
    ) -> "Catalog":
        """Read features from a table with one row for each id.

        Args:
            frame: DataFrame of pandas, polars or pyarrow, `Table`, or the path of a CSV or
                Parquet file or of a folder of parts.
            id: the column with the ids.
            features: name -> {"kind": ..., "column": ...} and what `FeatureEncoder.fit` takes
                (separator, max_tokens, length, tokenizer, buckets, soft_buckets, min_count,
                parts, size, backbone). The column defaults to the name of the feature; a vector may
                name a list of number columns. A number may have "decimal", as `Clean` has it:
                prices such as `1.234,50 €`. An image may have "folder", which its paths are
                relative to and may not lead out of; without it the folder of the table.
            title: the column with the titles.
            base: a catalog to continue: its rows, titles and columns are kept, new ids are
                appended, and its encoders continue. It fixes the features; `features` may only name
                their columns.
            where: name of a frame in error messages.
            on_error: "raise", or "drop" rows with a missing or repeated id.
            ids: further ids, which get a row without values where the frame has none: lists of
                users may name them.

        Raises:
            InputError: a missing column, a missing or repeated id, a value unfit for its kind.
        """
        features = checked_features(features or {}, base and base.encoders)
        text = [column for column in (id, title) if isinstance(column, str)]
        text += text_columns(features)
        table = as_table(frame, where, text=text, on_error=on_error)
        table.find("id", id)
        if title is not None:
            table.find("title", title)
        find_columns(table, features)
        codes, texts = table.texts("id", id)
        again = pd.Series(codes).duplicated().to_numpy()
        table.reject(again, id, "repeated id", lambda v: f"{v} has a row already")
        if not table.keep.any():
            raise InputError(f"{table.where}: no rows.")
        position = np.flatnonzero(table.keep)
        kept, own = table.frame[table.keep], texts[codes[table.keep]]

        described = base.vocabulary.extended(own) if base else Vocabulary(own)
        vocabulary = described.extended(np.asarray(ids, dtype=object))
        rows = vocabulary.rows(own)
        known = base.encoders if base else None
        read = read_features(table, position, features, known, users=vocabulary, own=rows)
        columns, missing = {}, {}
        for name, encoder in read.encoders.items():
            columns[name], missing[name] = _column(
                base, name, len(vocabulary), rows, encoder, read.values[name], read.missing[name]
            )
        titles = None
        if title is not None or (base and base.titles is not None):
            titles = vocabulary.lookup(np.arange(len(vocabulary)))
            if title is not None:
                given = kept[title].notna().to_numpy()
                titles[rows[given]] = [
                    str(one) for one in cells("title", table, position[given], title, "text")
                ]
            if base and base.titles is not None:
                titles[: len(base)] = base.titles
        absent = len(vocabulary) - len(described)
        dropped, repaired = dict(table.dropped), dict(table.repaired)
        return cls(
            vocabulary,
            read.encoders,
            columns,
            titles,
            missing,
            dropped,
            read.ignored,
            absent,
            read.notes,
            repaired,
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        return tuple(encoder.feature for encoder in self.encoders.values())

    def extended(self, ids: Any) -> "Catalog":
        """With new ids appended, without feature values; itself if none is new."""
        vocabulary = self.vocabulary.extended(ids)
        if vocabulary is self.vocabulary:
            return self
        new = len(vocabulary) - len(self)
        columns = {
            name: np.concatenate([column, np.zeros((new, *column.shape[1:]), column.dtype)])
            for name, column in self.columns.items()
        }
        titles = self.titles
        if titles is not None:
            titles = np.concatenate([titles, vocabulary.ids[-new:]])
        missing = {name: self.missing.get(name, 0) + new for name in self.encoders}
        encoders = {
            name: encoder.with_users(vocabulary) if encoder.kind == "users" else encoder
            for name, encoder in self.encoders.items()
        }
        grown = {"encoders": encoders, "columns": columns, "titles": titles, "missing": missing}
        return dataclasses.replace(self, vocabulary=vocabulary, **grown)

    def title_of(self, rows: Any) -> np.ndarray:
        """Titles of rows, or their ids in a catalog without titles: an object array."""
        if self.titles is None:
            return self.vocabulary.lookup(rows)
        return self.titles[np.asarray(rows)]

    def save(self, directory: str | Path) -> None:
        """Write vocabulary, encoders and titles; the model's weights hold the columns."""
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.vocabulary.save(directory / "vocabulary.json")
        encoders = [encoder.to_dict() for encoder in self.encoders.values()]
        _write(directory / "encoders.json", encoders)
        _write(directory / "titles.json", None if self.titles is None else self.titles.tolist())
        for encoder in self.encoders.values():
            if encoder.backbone is not None:
                encoder.backbone.save(directory / f"{encoder.name}.keras")

    @classmethod
    def load(cls, directory: str | Path) -> "Catalog":
        """Read what `save` wrote; InputError if it is anything else."""
        directory = Path(directory)
        vocabulary = Vocabulary.load(directory / "vocabulary.json")
        encoders = read_encoders(
            directory / "encoders.json",
            vocabulary,
            lambda name: Backbone(directory / f"{name}.keras", within=directory),
        )
        return cls(vocabulary, encoders, titles=_titles(directory / "titles.json", len(vocabulary)))

    def __len__(self) -> int:
        return len(self.vocabulary)


def checked_features(
    features: Mapping[str, Mapping[str, Any]], base: Mapping[str, FeatureEncoder] | None
) -> dict[str, dict[str, Any]]:
    """Options of features by name, each with its kind; InputError for one that cannot be.

    Args:
        features: name -> options, see `Catalog.from_frame`.
        base: encoders to continue, which fix the features, or None.
    """
    for name, options in features.items():
        if not isinstance(options, Mapping):
            raise InputError(
                f'Feature {name!r}: expected options such as {{"kind": "number"}}, got {options!r}.'
            )
        unknown = set(options) - set(OPTIONS)
        if unknown:
            raise InputError(
                f"Feature {name!r}: unknown option {sorted(unknown)[0]!r}; "
                f"there are {', '.join(OPTIONS)}."
            )
        if options.get("folder") is not None and options.get("kind", "image") != "image":
            raise InputError(
                f"Feature {name!r}: folder is for kind image, not for kind {options['kind']}: "
                "leave it out."
            )
        decimal = options.get("decimal")
        if decimal is not None and (options.get("kind") != "number" or decimal not in DECIMALS):
            raise InputError(
                f'Feature {name!r}: decimal is "," or ".", for kind number alone; got {decimal!r} '
                f"for kind {options.get('kind')}."
            )
        column = options.get("column", name)
        if isinstance(column, list) and not column:
            raise InputError(f"Feature {name!r}: column must be a name or some names, got [].")
        if isinstance(column, list) and options.get("kind", "vector") != "vector":
            raise InputError(
                f"Feature {name!r}: only a vector has several columns, got {column!r} for kind "
                f"{options['kind']}."
            )
    if base is None:
        for name, options in features.items():
            Feature(name, "number")  # checks the name before any work is done
            if "kind" not in options:
                raise InputError(f"Feature {name!r}: its kind is not given.")
        return {name: dict(options) for name, options in features.items()}
    unknown = set(features) - set(base)
    if unknown:
        raise InputError(
            f"Feature {sorted(unknown)[0]!r} is not in the base ({', '.join(base)}): "
            "a catalog that continues another keeps its features."
        )
    return {
        name: {"kind": encoder.kind, **features.get(name, {})} for name, encoder in base.items()
    }


def _column(
    base: Catalog | None,
    name: str,
    size: int,
    rows: np.ndarray,
    encoder: FeatureEncoder,
    encoded: np.ndarray,
    absent: np.ndarray,
) -> tuple[np.ndarray, int]:
    """The feature's values by row, and how many ids have none."""
    column = np.zeros((size, *encoder.feature.shape), dtype=encoder.feature.dtype)
    column[rows] = encoded
    empty = np.arange(size) >= FIRST
    empty[rows] = absent
    if base is None or name not in base.columns:
        return column, int(empty.sum())
    column[: len(base)] = base.columns[name]
    return column, base.missing.get(name, 0) + int(empty[len(base) :].sum())


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=0), encoding="utf-8")


def read_encoders(
    path: Path,
    users: Vocabulary | None,
    load_backbone: Callable[[str], Backbone] | None = None,
) -> dict[str, FeatureEncoder]:
    """The encoders of a JSON file by name; `users`, `load_backbone` as for `from_dict`."""
    plain = read_json(path)
    if not isinstance(plain, list):
        raise InputError(f"{path} is damaged: expected a list of encoders, got {plain!r:.60}")
    try:
        encoders = [FeatureEncoder.from_dict(one, users, load_backbone) for one in plain]
    except InputError as error:
        raise InputError(f"{path} is damaged: {error}") from None
    found = {encoder.name: encoder for encoder in encoders}
    if len(found) < len(encoders):
        raise InputError(f"{path} is damaged: two encoders are for one feature")
    return found


def _titles(path: Path, rows: int) -> np.ndarray | None:
    titles = read_json(path)
    if titles is None:
        return None
    if not isinstance(titles, list) or not all(isinstance(title, str) for title in titles):
        raise InputError(f"{path} is damaged: expected a list of strings, or null")
    if len(titles) != rows:
        raise InputError(f"{path} is damaged: it has {len(titles)} titles for {rows} rows")
    return np.array(titles, dtype=object)
