"""Which column of a table of items or users is which feature, by its first rows."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kerasrec.data.guess_columns import NAMES
from kerasrec.data.list_text import is_bracketed
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.table_files import is_parquet
from kerasrec.data.text_table import first_rows
from kerasrec.errors import InputError

SAMPLE = 1000
TITLES = ("title", "name")
# A text has so many words in the middle; what has fewer is a category or a name.
WORDS = 2.5
# A category has at most so many values, as a share of the rows.
DISTINCT = 0.5
SEPARATORS = ("|", ";", ",")
RESERVED = {"id", "item", "user", "count"}


def guess_features(path: Path, kind: str, known: str | None = None) -> dict[str, Any]:
    """The `items` or `users` of a run config's `data`, as plain values.

    Texts of several words, categories, lists of categories and numbers are features; ids, links,
    dates and columns of one value are not.

    Args:
        path: CSV or Parquet file, or folder of parts; a text file is separated by commas.
        kind: "item" or "user".
        known: the name of the column with these ids in the interactions.

    Raises:
        InputError: no such table, or no column that looks like ids.
    """
    path = Path(path)
    if is_parquet(path):
        sample = ParquetParts(path).first_rows(SAMPLE)
    else:
        separator, sample = first_rows(path, SAMPLE)
        if separator != "," and len(sample.columns) > 1:
            raise InputError(
                f"{path}: the columns are separated by {separator!r}, and a table of {kind}s is "
                "read with commas: write it with commas, or as Parquet"
            )
    own = _id_column(path, list(sample.columns), kind, known)
    node: dict[str, Any] = {"path": path.as_posix(), "id": own}
    titles = [c for c in sample.columns if str(c).lower() in TITLES and c != own]
    if titles and kind == "item":
        node["title"] = titles[0]
    features = {}
    for column in sample.columns:
        found = None if column == own else guess_feature(sample[column])
        if found:
            name = re.sub(r"\W+", "_", str(column)).strip("_").lower() or "feature"
            name = f"{name}_value" if name in RESERVED or name in features else name
            features[name] = {**found, "column": column}
    node["features"] = features
    return node


def guess_feature(values: pd.Series) -> dict[str, Any] | None:
    """The kind of a column and its options; None for one that is no feature.

    >>> guess_feature(pd.Series(["War|Drama", "Comedy", "Drama"] * 9))
    {'kind': 'categories', 'separator': '|'}
    >>> guess_feature(pd.Series(["red", "blue"] * 9))
    {'kind': 'category'}
    >>> guess_feature(pd.Series([f"https://a.example/{n}" for n in range(9)])) is None
    True
    """
    values = values.dropna()
    texts = [str(value).strip() for value in values]
    texts = [text for text in texts if text]
    distinct = len(set(texts))
    if distinct < 2 or _are_links_or_dates(texts):
        return None
    if pd.to_numeric(pd.Series(texts), errors="coerce").notna().all():
        whole = all(re.fullmatch(r"[-+]?\d+", text) for text in texts)
        # Few whole numbers are names of groups as often as amounts.
        return {"kind": "category"} if whole and distinct <= 20 else {"kind": "number"}
    if sum(map(is_bracketed, texts)) * 2 > len(texts):
        return {"kind": "categories"}
    for separator in SEPARATORS:
        parts = [[part.strip() for part in text.split(separator)] for text in texts]
        several = sum(len(one) > 1 for one in parts)
        names = {part for one in parts for part in one}
        total = sum(map(len, parts))
        short = all(len(part.split()) <= 3 for part in names)
        if several * 4 > len(texts) and short and len(names) <= DISTINCT * total:
            return {"kind": "categories", "separator": separator}
    words = pd.Series([len(text.split()) for text in texts]).median()
    if words >= WORDS:
        return {"kind": "text"}
    if distinct <= DISTINCT * len(texts):
        return {"kind": "category"}
    return {"kind": "text"} if words > 1 else None


def _are_links_or_dates(texts: Sequence[str]) -> bool:
    pattern = r"https?://|www\.|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}$"
    return sum(bool(re.match(pattern, text)) for text in texts) * 2 > len(texts)


def _id_column(path: Path, header: Sequence[Any], kind: str, known: str | None) -> Any:
    if known in header:
        return known
    plain = {re.sub(r"[^a-z0-9]", "", str(name).lower()): name for name in header}
    for name in (*NAMES[kind].split(), "id"):
        if name in plain:
            return plain[name]
    raise InputError(
        f"{path}: no column looks like the ids of {kind}s: name it as in the interactions"
        f"{f', {known!r}' if known else ''}. Columns: {list(header)}."
    )
