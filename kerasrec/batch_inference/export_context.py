"""The features of requests as the inputs of an export, read as `FeatureEncoder` reads them."""

import numpy as np

from kerasrec.batch_inference.options import text_ids
from kerasrec.data.feature_values import (
    is_missing,
    parts_of,
    read_numbers,
    read_seconds,
    read_texts,
    read_vectors,
    single_values,
)
from kerasrec.data.query_spec import user_input
from kerasrec.data.request_values import check_values
from kerasrec.errors import InputError


def export_context(about, values):
    """Inputs of the signatures of an export, for the features that are given.

    Args:
        about: The metadata of the export.
        values: Name -> a list with a value for each request.

        Numbers may be texts, as in a text file.

    Returns:
        Name -> array, as the signature takes it.

    Raises:
        InputError: for a value unfit for its kind.
    """
    return {name: _input(name, about["context"][name], given) for name, given in values.items()}


def export_user_features(about, values):
    """As `export_context`, for features of the users: the inputs "user.<name>"."""
    known = about["user_features"]
    return {user_input(name): _input(name, known[name], given) for name, given in values.items()}


def _input(name, feature, values):
    kind = feature["kind"]

    def refuse(position, problem):
        raise InputError(f"Feature {name!r} ({kind}), request {position}: {problem}.")

    check_values(values, kind, refuse, written=True)
    if kind == "number":
        missing = np.array([is_missing(value) for value in values], dtype=bool)
        return read_numbers(values, missing, refuse).astype("float32")
    if kind == "time":
        return read_seconds(values, refuse)
    if kind == "vector":
        return read_vectors(values, feature["size"], refuse)
    if kind == "text":
        return np.array(read_texts(values, refuse), dtype=object)
    if kind == "category":
        return np.array(text_ids(single_values(values, refuse)), dtype=object)
    lists = [parts_of(value, feature["separator"]) for value in values]
    flat = iter(text_ids([part for parts in lists for part in parts]))
    table = np.full((len(lists), max([1, *map(len, lists)])), "", dtype=object)
    for row, parts in zip(table, lists, strict=True):
        row[: len(parts)] = [next(flat) for _ in parts]
    return table
