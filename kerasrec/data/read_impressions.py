"""From a table of what was shown to the fields of `Impressions`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kerasrec.data.catalog import Catalog
from kerasrec.data.event_context import checked_context, columns_of
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.impressions_report import ImpressionsReport
from kerasrec.data.interactions import Interactions
from kerasrec.data.past import Past
from kerasrec.data.read_features import find_columns, read_features, text_columns
from kerasrec.data.read_interactions import Side
from kerasrec.data.read_labels import Labels
from kerasrec.data.reading import as_table
from kerasrec.data.table import Table
from kerasrec.data.vocabulary import UNKNOWN, Vocabulary
from kerasrec.errors import InputError

KEYS = ("user", "item", "request", "timestamp", "position", "weight", "propensity", "fold")


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
    item_frame: Any = None,
    item_id: str = "item",
    item_features: Mapping[str, Mapping[str, Any]] | None = None,
    item_title: str | None = None,
    user_frame: Any = None,
    user_id: str = "user",
    user_features: Mapping[str, Mapping[str, Any]] | None = None,
    base: tuple[Catalog, Catalog] | None = None,
    encoders: Mapping[str, FeatureEncoder] | None = None,
) -> dict[str, Any]:
    """The fields of `Impressions`, but for the name; the arguments are those of `from_frame`.

    Raises:
        InputError: see `Impressions.from_frame`.
    """
    if past is not None:
        base = (past.users, past.items)
    sides = (
        Side("user", user_frame, user_id, user_features, None, base and base[0]),
        Side("item", item_frame, item_id, item_features, item_title, base and base[1]),
    )
    context = checked_context(context, encoders)
    labels = Labels(labels)
    _refuse_second_use(columns or {}, labels, context)
    names = {key: key for key in KEYS} | dict(columns or {})
    wanted = [*names.values(), *labels.columns.values()]
    for name, column in columns_of(context).items():
        _refuse_outcomes(name, column, labels)
        wanted += column
    ids = [names[key] for key in ("user", "item", "request")]
    texts = [*ids, *text_columns(context), *labels.text_columns]
    table = as_table(
        frame, where, text=texts, on_error=on_error, only=wanted, ids=ids, separator=separator
    )
    columns = table.resolve(columns, KEYS, needed=())
    find_columns(table, context)
    if not len(table.frame):
        raise InputError(f"{table.where}: no data rows.")
    codes = {key: table.texts(key, columns[key]) for key in KEYS[:3] if key in columns}
    found = _numbers(table, columns)
    label_values = labels.read(table)
    if not table.keep.any():
        raise InputError(f"{table.where}: no rows are left; dropped: {table.dropped}.")
    kept = np.flatnonzero(table.keep)
    if "timestamp" in found:
        kept = kept[np.argsort(found["timestamp"][kept], kind="stable")]
    features = read_features(table, kept, context, encoders)
    fields = {key: column[kept] for key, column in found.items()}
    fields |= {"labels": {name: one[kept] for name, one in label_values.items()}}
    fields |= {"tasks": labels.tasks, "context": features.values, "encoders": features.encoders}
    for side in sides:
        fields |= _side(side, codes.get(side.kind), kept, table)
    if "request" in codes:
        fields["request"] = pd.factorize(codes["request"][0][kept])[0]
    fields["past"] = _past(past, fields, table)
    fields["report"] = _report(table, fields, features)
    return fields


def _numbers(table: Table, columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    found = {}
    if "timestamp" in columns:
        found["timestamp"] = table.times("timestamp", columns["timestamp"])[1]
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


def _refuse_outcomes(name: str, columns: list[Any], labels: Labels) -> None:
    for label, column in labels.columns.items():
        if column in columns:
            raise InputError(
                f"context {name} reads column {column!r}, which is the label {label}: a request "
                "does not know what becomes of it; leave the feature out."
            )


def _refuse_second_use(
    columns: Mapping[str, Any], labels: Labels, context: Mapping[str, Mapping[str, Any]]
) -> None:
    """A weight of the row that nobody asked for would change every loss and every metric."""
    used = {f"label {name}": [column] for name, column in labels.columns.items()}
    used |= {f"context {name}": column for name, column in columns_of(context).items()}
    for key in ("weight", "propensity"):
        for what, read in used.items():
            if key in read and key not in columns:
                raise InputError(
                    f"{what} reads column {key!r}, which is also the {key} of the row: rename the "
                    f"column, or give columns: {{{key}: {key}}} if both are meant."
                )


def _side(side: Side, ids: Any, kept: np.ndarray, table: Table) -> dict[str, Any]:
    """The catalog of the users or items, and the row of each impression."""
    if ids is None:
        if side.frame is not None:
            raise InputError(
                f"{side.kind}_frame: {table.where} has no column of {side.kind}s to find its rows "
                f"by: map it, as columns: {{{side.kind}: ...}}."
            )
        catalog = side.base or Catalog(Vocabulary())
        return {f"{side.kind}s": catalog, side.kind: np.full(len(kept), UNKNOWN, np.int32)}
    codes, texts = ids
    codes = codes[kept]
    used = np.zeros(len(texts), dtype=bool)
    used[codes] = True
    codes, texts = (np.cumsum(used) - 1)[codes], texts[used]
    catalog, _ = side.catalog(texts, table.where, table.on_error)
    return {f"{side.kind}s": catalog, side.kind: catalog.vocabulary.rows(texts)[codes]}


def _past(past: Interactions | None, fields: Mapping[str, Any], table: Table) -> Past | None:
    if past is None:
        return None
    for name, times in ((past.name, past.timestamp), (table.where, fields.get("timestamp"))):
        if times is None:
            raise InputError(
                f"histories are what users did before each row, and {name} has no times: map a "
                "column to timestamp, or leave out the interactions."
            )
    # Rows of users that the events do not know are behind theirs.
    more = len(fields["users"]) - len(past.users)
    found = Past.of(past, np.minimum(fields["user"], len(past.users) - 1), fields["timestamp"])
    if more:
        strangers = fields["user"] >= len(past.users)
        found.stop[strangers] = found.first[strangers]
        found = found.for_users(len(fields["users"]))
    return found


def _report(table: Table, fields: Mapping[str, Any], features: Any) -> ImpressionsReport:
    labels = fields["labels"]
    missing = {name: int(np.isnan(one).sum()) for name, one in labels.items()}
    notes, means = list(features.notes), {}
    for side in ("user", "item"):
        if (fields[side] == UNKNOWN).all():
            notes.append(f"no column of {side}s: rows are told apart by the other columns.")
    for name, values in labels.items():
        real = values[~np.isnan(values)]
        means[name] = float(real.mean(dtype="float64")) if len(real) else None
        if not len(real) or (real == real[0]).all():
            every = f"every label {name} is {real[0]:g}" if len(real) else f"no row has a {name}"
            notes.append(f"{every}: there is nothing to learn from it.")
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
