"""Prepares a table of impressions that is larger than memory."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import kerasrec
from kerasrec.data.wanted_columns import WantedColumns
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import is_unused
from kerasrec.files.replacing import replacing
from kerasrec.files.saved_json import read_json
from kerasrec.out_of_core.impressions_preparation import TYPES, ImpressionsPreparation
from kerasrec.out_of_core.prepared_impressions import (
    COLUMNS,
    FORMAT,
    KIND,
    MANIFEST,
    PreparedImpressions,
)
from kerasrec.out_of_core.raw_feature import TYPES as FEATURE_TYPES
from kerasrec.out_of_core.sql_query import SqlQuery
from kerasrec.out_of_core.table_chunks import TableChunks
from kerasrec.tables.memory import GIB


def prepare_impressions(
    source: str | Path | SqlQuery,
    folder: str | Path,
    columns: Mapping[str, Any] | None = None,
    *,
    labels: Mapping[str, Mapping[str, Any]] | None = None,
    context: Mapping[str, Mapping[str, Any]] | None = None,
    separator: str | None = None,
    memory: float = 2.0,
    progress: Callable[[str], None] | None = None,
) -> PreparedImpressions:
    """Writes the columns of a table of impressions as files, checked and in time order.

    The table is read once, some 250,000 rows at a time. A folder that holds the same columns of the
    same files, unchanged, is returned as it is; another one is replaced when the new one is
    complete. A query is always run again, for nothing says whether what it reads has changed. What
    a killed process left is removed.

    Args:
        source: a Parquet or text file, a folder of parts, a path with wildcards, or an `SqlQuery`.
        folder: where to write; it must be new, empty, or one that this function has written.
        columns, labels, context, separator: as of `Impressions.from_frame`.
        memory: GiB that DuckDB may take for a query.
        progress: called with a line at times.

    Raises:
        InputError: what `Impressions.from_frame` raises for the table; the disk is too small;
            another process prepares the same folder; the folder holds anything else.
    """
    folder = Path(folder)
    wanted = WantedColumns.of(columns, labels, context)
    chunks = TableChunks(source, wanted, separator)
    about = {
        "columns": chunks.columns,
        "labels": labels if labels is None else {name: dict(one) for name, one in labels.items()},
        "context": wanted.context,
        "separator": separator,
    }
    about = json.loads(json.dumps(about))
    query = isinstance(source, SqlQuery)
    if (found := _same(folder, chunks, about, query)) is not None:
        return found
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    with replacing(folder) as partial:
        work = partial.with_name("work")
        for one in (work, partial, partial / COLUMNS):
            one.mkdir()
        _check_disk(partial, chunks, wanted)
        made = ImpressionsPreparation(partial / COLUMNS, chunks, wanted, progress)
        made.write(work, memory)
        for key, ids in made.ids.items():
            _write(partial / f"{key}s.json", ids)
        for number, name in enumerate(wanted.context):
            if name in made.texts:
                values, counts = made.texts[name]
                _write(partial / f"context-{number}.json", {"values": values, "counts": counts})
        manifest = {
            "format": FORMAT,
            "kind": KIND,
            "kerasrec": kerasrec.__version__,
            "sources": chunks.files,
            **about,
            "where": chunks.where,
            "rows": made.rows,
            "rows_read": made.rows_read,
            "requests": made.requests,
            "dropped": made.dropped,
            "widths": {name: list(one.width) for name, one in made.features.items()},
            "missing": {name: one.missing for name, one in made.features.items()},
        }
        _write(partial / MANIFEST, manifest)
    return PreparedImpressions(folder)


def _same(
    folder: Path, chunks: TableChunks, about: dict[str, Any], query: bool
) -> PreparedImpressions | None:
    """The folder, if it holds this very table; InputError if it is no folder of impressions."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a file, expected a folder to prepare the impressions in.")
    if not (folder / MANIFEST).exists():
        if not is_unused(folder):
            raise InputError(
                f"{folder}: holds files, and is no prepared folder: it is left as it is. Name a "
                "new folder."
            )
        return None
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise InputError(
            f"{folder}: {MANIFEST} is not that of impressions: the folder is left as it is. Name a "
            "new folder."
        )
    wanted = {"format": FORMAT, "sources": json.loads(json.dumps(chunks.files)), **about}
    if query or any(manifest.get(key) != value for key, value in wanted.items()):
        return None
    return PreparedImpressions(folder)


def _check_disk(folder: Path, chunks: TableChunks, wanted: WantedColumns) -> None:
    """InputError, with the calculation, if the disk is too small, as far as the rows are known."""
    if chunks.rows is None:
        return
    kinds = [FEATURE_TYPES.get(one["kind"], np.int32) for one in wanted.context.values()]
    kinds += [TYPES[key] for key in chunks.columns] + [np.float32] * len(wanted.labels.columns)
    row = sum(np.dtype(kind).itemsize for kind in kinds)
    # The columns as they are read, encoded, and those of scattered parts; and a list is longer.
    needed, free = 3 * row * chunks.rows, shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{folder.parent.parent}: {chunks.rows:,} rows x {row} bytes x 3 = "
            f"{needed / GIB:,.1f} GiB are needed while {chunks.where} is prepared and read, and "
            f"{free / GIB:,.1f} GiB of the disk are free. Name a folder on another disk."
        )


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=True) + "\n", encoding="utf-8")
