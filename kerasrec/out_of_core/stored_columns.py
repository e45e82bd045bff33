"""The columns of a prepared folder as files of numbers, which are mapped into memory."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.table_files import states
from kerasrec.data.vocabulary import FIRST
from kerasrec.distinct import distinct
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing
from kerasrec.files.saved_json import read_json
from kerasrec.out_of_core.part_table import TYPES, Columns, PartTable
from kerasrec.tables.memory import GIB

ARRAYS, FACTS = "arrays", "arrays.json"
MERGED = 4_000_000  # interactions that are merged at a time
MARGIN = 2**20  # bytes of disk for headers and facts


def stored_columns(
    folder: Path, parts: dict[str, PartTable], by_item: dict[str, np.ndarray], num_behaviors: int
) -> tuple[dict[str, Columns], dict[str, int]]:
    """The columns of each part, and of "all" parts together, as read-only maps of files.

    A map takes no memory of its own: the system reads what is looked at and forgets it when memory
    is short. The files are in `arrays/` of the folder. They are made from the Parquet parts at the
    first call, and again when a Parquet file of the folder has changed.

    Args:
        folder: a prepared folder.
        parts: name -> table.
        by_item: name -> int64 (item rows,), how many rows of each item there are, by
            `items.parquet`.
        num_behaviors: behavior rows, with those that every vocabulary has.

    Returns:
        part -> column -> values, sorted by user and then by place; and facts: `pairs`, the number
        of different pairs of a user and an item, and, with times, `first_time` and `last_time`.

    Raises:
        InputError: parts of different columns, rows that are not sorted so, other items than
            `by_item` says, unknown behaviors, a file that is damaged, a disk that is full or
            read-only.
    """
    _check_alike(folder, parts)
    tables = sorted(folder.glob("*.parquet"))  # of ids: rows are checked by their counts
    sources = [[path.name, *state] for path, state in zip(tables, states(tables), strict=True)]
    sources += [state for part in parts.values() for state in part.states()]
    if _facts(folder).get("sources") != sources:
        _check_disk(folder, parts)
        with replacing(folder / ARRAYS) as partial:
            partial.mkdir()
            for name, part in parts.items():
                _write_part(partial / name, part, by_item[name], num_behaviors)
            facts = {"sources": sources, **_write_all(partial, parts)}
            (partial / FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    rows = {name: part.rows for name, part in parts.items()}
    rows["all"] = sum(rows.values())
    names = parts["train"].columns
    return {
        name: _mapped(folder / ARRAYS / name, names, number) for name, number in rows.items()
    }, _facts(folder)


def _check_alike(folder: Path, parts: dict[str, PartTable]) -> None:
    names = parts["train"].columns
    for name, part in parts.items():
        if set(part.columns) != set(names):
            raise InputError(
                f"{folder / name}: the columns {', '.join(part.columns)} differ from those of "
                f"train, {', '.join(names)}. Remove the folder and prepare it again."
            )


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / ARRAYS / FACTS
    found = read_json(path) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _check_disk(folder: Path, parts: dict[str, PartTable]) -> None:
    row = sum(np.dtype(TYPES[name]).itemsize for name in parts["train"].columns)
    rows = sum(part.rows for part in parts.values())
    needed, free = 2 * rows * row + MARGIN, shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{folder}: {rows:,} rows x {row} bytes x 2 (by part, and together) = "
            f"{needed / GIB:,.1f} GiB are needed to map the columns, and {free / GIB:,.1f} GiB of "
            "the disk are free. Move the folder to another disk."
        )


def _write_part(folder: Path, part: PartTable, by_item: np.ndarray, num_behaviors: int) -> None:
    left = by_item.copy()
    folder.mkdir()
    with _Writer(folder, part.columns, part.rows) as writer:
        for columns in part.sorted_chunks():
            _check_rows(part.folder, "item", columns["item"], len(left))
            if "behavior" in columns:
                _check_rows(part.folder, "behavior", columns["behavior"], num_behaviors)
            left -= np.bincount(columns["item"], minlength=len(left))
            writer.add(columns)
    if left.any():
        item = int(np.flatnonzero(left)[0])
        raise InputError(
            f"{part.folder}: {by_item[item] - left[item]:,} rows of item {item}, but items.parquet "
            f"counts {by_item[item]:,}: the folder is damaged or of two preparations. Prepare it "
            "again."
        )


def _check_rows(folder: Path, key: str, rows: np.ndarray, size: int) -> None:
    if rows.min() < FIRST or rows.max() >= size:
        wrong = rows[(rows < FIRST) | (rows >= size)][0]
        raise InputError(
            f"{folder}: {key} {wrong} has no row in {key}s.parquet, which has {FIRST} to "
            f"{size - 1}. Remove the folder and prepare it again."
        )


def _write_all(folder: Path, parts: dict[str, PartTable]) -> dict[str, int]:
    """Writes the interactions of all parts, merged by user and then by place; returns facts."""
    names = parts["train"].columns
    mapped = [_mapped(folder / name, names, part.rows) for name, part in parts.items()]
    firsts = [part.first for part in parts.values()]
    ends, user = np.sum(firsts, axis=0), 0
    facts = {"pairs": 0}
    (folder / "all").mkdir()
    with _Writer(folder / "all", names, int(ends[-1])) as writer:
        while user < len(ends) - 1:
            stop = int(np.searchsorted(ends, ends[user] + MERGED, "right")) - 1
            stop = max(stop, user + 1)
            found = {
                name: np.concatenate(
                    [
                        one[name][first[user] : first[stop]]
                        for one, first in zip(mapped, firsts, strict=True)
                    ]
                )
                for name in names
            }
            order = np.lexsort((found["place"], found["user"]))
            writer.add({name: values[order] for name, values in found.items()})
            _count(facts, found)
            user = stop
    return facts


def _count(facts: dict[str, int], columns: Columns) -> None:
    """Adds the pairs and the times of some users to the facts."""
    if not len(columns["user"]):
        return
    codes = columns["user"].astype(np.int64) << 32 | columns["item"]
    facts["pairs"] += len(distinct(codes))
    if "timestamp" in columns:
        first, last = int(columns["timestamp"].min()), int(columns["timestamp"].max())
        facts["first_time"] = min(facts.get("first_time", first), first)
        facts["last_time"] = max(facts.get("last_time", last), last)


class _Writer:
    """Writes one file a column, chunk by chunk."""

    def __init__(self, folder: Path, names: tuple[str, ...], rows: int):
        self._files = {name: open(folder / f"{name}.npy", "wb") for name in names}
        for name, file in self._files.items():
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(TYPES[name]))}
            header |= {"fortran_order": False, "shape": (rows,)}
            np.lib.format.write_array_header_1_0(file, header)

    def add(self, columns: Columns) -> None:
        for name, file in self._files.items():
            file.write(np.ascontiguousarray(columns[name], TYPES[name]).data)

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *error: Any) -> None:
        for file in self._files.values():
            file.close()


def _mapped(folder: Path, names: tuple[str, ...], rows: int) -> Columns:
    found = {}
    for name in names:
        path, expected = folder / f"{name}.npy", (TYPES[name], (rows,))
        try:
            # A file without rows cannot be mapped.
            found[name] = np.load(path, mmap_mode="r" if rows else None, allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise _damaged(path, error) from error
        if (found[name].dtype, found[name].shape) != expected:
            raise _damaged(path, f"{found[name].dtype} {found[name].shape}, expected ({rows},)")
    return found


def _damaged(path: Path, problem: Any) -> InputError:
    return InputError(
        f"{path} is damaged: {problem}. Remove the folder {path.parent.parent}; it is made again."
    )
