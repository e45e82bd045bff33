"""From a table of what was shown to the fields of `Impressions`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.catalog import Catalog
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.given_context import GivenContext
from kerasrec.data.impressions_report import ImpressionsReport
from kerasrec.data.interactions import Interactions
from kerasrec.data.past import Past
from kerasrec.data.read_features import read_features
from kerasrec.data.read_interactions import Side
from kerasrec.data.read_labels import constant_label
from kerasrec.data.reading import as_table
from kerasrec.data.table import Table
from kerasrec.data.vocabulary import UNKNOWN, Vocabulary
from kerasrec.data.wanted_columns import IDS, WantedColumns
from kerasrec.errors import InputError


def read_impressions(
    frame: Any,
    columns: Mapping[str, Any] | None,
    labels: Mapping[str, Mapping[str, Any]] | None,
    context: Mapping[str, Mapping[str, Any]] | None,
    past: Interactions | None,
    *,
    on_error: str = "raise",
    where: str = "the frame",
    separator: str | None = None,
    base: tuple[Catalog, Catalog] | None = None,
    encoders: Mapping[str, FeatureEncoder] | None = None,
    **tables: Any,
) -> dict[str, Any]:
    """The fields of `Impressions`, but for the name; the arguments are those of `from_frame`.

    Raises:
        InputError: see `Impressions.from_frame`.
    """
    sides = both_sides(past, base, **tables)
    wanted = WantedColumns.of(columns, labels, context, encoders)
    table = as_table(
        frame,
        where,
        text=wanted.texts,
        on_error=on_error,
        only=wanted.names,
        ids=wanted.ids,
        separator=separator,
    )
    columns = wanted.find(table)
    if not len(table.frame):
        raise InputError(f"{table.where}: no data rows.")
    codes = {key: table.texts(key, columns[key]) for key in IDS if key in columns}
    found = {}
    if "timestamp" in columns:
        found["timestamp"] = table.times("timestamp", columns["timestamp"])[1]
    found |= read_numbers(table, columns)
    label_values = wanted.labels.read(table)
    if not table.keep.any():
        raise InputError(f"{table.where}: no rows are left; dropped: {table.dropped}.")
    kept = np.flatnonzero(table.keep)
    if "timestamp" in found:
        kept = kept[np.argsort(found["timestamp"][kept], kind="stable")]
    features = read_features(table, kept, wanted.context, encoders)
    given = GivenContext.of(features, wanted.context, encoders)
    fields = {key: column[kept] for key, column in found.items()}
    fields |= {"labels": {name: one[kept] for name, one in label_values.items()}}
    fields |= {"tasks": wanted.labels.tasks}
    fields |= {"context": features.values, "encoders": features.encoders}
    fields |= {"given": (given,) if features.given else ()}
    for side in sides:
        fields |= _side(side, codes.get(side.kind), kept, table)
    if "request" in codes:
        fields["request"] = pd.factorize(codes["request"][0][kept])[0]
    check_times(past, fields.get("timestamp"), table.where)
    if past is not None:
        fields["past"] = Past.of(past, fields["user"], fields["timestamp"], len(fields["users"]))
    fields["report"] = _report(table, fields, features)
    return fields


def both_sides(
    past: Interactions | None,
    base: tuple[Catalog, Catalog] | None,
    *,
    item_frame: Any = None,
    item_id: str = "item",
    item_features: Mapping[str, Mapping[str, Any]] | None = None,
    item_title: str | None = None,
    user_frame: Any = None,
    user_id: str = "user",
    user_features: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Side, Side]:
    """The sources of the catalogs of users and items; they continue those of a `past`."""
    if past is not None:
        base = (past.users, past.items)
    return (
        Side("user", user_frame, user_id, user_features, None, base and base[0]),
        Side("item", item_frame, item_id, item_features, item_title, base and base[1]),
    )


def read_numbers(table: Table, columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Position, fold, weight and propensity, of those that the table has."""
    found = {}
    for key in ("position", "fold"):
        if key in columns:
            found[key] = table.integers(key, columns[key])
    for key, low, high in (("position", 1, np.inf), ("weight", 0, np.inf), ("propensity", 0, 1)):
        if key not in columns:
            continue
        numbers = found.setdefault(key, table.numbers(key, columns[key]))
        bad = (numbers < low) | (numbers > high)
        if key == "propensity":
            # Below it 1 / propensity is infinite in float32.
            bad |= numbers < np.finfo("float32").tiny
        expected = {"position": "at least 1", "weight": "at least 0"}.get(key, "in (0, 1]")
        table.reject(
            bad, columns[key], f"{key} out of range", lambda v, e=expected: f"{v} is not {e}"
        )
    return found


def check_times(past: Interactions | None, times: np.ndarray | None, where: str) -> None:
    """InputError for a past where either side has no times."""
    for name, column in () if past is None else ((past.name, past.timestamp), (where, times)):
        if column is None:
            raise InputError(
                f"histories are what users did before each row, and {name} has no times: map a "
                "column to timestamp, or leave out the interactions."
            )


def catalog_without_ids(side: Side, where: str) -> Catalog:
    """The catalog where the table has no column of ids."""
    if side.frame is not None:
        raise InputError(
            f"{side.kind}_frame: {where} has no column of {side.kind}s to find its rows by: map "
            f"it, as columns: {{{side.kind}: ...}}."
        )
    return side.base or Catalog(Vocabulary())


def no_ids(kind: str) -> str:
    """The note on a table without a column of users, or of items."""
    return f"no column of {kind}s: rows are told apart by the other columns."


def _side(side: Side, ids: Any, kept: np.ndarray, table: Table) -> dict[str, Any]:
    """The catalog of the users or items, and the row of each impression."""
    if ids is None:
        catalog = catalog_without_ids(side, table.where)
        return {f"{side.kind}s": catalog, side.kind: np.full(len(kept), UNKNOWN, np.int32)}
    codes, texts = ids
    codes = codes[kept]
    used = np.zeros(len(texts), dtype=bool)
    used[codes] = True
    codes, texts = (np.cumsum(used) - 1)[codes], texts[used]
    catalog, _ = side.catalog(texts, table.where, table.on_error)
    return {f"{side.kind}s": catalog, side.kind: catalog.vocabulary.rows(texts)[codes]}


def _report(table: Table, fields: Mapping[str, Any], features: Any) -> ImpressionsReport:
    labels = fields["labels"]
    missing = {name: int(np.isnan(one).sum()) for name, one in labels.items()}
    notes, means = list(features.notes), {}
    for side in ("user", "item"):
        if (fields[side] == UNKNOWN).all():
            notes.append(no_ids(side))
    for name, values in labels.items():
        real = values[~np.isnan(values)]
        means[name] = float(real.mean(dtype="float64")) if len(real) else None
        if (problem := constant_label(name, values)) is not None:
            notes.append(f"{problem}: there is nothing to learn from it.")
    return ImpressionsReport(
        rows_read=table.rows_read,
        impressions=len(fields["user"]),
        requests=int(fields["request"].max()) + 1 if "request" in fields else None,
        users=len(np.unique(fields["user"])),
        items=len(np.unique(fields["item"])),
        labels=means,
        missing_labels={name: count for name, count in missing.items() if count},
        dropped=dict(table.dropped),
        missing_features={
            name: int(one.sum()) for name, one in features.missing.items() if one.any()
        },
        notes=notes,
    )
