"""From a table of external ids to the fields of `Interactions`."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasrec.data.activity import activity_note
from kerasrec.data.catalog import Catalog
from kerasrec.data.clean import Clean
from kerasrec.data.clean_rows import CleanRows
from kerasrec.data.event_context import EventContext, refuse_outcomes
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.read_features import find_columns, read_features
from kerasrec.data.report import Report
from kerasrec.data.row_order import distinct_pairs
from kerasrec.data.table import Table, only_one
from kerasrec.data.vocabulary import FIRST, Vocabulary
from kerasrec.errors import InputError


@dataclasses.dataclass(frozen=True)
class Side:
    """The source of one catalog, of the users or of the items, beside the interactions.

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

    @property
    def is_new(self) -> bool:
        """Whether the catalog has the ids of the interactions, in their order, and nothing else."""
        return self.frame is None and self.base is None

    def known_ids(self) -> list[str]:
        """The ids that have the first rows, whatever occurs in the interactions."""
        known = self.base.vocabulary if self.base is not None else Vocabulary()
        own = self.own_ids()
        return (known if own is None else known.extended(own.ids)).ids.tolist()

    def own_ids(self) -> Vocabulary | None:
        """The ids of the frame, None without one."""
        if self.frame is None:
            return None
        return Catalog.from_frame(self.frame, self.id, where=f"the {self.kind} frame").vocabulary

    def catalog(self, ids: np.ndarray, against: str, on_error: str) -> tuple[Catalog, int]:
        """The catalog with all `ids`, and how many of them have no row in the frame."""
        if self.is_new:
            return Catalog(Vocabulary(ids)), 0
        if self.frame is None:
            return self.base.extended(ids), 0
        catalog = Catalog.from_frame(
            self.frame,
            self.id,
            self.features,
            self.title,
            base=self.base,
            where=f"the {self.kind} frame",
            on_error=on_error,
            ids=ids,
        )
        if catalog.absent == len(ids):
            raise self.wrong_table(catalog.vocabulary.ids[: -len(ids)], ids[0], against)
        return catalog, catalog.absent

    def wrong_table(self, known: np.ndarray, other: str, against: str) -> InputError:
        """The error of a frame with these `known` ids, none of which occurs in the interactions."""
        place = f"the {self.kind} frame"
        if isinstance(self.frame, Table):
            place = self.frame.where
        elif isinstance(self.frame, str | Path):
            place = str(self.frame)
        return InputError(
            f"None of the {len(known):,} ids of {place}, column {self.id!r} occur in "
            f"{against}, e.g. {known[0]!r} against {other!r}. Is it the right table and "
            "the right column?"
        )


def read_interactions(
    table: Table,
    columns: Mapping[str, Any] | None = None,
    *,
    context: Mapping[str, Mapping[str, Any]] | None = None,
    encoders: Mapping[str, FeatureEncoder] | None = None,
    item_frame: Any = None,
    item_id: str = "item",
    item_features: Mapping[str, Mapping[str, Any]] | None = None,
    item_title: str | None = None,
    user_frame: Any = None,
    user_id: str = "user",
    user_features: Mapping[str, Mapping[str, Any]] | None = None,
    base: tuple[Catalog, Catalog] | None = None,
    behaviors: Vocabulary | Sequence[str] = (),
    clean: Clean | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The fields of `Interactions`, but for the name, of a table that was read.

    Rows are checked, merged and sorted; then ids become rows of catalogs. The arguments are those
    of `Interactions.from_frame`; `context` is what `checked_context` returns.

    Raises:
        InputError: see `Interactions.from_frame`.
    """
    users = Side("user", user_frame, user_id, user_features, None, base and base[0])
    items = Side("item", item_frame, item_id, item_features, item_title, base and base[1])
    context = context or {}
    find_columns(table, context)
    rows = CleanRows.of(table, columns, Clean.of(clean))
    refuse_outcomes(context, rows.columns)
    report = _report(table, rows)
    fields = {"value": np.ones(len(rows), dtype=np.float32) if rows.value is None else rows.value}
    fields |= {"timestamp": rows.timestamp, "fold": rows.fold, "report": report}
    for side in (users, items):
        codes, texts = rows.ids[side.kind]
        column = rows.columns[side.kind]
        if len(texts) < 2 and side.base is None:
            raise only_one(table.where, column, side.kind, texts[0])
        catalog, absent = side.catalog(texts, f"{table.where}, column {column!r}", table.on_error)
        if side.is_new:
            side_rows = np.add(codes, FIRST, dtype=np.int32, casting="unsafe")
        else:
            side_rows = catalog.vocabulary.rows(texts)[codes]
        fields |= {f"{side.kind}s": catalog, side.kind: side_rows}
        report_catalog(report, side.kind, catalog, absent)
    if "behavior" in rows.ids:
        codes, texts = rows.ids["behavior"]
        known = behaviors if isinstance(behaviors, Vocabulary) else Vocabulary(behaviors)
        vocabulary = known.extended(texts)
        fields |= {"behaviors": vocabulary, "behavior": vocabulary.rows(texts)[codes]}
    if context:
        read = read_features(table, rows.positions, context, encoders)
        fields["context"] = EventContext.of(read, context, encoders)
        report.missing_features.update(
            {f"context.{name}": int(one.sum()) for name, one in read.missing.items() if one.any()}
        )
        report.notes.extend(f"context.{note}" for note in read.notes)
    return fields


def _report(table: Table, rows: CleanRows) -> Report:
    """What became of the rows."""
    users, items = (len(rows.ids[key][1]) for key in ("user", "item"))
    codes, texts = rows.ids["user"]
    note = activity_note(np.bincount(codes), texts)
    different = distinct_pairs(codes, rows.ids["item"][0])
    return Report(
        rows_read=rows.rows_read,
        duplicates_merged=rows.duplicates_merged,
        users=users,
        items=items,
        interactions=len(rows),
        density=different / (users * items),
        dropped=dict(table.dropped),
        first_time=None if rows.timestamp is None else int(rows.timestamp[0]),
        last_time=None if rows.timestamp is None else int(rows.timestamp[-1]),
        out_of_order=rows.out_of_order,
        equal_times=rows.equal_times,
        repaired=dict(table.repaired),
        notes=[] if note is None else [note],
    )


def report_catalog(report: Report, kind: str, catalog: Catalog, absent: int) -> None:
    """Adds what became of the users or items, and of their features."""
    if absent:
        report.missing_features[f"{kind} table row"] = absent
    report.missing_features.update({f"{kind}.{key}": n for key, n in catalog.missing.items()})
    report.dropped.update({f"{kind} frame: {key}": n for key, n in catalog.dropped.items()})
    report.repaired.update({f"{kind} frame: {key}": n for key, n in catalog.repaired.items()})
    report.ignored.update({f"{kind}.{key}": n for key, n in catalog.ignored.items()})
    report.notes.extend(f"{kind}.{note}" for note in catalog.notes)
