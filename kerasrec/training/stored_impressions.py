"""The table of impressions of a config that stays on disk."""

import hashlib
import json
import pathlib

from kerasrec.data.parquet_parts import fits_into_memory
from kerasrec.data.table_files import is_parquet
from kerasrec.data.wanted_columns import WantedColumns
from kerasrec.errors import InputError
from kerasrec.out_of_core import SqlQuery, prepare_impressions
from kerasrec.tables.memory import GIB, free_memory
from kerasrec.training.read_prepared import ROOT, progress_lines


def is_stored(node, columns):
    """Whether the impressions of a `DataNode` are read from disk, in place of into memory.

    Args:
        node: The `DataNode`.
        columns: `columns`, `labels` and `context`, as `prepare_impressions` takes them.
    """
    if node.out_of_core != "auto":
        return node.out_of_core == "always"
    path = node.impressions.path
    if path is None or not is_parquet(pathlib.Path(path)):
        return False
    wanted = WantedColumns.of(columns["columns"], columns["labels"], columns["context"])
    return not fits_into_memory(path, wanted.names, wanted.ids)


def read_stored(node, columns):
    """`PreparedImpressions`: the table on disk, prepared where that is not done already.

    Args:
        node, columns: As for `is_stored`.

    Raises:
        InputError: for anything wrong in the data, as from `prepare_impressions`, and for what only
            memory can do.
    """
    if node.on_error != "raise":
        raise InputError(
            "data.on_error: drop reads the table into memory, and data.out_of_core leaves it on "
            "disk, where no bad row is left out: leave on_error out, or set out_of_core to never"
        )
    shown, folder = node.impressions, impressions_folder(node, columns)
    return prepare_impressions(
        SqlQuery(shown.sql) if shown.path is None else shown.path,
        folder,
        memory=max(1.0, min(4.0, free_memory() / GIB / 2)),
        progress=progress_lines(folder),
        **columns,
    )


def impressions_folder(node, columns):
    """`data.prepared`, or a folder named after what is prepared."""
    if node.prepared is not None:
        return pathlib.Path(node.prepared)
    path = node.impressions.path
    about = [node.impressions.sql, path and str(pathlib.Path(path).absolute()), columns]
    text = json.dumps(about, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return pathlib.Path(ROOT) / f"{node.label}-{digest}"
