"""Prepares a table that is larger than memory."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrec.data.clean import Clean
from kerasrec.errors import InputError
from kerasrec.files.folder_lock import is_unused
from kerasrec.files.replacing import replacing
from kerasrec.files.saved_json import read_json
from kerasrec.out_of_core.database import opened
from kerasrec.out_of_core.filter_rows import check_clean
from kerasrec.out_of_core.preparation import Preparation
from kerasrec.out_of_core.prepared import FORMAT, MANIFEST, Prepared
from kerasrec.out_of_core.protocols import check_split
from kerasrec.out_of_core.source import Source
from kerasrec.out_of_core.sql_query import SqlQuery
from kerasrec.tables.memory import GIB

# Bytes of disk for a row. 45 in all were measured with four columns where memory held every sort;
# twice of that is left for what is spilled.
DISK_ROW, DISK_COLUMN = 60, 10


def prepare(
    source: str | Path | SqlQuery,
    folder: str | Path,
    columns: Mapping[str, Any] | None = None,
    *,
    split: Mapping[str, Any] | None = None,
    users: Sequence[str] = (),
    items: Sequence[str] = (),
    behaviors: Sequence[str] = (),
    clean: Clean | Mapping[str, Any] | None = None,
    memory: float = 2.0,
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Prepared:
    """Split a table of any size on disk, to the rows that memory would give.

    Ids get the rows, and interactions the parts, that `Interactions.from_parquet` and the function
    of the split give, whatever fits into memory. docs/out_of_core.md has the schema of the folder.
    A folder that holds the same preparation already is returned as it is: of the same Parquet
    files, unchanged, with the same arguments. One of another preparation is replaced when the new
    one is complete. A query is run and prepared again by every call, for nothing says whether what
    it reads has changed; `Prepared(folder)` opens what is there. What a killed process left is
    removed.

    Args:
        source: a Parquet file, a folder of parts, a path with wildcards, or an `SqlQuery`, whose
            result is written as Parquet beside the folder until it is prepared.
        folder: where to write; it must be new, empty, or a folder that `prepare` has written.
        columns: key -> column, see `Interactions.from_frame`.
        split: `{"protocol": ...}` and its arguments, as in a run config; next-item if not given.
        users, items, behaviors: ids that get the first rows, in this order, such as those of a
            catalog that is continued; the others follow.
        clean: what is left out, as of `Interactions.from_frame`; `manifest["dropped"]` counts it.
            Options that read texts (values, time_format, decimal, item_lists) are not taken.
        memory: GiB that DuckDB may take. 1 byte for each row comes on top, 9 for the splits random
            and k-fold.
        threads: of DuckDB; all cores if not given.
        progress: called with a line whenever a step begins.

    Returns:
        The `Prepared` folder.

    Raises:
        InputError: DuckDB is not installed; a query that fails or writes; a column that is missing
            or of another type, a bad value; a part that differs from the others or changes while it
            is read; the disk is too small; another process prepares the same folder; a split or an
            option of `clean` that cannot be prepared; no rows are left; the folder holds anything
            else.
    """
    if not memory > 0:
        raise InputError(f"memory={memory!r}: expected GiB above 0.")
    folder, table = Path(folder), None
    if isinstance(source, SqlQuery):
        columns = source.resolve(columns)
    else:
        table = Source(source, columns)
        columns = table.columns
    arguments = {
        "columns": columns,
        "split": check_split(split, columns),
        "clean": check_clean(clean, columns),
    }
    known = {"user": users, "item": items, "behavior": behaviors}
    if (found := _same(folder, table, arguments, known)) is not None:
        return found
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    with replacing(folder) as partial:
        # Beside the result: `replacing` removes it at the end, and after a kill.
        work = partial.with_name("work")
        work.mkdir()
        partial.mkdir()
        if table is None:
            if progress is not None:
                progress("query: its result is written as Parquet")
            table = source.write(work, columns, memory, threads)
        _check_disk(work, table)
        with opened(work, table.rows, memory, threads) as database:
            manifest = Preparation(database, table, arguments, known, progress).write(partial)
        text = json.dumps(manifest, indent=1, ensure_ascii=True)
        (partial / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return Prepared(folder)


def _same(
    folder: Path,
    table: Source | None,
    arguments: dict[str, Any],
    known: Mapping[str, Sequence[str]],
) -> Prepared | None:
    """The folder, if it holds this very preparation; InputError if it is no prepared folder.

    Without a table it is a query, which is always prepared again.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a file, expected a folder to prepare the table in.")
    if not (folder / MANIFEST).exists():
        if not is_unused(folder):
            raise InputError(
                f"{folder}: holds files, and is no prepared folder: it is left as it is. Name a "
                "new folder."
            )
        return None
    manifest = read_json(folder / MANIFEST)
    # What another job has written cannot be made again from the source.
    if not isinstance(manifest, dict) or not {"format", "sources"} <= manifest.keys():
        raise InputError(
            f"{folder}: {MANIFEST} was not written by `prepare`: the folder is left as it is. Name "
            "a new folder; what another job has prepared is opened by `Prepared(folder)`."
        )
    if table is None:
        return None
    wanted = {"format": FORMAT, "sources": table.files, **json.loads(json.dumps(arguments))}
    if any(manifest.get(key) != value for key, value in wanted.items()):
        return None
    found = Prepared(folder)
    return found if all(_numbers(found, key, ids) for key, ids in known.items()) else None


def _numbers(found: Prepared, key: str, known: Sequence[str]) -> bool:
    """Whether the ids of a folder have the rows that they would get with these ones known."""
    ids = found.ids(key)
    # Those beyond what the folder was given are in order of first appearance.
    given = found.manifest.get("known", {}).get(key, 0)
    return given <= len(known) <= len(ids) and ids[: len(known)].tolist() == list(known)


def _check_disk(work: Path, table: Source) -> None:
    """InputError, with the calculation, if the disk is too small."""
    columns = len(table.columns)
    needed = table.rows * (DISK_ROW + DISK_COLUMN * columns)
    free = shutil.disk_usage(work).free
    if needed > free:
        raise InputError(
            f"{work.parent.parent}: {table.rows:,} rows x ({DISK_ROW} + {columns} columns x "
            f"{DISK_COLUMN}) bytes = {needed / GIB:,.1f} GiB are needed while {table.where} is "
            f"prepared, and {free / GIB:,.1f} GiB of the disk are free. Name a folder on another "
            "disk."
        )
