"""A source of `prepare` that is a query."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrec.data.sql_table import query_result
from kerasrec.out_of_core.column_type import column_type
from kerasrec.out_of_core.database import limits, named
from kerasrec.out_of_core.source import Source, resolve

WHERE = "the result of the query"


@dataclasses.dataclass(frozen=True)
class SqlQuery:
    """The result of a query of DuckDB, as the source of `prepare`.

    DuckDB reads CSV, JSON, databases and more; what a query may do is in
    `kerasrec.data.sql_table.read_sql`. Rows of one time keep the order of the result: a query that
    joins or groups needs an `order by` to give the same order again.

    `prepare(SqlQuery("select * from 'clicks.csv'"), "clicks_prepared")`

    Args:
        text: the statements; the last one is a SELECT.
    """

    text: str

    def resolve(self, columns: Mapping[str, Any] | None) -> dict[str, Any]:
        """Key -> column, of those that the result has; no row is computed.

        Raises:
            InputError: the query is wrong or writes; a missing column, or one of another type.
        """
        with query_result(self.text) as rows:
            found = resolve(WHERE, rows.columns, columns)
            types = dict(zip(rows.columns, map(str, rows.types), strict=False))
        for key, column in found.items():
            column_type(WHERE, key, column, types[column])
        return found

    def write(
        self, folder: Path, columns: Mapping[str, Any], memory: float, threads: int | None
    ) -> Source:
        """Writes these columns of the result as Parquet into a folder; memory as of `prepare`.

        Raises:
            InputError: the query fails, or has no rows.
        """
        path = folder / "query.parquet"
        with query_result(self.text, limits(folder, memory, threads)) as rows:
            chosen = rows.project(", ".join(map(named, dict.fromkeys(columns.values()))))
            chosen.write_parquet(str(path), compression="zstd")
        source = Source(path, columns, WHERE)
        source.files = [{"sql": self.text}]
        return source
