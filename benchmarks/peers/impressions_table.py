"""A large invented table of impressions, written in row groups, so that memory is bounded."""

import os
import pathlib

import numpy as np

from benchmarks.peers.skewed_table import (
    GROUP,
    ITEM_SKEW,
    SPAN,
    START,
    USER_SKEW,
    drawn,
    ids,
    sizes_of,
)

CATEGORIES = {"hour": 24, "device": 5, "city": 1000}
NUMBERS = ("age", "price", "speed", "depth", "score")


def write_table(path, rows, seed=0):
    """Writes a Parquet file with user, item, timestamp, eight features of the request and click.

    Users and items are those of `skewed_table`. A click is likelier the larger `score` is, and by
    `hour`. The file is there when it is complete.
    """
    import pyarrow
    from pyarrow import parquet

    path, random, writer = pathlib.Path(path), np.random.default_rng(seed), None
    users, items = (ids(*each) for each in zip("ui", sizes_of(rows), strict=True))
    names = {name: ids(name[0], size) for name, size in CATEGORIES.items()}
    partial = path.with_name(f"partial-{path.name}")
    for first in range(0, rows, GROUP):
        place = np.arange(first, min(first + GROUP, rows))
        hour, score = random.integers(0, 24, len(place)), random.normal(size=len(place))
        likely = 1 / (1 + np.exp(2 - score - 0.1 * (hour % 7)))
        columns = {
            "user": drawn(users, random, len(place), USER_SKEW),
            "item": drawn(items, random, len(place), ITEM_SKEW),
            "timestamp": pyarrow.array(START + place * SPAN // rows),
            "hour": names["hour"].take(pyarrow.array(hour)),
            **{name: drawn(names[name], random, len(place), 1.0) for name in ("device", "city")},
            **{name: pyarrow.array(random.normal(size=len(place))) for name in NUMBERS[:-1]},
            "score": pyarrow.array(score),
            "click": pyarrow.array((random.random(len(place)) < likely).astype(np.int8)),
        }
        table = pyarrow.table(columns)
        writer = writer or parquet.ParquetWriter(partial, table.schema)
        writer.write_table(table, row_group_size=GROUP)
    writer.close()
    os.replace(partial, path)
