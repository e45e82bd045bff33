"""From a table of impressions to the columns of a prepared folder."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.ids import as_integers
from kerasrec.data.read_impressions import read_numbers
from kerasrec.data.row_order import in_order
from kerasrec.data.table import Table
from kerasrec.data.wanted_columns import IDS, WantedColumns
from kerasrec.errors import InputError
from kerasrec.out_of_core.numbering import Numbering
from kerasrec.out_of_core.raw_column import RawColumn
from kerasrec.out_of_core.raw_feature import RawFeature
from kerasrec.out_of_core.row_times import RowTimes
from kerasrec.out_of_core.scratch_column import in_blocks
from kerasrec.out_of_core.table_chunks import TableChunks

TYPES = {"user": np.int32, "item": np.int32, "request": np.int64, "timestamp": np.int64}
TYPES |= {"position": np.int32, "fold": np.int32, "weight": np.float32, "propensity": np.float32}


class ImpressionsPreparation:
    """Writes the columns of a table as files, in time order.

    The table is read once, a chunk at a time; each column of a chunk is read as in memory. Then the
    columns are sorted, one after the other.

    Args:
        folder: for the files.
        chunks: the table.
        wanted: its columns.
        progress: called with a line at times.

    Attributes:
        rows: how many were written.
        ids: "user" and "item" -> their ids by number, of those that the table has.
        features: by name.
        dropped: rows left out, by reason.
        requests: how many there are, or None.
    """

    def __init__(
        self,
        folder: Path,
        chunks: TableChunks,
        wanted: WantedColumns,
        progress: Callable[[str], None] | None,
    ):
        self._chunks, self._wanted = chunks, wanted
        self._progress, self._start = progress or (lambda line: None), time.monotonic()
        self._keys = [key for key in TYPES if key in chunks.columns]
        self._numberings = {key: Numbering() for key in IDS[:2] if key in self._keys}
        self.features = {name: RawFeature(name, one) for name, one in wanted.context.items()}
        names = wanted.labels.columns
        self._columns = {key: RawColumn(folder / f"{key}.bin", TYPES[key]) for key in self._keys}
        self._labels = {
            name: RawColumn(folder / f"label-{number}.bin", np.float32)
            for number, name in enumerate(names)
        }
        self._context = {
            name: RawColumn(folder / f"context-{number}.bin", one.dtype)
            for number, (name, one) in enumerate(self.features.items())
        }
        self._times: RowTimes | None = None
        self.rows, self.rows_read = 0, 0
        self.requests: int | None = None
        self.dropped: dict[str, int] = {}
        self.ids: dict[str, list[str]] = {}
        self.texts: dict[str, tuple[list[str], list[int]]] = {}

    def write(self, work: Path, memory: float) -> None:
        """Reads the table and writes all columns.

        Raises:
            InputError: see `prepare_impressions`.
        """
        if "timestamp" in self._keys:
            self._times = RowTimes(work / "times.bin", self._chunks)
        for table in self._chunks.tables(work, memory):
            self._add(table)
            self._say("read")
        if not self.rows:
            raise InputError(f"{self._chunks.where}: no data rows.")
        if self.rows < self.rows_read:
            self.dropped["blank line"] = self.rows_read - self.rows
        for name, feature in self.features.items():
            self._context[name].width = feature.width
            if feature.kind == "vector" and not feature.width:
                raise InputError(f"Feature {name!r}: no row has a vector.")
        self._say("sort")
        order = None
        if self._times is not None:
            seconds = self._times.seconds()
            if (seconds[1:] < seconds[:-1]).any():
                order, seconds = in_order(seconds)
            self._columns["timestamp"].append(seconds)
            del seconds
        for key, column in self._columns.items():
            change = None
            if key in self._numberings:
                self.ids[key], change = self._texts(key, self._numberings.pop(key))
            if key != "timestamp":
                column.rewrite(self.rows, order, change)
        for column in self._labels.values():
            column.rewrite(self.rows, order, None)
        for name, feature in self.features.items():
            texts, change = [], None
            if feature.numbering is not None:
                texts, change = list(feature.numbering), None
                if feature.kind == "category":
                    texts, change = self._texts(f"feature {name}", feature.numbering)
            self._context[name].rewrite(self.rows, order, change)
            if feature.numbering is not None:
                self.texts[name] = self._in_order(self._context[name], texts)
        del order
        if "request" in self._columns:
            self._number_requests(self._columns["request"])

    def _add(self, table: Table) -> None:
        columns = self._chunks.columns
        found: dict[str, Any] = {}
        for key in IDS:
            if key in columns:
                codes, texts = table.texts(key, columns[key])
                found[key] = _numbered(self._numberings.get(key), codes, texts)
        found |= read_numbers(table, columns)
        labels = self._wanted.labels.read(table)
        if self._times is not None:
            self._times.add(table)
        self.rows_read += len(table.frame)
        kept = np.flatnonzero(table.keep)
        self.rows += len(kept)
        for key, values in found.items():
            self._columns[key].append(values[kept])
        for name, values in labels.items():
            self._labels[name].append(values[kept])
        for name, feature in self.features.items():
            self._context[name].append(feature.read(table, kept))

    def _texts(self, what: str, numbering: Numbering) -> tuple[list[str], Any]:
        """The texts by number, and how numbers change: in a text file 4.0 may be the integer 4."""
        texts = np.array(list(numbering), dtype=object)
        if not self._chunks.text_file:
            return texts.tolist(), None
        codes, texts, faults, changed = as_integers(np.arange(len(texts)), texts)
        for code, (_, why) in faults.items():
            raise InputError(f"{self._chunks.where}, {what}: {texts[code]!r} is no id: {why}.")
        new = np.append(codes, -1).astype(np.int32)
        return texts.tolist(), (lambda block: new[block]) if changed.any() else None

    def _in_order(self, column: RawColumn, texts: list[str]) -> tuple[list[str], list[int]]:
        """Numbers values anew as they appear in time; returns their texts, and how many rows."""
        values, counts = column.values(self.rows), np.zeros(len(texts) + 1, np.int64)
        new, order = np.full(len(texts) + 1, -1, np.int32), []
        for block in in_blocks(values):
            counts += np.bincount(block + 1, minlength=len(counts))
            fresh = pd.unique(block)
            fresh = fresh[(fresh >= 0) & (new[fresh] < 0)]
            new[fresh] = len(order) + np.arange(len(fresh))
            order += fresh.tolist()
        if order != list(range(len(order))):
            column.replace(new[block] for block in in_blocks(values))
        return [texts[code] for code in order], counts[1:][order].tolist()

    def _number_requests(self, column: RawColumn) -> None:
        """Numbers requests, of which there are hashes, as they appear in time."""
        codes, found = pd.factorize(column.values(self.rows))
        column.replace(in_blocks(codes))
        self.requests = len(found)

    def _say(self, step: str) -> None:
        seconds = time.monotonic() - self._start
        total = "" if self._chunks.rows is None else f" of about {self._chunks.rows:,}"
        self._progress(f"{step}: {self.rows_read:,}{total} rows, {seconds:.0f} s so far")


def _numbered(numbering: Numbering | None, codes: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Numbers of ids; without a numbering, for requests, a hash: all of them are not in memory."""
    if numbering is not None:
        return numbering.codes(codes, texts)
    hashes = pd.util.hash_array(np.append(texts, ""), categorize=False)
    return hashes.view(np.int64)[codes]
