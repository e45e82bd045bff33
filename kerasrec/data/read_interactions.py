"""From a table of external ids to the columns of `Interactions`, and a report of what was done."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.catalog import Catalog
from kerasrec.data.report import Report
from kerasrec.data.table import Table, only_one
from kerasrec.data.vocabulary import Vocabulary
from kerasrec.errors import InputError

COLUMNS = ("user", "item", "timestamp", "value", "behavior", "fold")


@dataclasses.dataclass(frozen=True)
class Side:
    """What is given about the users, or about the items, beside the interactions.

    Args:
        kind: "user" or "item".
        frame: DataFrame or path of the table with features, or None.
        id: the column with the ids in it.
        features: see `Catalog.from_frame`.
        title: the column with titles, or None.
        base: the catalog to continue, or None.
    """

    kind: str
    frame: Any
    id: str
    features: Mapping[str, Mapping[str, Any]] | None
    title: str | None
    base: Catalog | None

    def __post_init__(self) -> None:
        if (self.features or self.title) and self.frame is None:
            given = "features" if self.features else "title"
            raise InputError(
                f"{self.kind}_{given} need {self.kind}_frame, the table with them: it is missing."
            )
        for name, options in (self.features or {}).items():
            lists_users = isinstance(options, Mapping) and options.get("kind") == "users"
            if lists_users and self.kind != "user":
                raise InputError(
                    f"Feature {name!r}: kind users lists users, such as the friends of a user; "
                    f"{self.kind}s have none. Use kind categories."
                )

    def catalog(self, ids: np.ndarray, against: str, on_error: str) -> tuple[Catalog, int]:
        """The catalog with all `ids`, and how many of them have no row in the frame."""
        if self.frame is None:
            return (self.base or Catalog(Vocabulary())).extended(ids), 0
        place = f"the {self.kind} frame"
        catalog = Catalog.from_frame(
            self.frame,
            self.id,
            self.features,
            self.title,
            base=self.base,
            where=place,
            on_error=on_error,
            ids=ids,
        )
        if isinstance(self.frame, Table):
            place = self.frame.where
        elif isinstance(self.frame, str | Path):
            place = str(self.frame)
        if catalog.absent == len(ids):
            known = catalog.vocabulary.ids[: -len(ids)]
            raise InputError(
                f"None of the {len(known):,} ids of {place}, column {self.id!r} occur in "
                f"{against}, e.g. {known[0]!r} against {ids[0]!r}. Is it the right table and "
                "the right column?"
            )
        return catalog, catalog.absent


def read_interactions(
    table: Table,
    columns: Mapping[str, Any] | None,
    users: Side,
    items: Side,
    behaviors: Vocabulary | Sequence[str],
    on_error: str,
) -> dict[str, Any]:
    """The fields of `Interactions`, without a name; see `Interactions.from_frame`."""
    columns = table.resolve(columns, COLUMNS, needed=("user", "item"))
    if not len(table.frame):
        raise InputError(f"{table.where}: no data rows.")
    rows_read = len(table.frame) - table.dropped.get("blank line", 0)
    ids = {
        key: table.texts(key, columns[key])
        for key in ("user", "item", "behavior")
        if key in columns
    }
    order = np.arange(len(table.frame))
    time = value = fold = None
    if "timestamp" in columns:
        order, time = table.times("timestamp", columns["timestamp"])
    if "value" in columns:
        value = table.numbers("value", columns["value"])
    if "fold" in columns:
        fold = table.integers("fold", columns["fold"])
    kept, merged = _kept(table, ids, order, time is not None, fold)
    # Ids that only dropped rows have must not get a row.
    ids = {key: _used(codes, texts, kept) for key, (codes, texts) in ids.items()}

    catalogs, missing, dropped, ignored, notes = {}, {}, dict(table.dropped), {}, []
    repaired = dict(table.repaired)
    for side in (users, items):
        kind, texts = side.kind, ids[side.kind][1]
        against = f"{table.where}, column {columns[kind]!r}"
        if len(texts) < 2 and side.base is None:
            raise only_one(table.where, columns[kind], kind, texts[0])
        catalog, absent = side.catalog(texts, against, on_error)
        catalogs[kind] = catalog
        missing |= {f"{kind} table row": absent} if absent else {}
        missing |= {f"{kind}.{key}": count for key, count in catalog.missing.items()}
        dropped |= {f"{kind} frame: {key}": count for key, count in catalog.dropped.items()}
        repaired |= {f"{kind} frame: {key}": count for key, count in catalog.repaired.items()}
        ignored |= {f"{kind}.{key}": count for key, count in catalog.ignored.items()}
        notes += [f"{kind}.{note}" for note in catalog.notes]
    vocabulary = behavior = None
    if "behavior" in ids:
        fixed = behaviors if isinstance(behaviors, Vocabulary) else Vocabulary(behaviors)
        vocabulary = fixed.extended(ids["behavior"][1])
        behavior = vocabulary.rows(ids["behavior"][1])[ids["behavior"][0]]
    seconds = None if time is None else time[kept]
    out_of_order, equal_times = _order(ids["user"][0], order, kept)
    counts = {key: len(ids[key][1]) for key in ("user", "item")}
    again = pd.DataFrame({key: ids[key][0] for key in counts}).duplicated()
    rows = {key: catalogs[key].vocabulary.rows(ids[key][1])[ids[key][0]] for key in counts}
    return {
        **rows,
        "value": np.ones(len(kept)) if value is None else value[kept],
        "timestamp": seconds,
        "behavior": behavior,
        "fold": None if fold is None else fold[kept],
        "users": catalogs["user"],
        "items": catalogs["item"],
        "behaviors": vocabulary,
        "report": Report(
            rows_read=rows_read,
            duplicates_merged=merged,
            users=counts["user"],
            items=counts["item"],
            interactions=len(kept),
            density=int((~again).sum()) / (counts["user"] * counts["item"]),
            dropped=dropped,
            first_time=None if seconds is None else int(seconds[0]),
            last_time=None if seconds is None else int(seconds[-1]),
            out_of_order=out_of_order,
            equal_times=equal_times,
            missing_features=missing,
            ignored=ignored,
            notes=notes,
            repaired=repaired,
        ),
    }


def _kept(
    table: Table, ids: dict[str, Any], order: np.ndarray, timed: bool, fold: np.ndarray | None
) -> tuple[np.ndarray, int]:
    """Positions of the rows that stay, in time order, and how many duplicates were merged."""
    keys = {key: codes for key, (codes, _) in ids.items()}
    if timed:
        keys["time"] = order
    if fold is not None:
        keys["fold"] = fold
    kept = np.flatnonzero(table.keep)
    last = ~pd.DataFrame({key: v[kept] for key, v in keys.items()}).duplicated(keep="last")
    merged = len(kept) - int(last.sum())
    kept = kept[last.to_numpy()]
    kept = kept[np.argsort(order[kept], kind="stable")]
    if not len(kept):
        raise InputError(f"{table.where}: no rows are left; dropped: {table.dropped}.")
    return kept, merged


def _order(users: np.ndarray, order: np.ndarray, kept: np.ndarray) -> tuple[int, int]:
    """Rows earlier than a row of the same user above them, and rows at the time of another."""
    rows = pd.DataFrame({"user": users, "time": order[kept]})
    latest = rows.iloc[np.argsort(kept)].groupby("user", sort=False)["time"].cummax()
    earlier = int((latest.sort_index() > rows["time"]).sum())
    return earlier, int(rows.duplicated(keep=False).sum())


def _used(codes: np.ndarray, texts: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used = np.zeros(len(texts), dtype=bool)
    used[codes[kept]] = True
    return (np.cumsum(used) - 1)[codes[kept]], texts[used]
