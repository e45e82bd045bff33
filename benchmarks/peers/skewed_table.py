"""A large invented table of interactions, written in row groups, so that memory is bounded."""

import os
import pathlib

import numpy as np

GROUP = 1_000_000  # rows of a row group
START, SPAN = 1_600_000_000, 4 * 365 * 86400  # seconds: the first time, and until the last
USER_SKEW, ITEM_SKEW = 1.3, 2.0


def sizes_of(rows):
    """`(users, items)` of a table."""
    return max(rows // 20, 1), max(rows // 200, 1000)


def write_table(path, rows, seed=0):
    """Writes a Parquet file with `user`, `item` (text) and `timestamp` (int64), in time order.

    With u uniform in [0, 1), the user is number users * u ** 1.3 and the item items * u ** 2: the
    most popular 1 % of the items have 10 % of the rows. The file is there when it is complete.
    """
    import pyarrow
    from pyarrow import parquet

    path, random = pathlib.Path(path), np.random.default_rng(seed)
    users, items = (ids(*each) for each in zip("ui", sizes_of(rows), strict=True))
    names = ("user", "item", "timestamp")
    kinds = (pyarrow.string(), pyarrow.string(), pyarrow.int64())
    schema = pyarrow.schema(list(zip(names, kinds, strict=True)))
    partial = path.with_name(f"partial-{path.name}")
    with parquet.ParquetWriter(partial, schema, use_dictionary=["item"]) as writer:
        for first in range(0, rows, GROUP):
            place = np.arange(first, min(first + GROUP, rows))
            columns = [
                drawn(users, random, len(place), USER_SKEW),
                drawn(items, random, len(place), ITEM_SKEW),
                pyarrow.array(START + place * SPAN // rows),
            ]
            writer.write_table(pyarrow.table(columns, schema), row_group_size=GROUP)
    os.replace(partial, path)


def ids(letter, count):
    """Arrow strings such as u0, u1, ..."""
    import pyarrow
    from pyarrow import compute

    numbers = pyarrow.array(np.arange(count)).cast(pyarrow.string())
    return compute.binary_join_element_wise(letter, numbers, "")


def drawn(names, random, count, skew):
    import pyarrow

    return names.take(pyarrow.array((len(names) * random.random(count) ** skew).astype(np.int64)))
