"""Events as tables of Arrow, for Parquet."""

import functools
import json

from kerasrec.events.event import Event

LISTS = ("items", "positions", "propensities")


@functools.cache
def arrow_schema():
    """The columns: the cursor, and those of `Event`; the context is JSON."""
    import pyarrow as pa

    texts = ("kind", "id", "time", "user", "session", "request", "version", "item", "behavior")
    kinds = {name: pa.string() for name in texts} | {"time": pa.float64(), "value": pa.float64()}
    kinds |= {"items": pa.list_(pa.string()), "positions": pa.list_(pa.int32())}
    kinds |= {"propensities": pa.list_(pa.float64()), "context": pa.string()}
    return pa.schema([("cursor", pa.int64()), *((name, kinds[name]) for name in Event._fields)])


def to_arrow(pairs):
    """The `pyarrow.Table` of [(cursor, `Event`)]."""
    import pyarrow as pa

    rows = [{"cursor": cursor, **_plain(event)} for cursor, event in pairs]
    return pa.Table.from_pylist(rows, schema=arrow_schema())


def from_arrow(table):
    """[(cursor, `Event`)] of such a table.

    >>> pairs = [(7, Event("impression", "e", 5.0, items=("a",), context={"hour": 9}))]
    >>> from_arrow(to_arrow(pairs)) == pairs
    True
    """
    pairs = []
    for row in table.to_pylist():
        cursor, context = row.pop("cursor"), row.pop("context")
        row |= {name: row[name] and tuple(row[name]) for name in LISTS}
        row |= {"items": row["items"] or (), "context": context and json.loads(context)}
        pairs.append((cursor, Event(**row)))
    return pairs


def _plain(event):
    row = event._asdict()
    row["items"] = event.items or None
    row["context"] = event.context and json.dumps(event.context, allow_nan=False)
    return row
