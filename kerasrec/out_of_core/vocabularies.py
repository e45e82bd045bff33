"""The ids of a table, numbered as the reader in memory numbers them."""

from typing import Any

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.out_of_core.database import single_row
from kerasrec.out_of_core.source import ADVICE, Source

BLOCK = 2**17  # ids looked at in one go


def number_ids(database: Any, source: Source, key: str) -> int:
    """Makes the table `{key}s` (id, row) of the table `raw`; rows in order of first appearance.

    Returns:
        How many ids there are.

    Raises:
        InputError: an id that is blank, stands for a missing value or holds a line break.
    """
    database.execute(f"""
        create table {key}s as
        select id, (row_number() over (order by first) + {FIRST - 1})::int as row
        from (select {key} as id, min(position) as first from raw group by {key})
    """)
    (count,) = single_row(database, f"select count(*) from {key}s")
    for first in range(FIRST, count + FIRST, BLOCK):
        query = f"select id from {key}s where row between {first} and {first + BLOCK - 1}"
        for (text,) in database.execute(query).fetchall():
            if problem := _problem(text, key):
                query = f"select min(position) from raw where {key} = ?"
                (place,) = single_row(database, query, [text])
                raise InputError(f"{source.place(place, key)}: {problem}. {ADVICE}")
    return count


def _problem(text: str, key: str) -> str | None:
    """What is wrong with an id."""
    if not text.strip() or text in ("NaN", "nan"):
        return f"the {key} is missing"
    if "\n" in text or "\r" in text:
        return f"{text!r:.80} is no id: it holds a line break"
    return None
