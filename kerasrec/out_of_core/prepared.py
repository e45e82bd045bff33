"""A folder that `prepare`, or another job with the same schema, has written."""

import functools
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.catalog import Catalog
from kerasrec.data.interactions import Interactions
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.split import Split
from kerasrec.data.streaming import Scan
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json
from kerasrec.out_of_core.part_table import Columns, PartTable

FORMAT = 1
MANIFEST = "manifest.json"
PARTS = ("train", "validation", "test")
_KINDS = {"split": dict, "mean_value": (int, float), "has_labels": bool, "explicit": bool}


class Prepared:
    """A split table on disk. Ids and counts are in memory, interactions are read when asked for.

    Args:
        folder: what `prepare` wrote, or another job by docs/out_of_core.md.

    Attributes:
        manifest: what is in `manifest.json`.
        protocol: the split's name.
        notes: sentences on the split.

    Raises:
        InputError: no such folder, or one of another schema.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not (self.folder / MANIFEST).is_file():
            raise InputError(
                f"{folder}: no prepared folder, it has no {MANIFEST}. `prepare` writes one."
            )
        self.manifest = read_json(self.folder / MANIFEST)
        if not isinstance(self.manifest, dict) or self.manifest.get("format") != FORMAT:
            raise InputError(
                f"{folder}: expected a prepared folder of format {FORMAT}. Prepare it again."
            )
        for key, kind in _KINDS.items():
            if not isinstance(self.manifest.get(key), kind):
                raise InputError(f"{folder}: {MANIFEST} has no valid {key!r}.")
        self.protocol = str(self.manifest["split"].get("protocol"))
        self.notes = tuple(map(str, self.manifest.get("notes", ())))

    @functools.cached_property
    def users(self) -> Catalog:
        """All users of the table, without features."""
        return Catalog(Vocabulary(self._ids["users"]["id"].tolist()))

    @functools.cached_property
    def items(self) -> Catalog:
        """All items of the table, without features."""
        return Catalog(Vocabulary(self._ids["items"]["id"].tolist()))

    @functools.cached_property
    def behaviors(self) -> Vocabulary | None:
        """The behaviors, None without them."""
        if "behaviors" not in self._ids:
            return None
        return Vocabulary(self._ids["behaviors"]["id"].tolist())

    def counts(self, side: str, part: str) -> np.ndarray:
        """int64 by row of "users" or "items": interactions of each in a part."""
        return np.concatenate([np.zeros(FIRST, np.int64), self._ids[side][part]])

    def part(self, name: str) -> PartTable:
        """The rows of "train", "validation" or "test"."""
        if name not in PARTS:
            raise InputError(f"part must be one of {', '.join(PARTS)}, got {name!r}.")
        return PartTable(self.folder / name, self.counts("users", name))

    def split(self, users: Any = None) -> Split:
        """The interactions of some users in memory, in time order; the catalogs are whole.

        Args:
            users: rows of users, None = all of them.
        """
        rows = np.arange(len(self.users)) if users is None else np.unique(np.asarray(users))
        if len(rows) and not (FIRST <= rows[0] or users is None) or rows[-1:] >= len(self.users):
            raise InputError(f"users must be rows in [{FIRST}, {len(self.users)}).")
        parts = [self.interactions(self.part(name).of_users(rows)) for name in PARTS]
        return Split(*parts, protocol=self.protocol, notes=self.notes)

    def scan(self) -> Scan:
        """What a model without features is adapted to: of the train part, without histories."""
        columns = self.part("train").columns
        return Scan(
            self.users,
            self.items,
            self.counts("users", "train"),
            self.counts("items", "train"),
            self.manifest["mean_value"],
            self.manifest["has_labels"],
            self.behaviors if "behavior" in columns else None,
            "timestamp" in columns,
        )

    def interactions(self, columns: Columns) -> Interactions:
        """Rows of a part, see `PartTable`, in time order."""
        order = np.argsort(columns.pop("place"), kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        columns.setdefault("value", np.ones(len(order), np.float32))
        return Interactions(
            **columns,
            users=self.users,
            items=self.items,
            behaviors=self.behaviors if "behavior" in columns else None,
            name=self.folder.name,
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
