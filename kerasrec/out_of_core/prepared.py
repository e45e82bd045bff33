"""A folder that `prepare`, or another job with the same schema, has written."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.activity import activity_note
from kerasrec.data.catalog import Catalog
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.report import Report
from kerasrec.data.split import Split
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json
from kerasrec.out_of_core.part_table import Columns, PartTable
from kerasrec.out_of_core.stored_columns import stored_columns
from kerasrec.out_of_core.stored_interactions import StoredInteractions

FORMAT = 1
MANIFEST = "manifest.json"
PARTS = ("train", "validation", "test")


class Prepared:
    """A split table on disk. Ids and counts are in memory, interactions are read when asked for.

    Args:
        folder: what `prepare` wrote, or another job by docs/out_of_core.md.
        users, items: the catalogs with features; without, ids alone. Their ids must be those of the
            folder, in its order.
        name: for tables and plots; the folder's if not given.

    Attributes:
        manifest: what is in `manifest.json`.
        protocol: the split's name.
        notes: sentences on the split.

    Raises:
        InputError: no such folder, or one of another schema; catalogs of other ids.
    """

    def __init__(
        self,
        folder: str | Path,
        users: Catalog | None = None,
        items: Catalog | None = None,
        name: str | None = None,
    ):
        self.folder = Path(folder)
        self.name = name or self.folder.name
        self._catalogs = {"users": users, "items": items}
        if not (self.folder / MANIFEST).is_file():
            raise InputError(
                f"{folder}: no prepared folder, it has no {MANIFEST}. `prepare` writes one."
            )
        self.manifest = read_json(self.folder / MANIFEST)
        if not isinstance(self.manifest, dict) or self.manifest.get("format") != FORMAT:
            raise InputError(
                f"{folder}: expected a prepared folder of format {FORMAT}. Remove it and prepare "
                "it again."
            )
        if not isinstance(self.manifest.get("split"), dict):
            raise InputError(f"{folder}: {MANIFEST} has no valid 'split'.")
        self.protocol = str(self.manifest["split"].get("protocol"))
        self.notes = tuple(map(str, self.manifest.get("notes", ())))

    @functools.cached_property
    def users(self) -> Catalog:
        """All users of the table."""
        return self._catalog("users")

    @functools.cached_property
    def items(self) -> Catalog:
        """All items of the table."""
        return self._catalog("items")

    @functools.cached_property
    def behaviors(self) -> Vocabulary | None:
        """The behaviors, None without them."""
        return Vocabulary(self.ids("behavior").tolist()) if "behaviors" in self._ids else None

    def ids(self, key: str) -> np.ndarray:
        """The external ids of "user", "item" or "behavior" in row order; none without behaviors."""
        side = self._ids.get(f"{key}s")
        return np.zeros(0, dtype=object) if side is None else side["id"]

    def counts(self, side: str, part: str) -> np.ndarray:
        """int64 by row of "users" or "items": interactions of each in a part."""
        return np.concatenate([np.zeros(FIRST, np.int64), self._ids[side][part]])

    def all_counts(self, side: str) -> np.ndarray:
        """int64 by id of "users" or "items", from the first: its interactions in all parts."""
        return sum((self._ids[side][part] for part in PARTS), np.zeros(1, np.int64))

    def part(self, name: str) -> PartTable:
        """The rows of "train", "validation" or "test"."""
        if name not in PARTS:
            raise InputError(f"part must be one of {', '.join(PARTS)}, got {name!r}.")
        return PartTable(self.folder / name, self.counts("users", name))

    def split(self) -> Split:
        """The parts, as `StoredInteractions`; the first call maps their columns, once."""
        parts = [self._stored(name) for name in PARTS]
        return Split(*parts, protocol=self.protocol, notes=self.notes)

    def interactions(self) -> StoredInteractions:
        """The interactions of all parts together."""
        return self._stored("all")

    @functools.cached_property
    def report(self) -> Report:
        """What preparing did, as reading into memory reports it."""
        counts, facts = self.manifest.get("counts", {}), self._stored_columns[1]
        users, items = self.all_counts("users"), self.all_counts("items")
        found = {"users": int((users > 0).sum()), "items": int((items > 0).sum())}
        note = activity_note(users, self.ids("user"))
        return Report(
            rows_read=counts.get("rows_read", int(users.sum())),
            duplicates_merged=counts.get("duplicates_merged", 0),
            **found,
            interactions=int(users.sum()),
            density=facts["pairs"] / max(found["users"] * found["items"], 1),
            first_time=facts.get("first_time"),
            last_time=facts.get("last_time"),
            out_of_order=counts.get("out_of_order", 0),
            equal_times=counts.get("equal_times", 0),
            dropped=dict(self.manifest.get("dropped", {})),
            notes=[] if note is None else [note],
        )

    def _catalog(self, side: str) -> Catalog:
        given, ids = self._catalogs[side], self.ids(side.removesuffix("s"))
        if given is None:
            return Catalog(Vocabulary(ids.tolist()))
        if not np.array_equal(given.vocabulary.ids, ids):
            raise InputError(
                f"{self.folder / side}.parquet has other ids than the catalog of {side}, or in "
                "another order. Remove the folder and prepare it again."
            )
        return given

    def _stored(self, name: str) -> StoredInteractions:
        columns = self._stored_columns[0][name]
        counted = PARTS if name == "all" else [name]
        return StoredInteractions.of(
            columns,
            by_user=sum(self.counts("users", part) for part in counted),
            by_item=sum(self.counts("items", part) for part in counted),
            users=self.users,
            items=self.items,
            behaviors=self.behaviors if "behavior" in columns else None,
            name=self.name,
            report=self.report if name == "all" else None,
        )

    @functools.cached_property
    def _stored_columns(self) -> tuple[dict[str, Columns], dict[str, int]]:
        return stored_columns(
            self.folder,
            {name: self.part(name) for name in PARTS},
            by_item={name: self.counts("items", name) for name in PARTS},
            num_behaviors=FIRST + len(self.ids("behavior")),
        )

    @functools.cached_property
    def _ids(self) -> dict[str, Any]:
        found = {}
        for side in ("users", "items", "behaviors"):
            path = self.folder / f"{side}.parquet"
            if side == "behaviors" and not path.exists():
                continue
            columns = ["row", "id"] if side == "behaviors" else ["row", "id", *PARTS]
            table = ParquetParts(path)
            if missing := [name for name in columns if name not in table.header]:
                raise InputError(
                    f"{path}: no column {missing[0]!r}; a prepared table has {columns}."
                )
            frame = table.frame(0, columns)
            if not np.array_equal(frame["row"], np.arange(FIRST, FIRST + len(frame))):
                raise InputError(f"{path}: the rows must be {FIRST}, {FIRST + 1}, ... in order.")
            found[side] = {name: frame[name].to_numpy() for name in columns}
        return found
