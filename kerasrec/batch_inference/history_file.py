"""Histories in a Parquet file, one query a row."""

import pathlib

import numpy as np
import pyarrow.compute
import pyarrow.parquet

from kerasrec.batch_inference.id_file import naming_damage, texts_of
from kerasrec.batch_inference.id_queries import PART_ROWS
from kerasrec.batch_inference.queries import Queries
from kerasrec.data.query_spec import REQUEST_INPUTS
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash
from kerasrec.files.plain_file import plain_size

# Items of the histories of a part: as Python texts they take about 100 MB.
PART_ITEMS = 2**20
READ_ROWS = 2**10
LISTS = [name for name, each in REQUEST_INPUTS.items() if each.axis == "step"]


class HistoryFile:
    """One query for each row of a Parquet file.

    Columns: `history`, a list of item ids in time order. Optional: `user`; `behavior`,
    `timestamp` and `value`, lists of the same lengths; and features of the request. Others are not
    read.

    Args:
        path: The file.
        context: Names of the features of a request that are read.

    Attributes:
        count: Number of rows.
        fingerprint: Hash of the file.
        columns: Which of the columns above the file has, without features.
        context: Which of the features it has.

    Raises:
        InputError: for a missing file, another format, other columns or types; while reading, for
            lists of different lengths.
    """

    def __init__(self, path, context=()):
        self.path = pathlib.Path(path)
        plain_size(self.path)
        with naming_damage(self.path), pyarrow.parquet.ParquetFile(self.path) as file:
            schema, self.count = file.schema_arrow, file.metadata.num_rows
            self.fingerprint = file_hash(self.path)
        self.columns = [name for name in ("user", *LISTS) if name in schema.names]
        self.context = [name for name in context if name in schema.names]
        if "history" not in self.columns:
            raise InputError(
                f"{path} has the columns {', '.join(map(repr, schema.names)):.200}: expected one "
                "named 'history' with a list of item ids in each row"
            )
        for name in self.columns[self.columns.index("history") :]:
            kind = schema.field(name).type
            if not (pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)):
                raise InputError(f"{path}: column {name!r} is {kind}: expected a list in each row")

    def parts(self, start=0):
        """`Queries` of up to `PART_ROWS` rows and about `PART_ITEMS` items, from row `start` on."""
        found, items = [], 0
        with naming_damage(self.path), pyarrow.parquet.ParquetFile(self.path) as file:
            for queries in self._read(file, start):
                found.append(queries)
                items += sum(map(len, queries.histories))
                if items >= PART_ITEMS or sum(map(len, found)) >= PART_ROWS:
                    yield _joined(found)
                    found, items = [], 0
        if found:
            yield _joined(found)

    def _read(self, file, start):
        """`Queries` of up to `READ_ROWS` rows."""
        rows = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        ends = np.cumsum(rows)
        groups = [i for i in range(len(rows)) if ends[i] > start]
        first = int(ends[groups[0]] - rows[groups[0]]) if groups else 0
        read = [*self.columns, *self.context]
        for batch in file.iter_batches(READ_ROWS, row_groups=groups, columns=read):
            skipped = min(max(start - first, 0), len(batch))
            if skipped < len(batch):
                yield self._queries(batch.slice(skipped), first + skipped)
            first += len(batch)

    def _queries(self, batch, first):
        lists = {name: _lists(batch, name) for name in LISTS}
        for name in LISTS[1:]:
            if lists[name] is None:
                continue
            pairs = zip(lists["history"], lists[name], strict=True)
            for row, (history, given) in enumerate(pairs, first):
                if len(history) != len(given):
                    raise InputError(
                        f"{self.path}, row {row}: {len(given)} values in {name!r} for the "
                        f"{len(history)} items of the history: expected one each"
                    )
        users = texts_of(batch.column("user")) if "user" in self.columns else None
        names = list(map(str, range(first, first + len(batch)))) if users is None else users
        context = {name: batch.column(name).to_pylist() for name in self.context}
        return Queries(names, users, *lists.values(), context)


def _lists(batch, name):
    """The lists of a column, ids as texts; None for a column that is not there."""
    if name not in batch.schema.names:
        return None
    column = batch.column(name)
    lengths = pyarrow.compute.fill_null(pyarrow.compute.list_value_length(column), 0)
    flat = column.flatten()
    ids = REQUEST_INPUTS[name].dtype == "string"
    flat = texts_of(flat) if ids else flat.to_pylist()
    ends = np.cumsum(lengths.to_numpy(zero_copy_only=False)).tolist()
    return [flat[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _joined(some):
    if len(some) == 1:
        return some[0]
    columns = ("names", "users", "histories", "behaviors", "timestamps", "values")
    columns = ([getattr(one, name) for one in some] for name in columns)
    columns = [None if each[0] is None else sum(each, []) for each in columns]
    context = {
        name: [value for one in some for value in one.context[name]] for name in some[0].context
    }
    return Queries(*columns, context)
