"""The columns of a prepared folder as files of numbers, which are mapped into memory."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

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
    folder: Path, parts: dict[str, PartTable]
) -> tuple[dict[str, Columns], dict[str, int]]:
    """The columns of each part, and of "all" parts together, as read-only maps of files.

    A map takes no memory of its own: the system reads what is looked at and forgets it when memory
    is short. The files are in `arrays/` of the folder. They are made from the Parquet parts at the
    first call, and again when those have changed.

    Args:
        folder: a prepared folder.
        parts: name -> table; the parts have the same columns.

    Returns:
        part -> column -> values, sorted by user and then by place; and facts: `pairs`, the number
        of different pairs of a user and an item, and, with times, `first_time` and `last_time`.

    Raises:
        InputError: rows that are not sorted so, a disk that is full or read-only.
    """
    sources = [state for part in parts.values() for state in part.states()]
    if _facts(folder).get("sources") != sources:
        _check_disk(folder, parts)
        with replacing(folder / ARRAYS) as partial:
            partial.mkdir()
            for name, part in parts.items():
                _write_part(partial / name, part)
            facts = {"sources": sources, **_write_all(partial, parts)}
            (partial / FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    names = [*parts, "all"]
    return {name: _mapped(folder / ARRAYS / name) for name in names}, _facts(folder)


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


def _write_part(folder: Path, part: PartTable) -> None:
    folder.mkdir()
    with _Writer(folder, part.columns, part.rows) as writer:
        for columns in part.sorted_chunks():
            writer.add(columns)


def _write_all(folder: Path, parts: dict[str, PartTable]) -> dict[str, int]:
    """Writes the interactions of all parts, merged by user and then by place; returns facts."""
    names = parts["train"].columns
    mapped = [_mapped(folder / name) for name in parts]
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


def _mapped(folder: Path) -> Columns:
    found = {}
    for path in sorted(folder.glob("*.npy")):
        name = path.stem
        try:
            # A file without rows cannot be mapped.
            mode = "r" if path.stat().st_size > 128 else None
            found[name] = np.load(path, mmap_mode=mode, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path} is damaged: {error}. Remove the folder {folder.parent}; it is made again."
            ) from error
        if name not in TYPES or found[name].dtype != TYPES[name] or found[name].ndim != 1:
            raise InputError(
                f"{path} is damaged: {found[name].dtype} {found[name].shape}. Remove the folder "
                f"{folder.parent}; it is made again."
            )
    return found
