"""The ids of a table, numbered as the reader in memory numbers them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.out_of_core.database import registered, single_row
from kerasrec.out_of_core.source import ADVICE, Source

BLOCK = 2**17  # ids looked at in one go


def number_ids(database: Any, source: Source, key: str, known: Sequence[str] = ()) -> int:
    """Makes the table `{key}s` (id, row) of the table `raw`; rows in order of first appearance.

    Args:
        known: ids that have the first rows, in this order; they need not occur.

    Returns:
        How many ids there are in `raw`.

    Raises:
        InputError: an id that is blank, stands for a missing value or holds a line break.
    """
    rows = np.arange(FIRST, FIRST + len(known), dtype=np.int32)
    ids = np.array(known, dtype=object) if len(known) else np.zeros(0, dtype="U1")
    with registered(database, "known", id=ids, row=rows):
        database.execute(f"""
            create table {key}s as
            select id::varchar as id, row from known
            union all
            select id, (row_number() over (order by first) + {FIRST - 1 + len(known)})::int as row
            from (select {key} as id, min(position) as first from raw group by {key})
            where id not in (select id from known)
        """)
    (last,) = single_row(database, f"select max(row) from {key}s")
    for first in range(FIRST + len(known), last + 1, BLOCK):
        query = f"select id from {key}s where row between {first} and {first + BLOCK - 1}"
        for (text,) in database.execute(query).fetchall():
            if problem := _problem(text, key):
                query = f"select min(position) from raw where {key} = ?"
                (place,) = single_row(database, query, [text])
                raise InputError(f"{source.place(place, key)}: {problem}. {ADVICE}")
    return single_row(database, f"select count(distinct {key}) from raw")[0]


def _problem(text: str, key: str) -> str | None:
    """What is wrong with an id."""
    if not text.strip() or text in ("NaN", "nan"):
        return f"the {key} is missing"
    if "\n" in text or "\r" in text:
        return f"{text!r:.80} is no id: it holds a line break"
    return None
