"""Columns of Arrow as pandas keeps them, with exact ids."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd


def arrow_frame(table: Any, ids: Iterable[Any] = ()) -> pd.DataFrame:
    """A pyarrow Table as pandas.

    Integers with missing values stay integers: large ones are not distinct as floats. UUIDs become
    text. Invalid UTF-8 becomes bytes, so that an error can name the bad value.

    Args:
        ids: columns of which texts become a Categorical, see `categorical`.
    """
    import pyarrow
    from pyarrow import types

    ids, encoded = set(ids), {}
    for place, field in enumerate(table.schema):
        column, kind = table.column(place), field.type
        if types.is_dictionary(kind):
            kind = kind.value_type
        if getattr(kind, "extension_name", None) == "arrow.uuid" or kind == pyarrow.binary(16):
            encoded[place] = pd.Series(_uuids(column))
        elif is_text(kind) and field.name in ids:
            encoded[place] = pd.Series(categorical([dictionary(column)]))
        elif is_text(kind):
            column = _plain(column)
            try:
                column.validate(full=True)
            except pyarrow.ArrowInvalid:
                column = column.cast(pyarrow.large_binary())
            table = table.set_column(place, field.name, column)
    others = [place for place in range(table.num_columns) if place not in encoded]
    frame = table.select(others).to_pandas(ignore_metadata=True, integer_object_nulls=True)
    if not encoded:
        return frame
    columns = dict(zip(others, (frame.iloc[:, i] for i in range(len(others))), strict=True))
    columns = pd.DataFrame(
        {place: (columns | encoded)[place] for place in range(table.num_columns)}, copy=False
    )
    return columns.set_axis(table.column_names, axis=1)


def concatenated(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of frames with the same columns below each other; a Categorical stays one."""
    if len(frames) == 1:
        return frames[0]
    columns = {}
    for place in range(frames[0].shape[1]):
        parts = [frame.iloc[:, place] for frame in frames]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[place] = pd.api.types.union_categoricals(parts, ignore_order=True)
        else:
            columns[place] = pd.concat(parts, ignore_index=True)
    index = pd.RangeIndex(sum(map(len, frames)))
    return pd.DataFrame(columns, index=index, copy=False).set_axis(list(frames[0]), axis=1)


def is_text(kind: Any) -> bool:
    """Whether a type is text, encoded or not."""
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def dictionary(column: Any) -> Any:
    """A column of texts as one pyarrow DictionaryArray, with codes of int32."""
    import pyarrow

    # A dictionary that is there may hold missing values, a value twice, or differ between chunks.
    column = _plain(column)
    if not column.num_chunks:
        column = pyarrow.chunked_array([pyarrow.array([], column.type)])
    encoded = column.dictionary_encode().combine_chunks()
    if isinstance(encoded, pyarrow.ChunkedArray):
        encoded = encoded.chunk(0)
    return pyarrow.DictionaryArray.from_arrays(
        encoded.indices, encoded.dictionary.cast(pyarrow.large_binary())
    )


def _plain(column: Any) -> Any:
    """A column of texts that Arrow has all functions for."""
    import pyarrow
    from pyarrow import types

    kind = pyarrow.large_string()
    if types.is_string_view(column.type):
        return column.cast(kind)
    if not types.is_dictionary(column.type):
        return column
    chunks = [
        pyarrow.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(kind))
        for chunk in column.chunks
    ]
    return pyarrow.chunked_array([chunk.dictionary_decode() for chunk in chunks], kind)


def categorical(parts: Sequence[Any]) -> pd.Categorical:
    """What `dictionary` gave for the parts of a column, as one pandas Categorical.

    Its categories are in the order of first appearance: str, or bytes where one is not UTF-8.
    """
    import pyarrow

    encoded = parts[0]
    if len(parts) > 1:
        encoded = pyarrow.chunked_array(parts).unify_dictionaries().combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    texts = encoded.dictionary
    try:
        texts = texts.cast(pyarrow.large_string())
    except pyarrow.ArrowInvalid:
        pass
    categories = pd.Index(texts.to_numpy(zero_copy_only=False), dtype=object)
    return pd.Categorical.from_codes(codes, categories, validate=False)


def _uuids(column: Any) -> pd.Categorical:
    """UUIDs as text."""
    import pyarrow

    encoded = column.cast(pyarrow.binary(16)).combine_chunks().dictionary_encode()
    if isinstance(encoded, pyarrow.ChunkedArray):  # of no chunks, or of one
        encoded = encoded.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pyarrow.ChunkedArray):
        return pd.Categorical([])
    texts = (one.as_py().hex() for one in encoded.dictionary)
    texts = [f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in texts]
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(codes, pd.Index(texts, dtype=object))
