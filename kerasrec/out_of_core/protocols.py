"""The split protocols of `kerasrec.data.splits` on a table that DuckDB holds.

Each gives the part of every row by its place in the time order, int8 (n,): 0 train, 1 validation,
2 test; and notes. The rows are in the table `placed`, their `rowid` is the place. The parts are
those of the functions in memory, to the row: the random ones draw the same permutation.
"""

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data import splits
from kerasrec.errors import InputError
from kerasrec.out_of_core.database import numbers, registered, single_row

Parts = tuple[np.ndarray, list[str]]


def check_split(split: Mapping[str, Any] | None, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The protocol and all of its arguments; InputError for one that cannot be prepared.

    >>> check_split({"protocol": "time", "test": 0.2}, {"timestamp": "at"})
    {'protocol': 'time', 'validation': 0.1, 'test': 0.2, 'unseen': 'keep'}
    """
    given = dict(split or {})
    protocol = given.pop("protocol", "next-item")
    if protocol == "sampled":
        raise InputError(
            "The split sampled cannot be prepared: it draws items for each user in memory. Take "
            f"another, {', '.join(PROTOCOLS)}, or read the table into memory."
        )
    if protocol not in PROTOCOLS:
        near = difflib.get_close_matches(str(protocol), PROTOCOLS, n=1, cutoff=0.0)[0]
        raise InputError(
            f"Unknown split {protocol!r}: did you mean {near!r}? There are {', '.join(PROTOCOLS)}."
        )
    known = list(inspect.signature(splits.PROTOCOLS[protocol]).parameters.values())[1:]
    names = {parameter.name: parameter.default for parameter in known}
    for name in given:
        if name not in names:
            raise InputError(
                f"The split {protocol} has no argument {name!r}; it has "
                f"{', '.join(names) or 'none'}."
            )
    found = {"protocol": protocol, **names, **given}
    if found.get("unseen", "keep") not in ("keep", "drop"):
        raise InputError(f'unseen must be "keep" or "drop", got {found["unseen"]!r}.')
    if protocol != "next-item" and "validation" in found:
        validation, test = found["validation"], found.get("test", 0.0)
        if not (0 <= validation and 0 <= test and validation + test < 1):
            raise InputError(
                "Shares must not be negative and must leave something to train, got "
                f"validation={validation}, test={test}."
            )
    if protocol == "k-fold" and not (found["folds"] >= 2 and 0 <= found["fold"] < found["folds"]):
        raise InputError(
            "k_fold: fold must lie in [0, folds), folds be 2 or more; got "
            f"{found['fold']} of {found['folds']}."
        )
    if protocol == "cold-items" and (found["given"] or found["among"] != "all"):
        raise InputError(
            'The split cold-items is prepared with among="all" and given=False only; for the '
            "others read the table into memory."
        )
    for needed, key in (("time", "timestamp"), ("fold", "fold")):
        if protocol == needed and key not in columns:
            raise InputError(f"The split {protocol} needs the column {key!r}: map one to it.")
    return found


def next_item(database: Any, rows: int, validation: bool) -> Parts:
    part = np.zeros(rows, dtype=np.int8)
    database.execute("""
        create temp table ends as
        select max(rowid, 2) as last from placed group by user having count(*) >= 3
    """)
    part[numbers(database, "select last[1] from ends")] = 2
    if validation:
        part[numbers(database, "select last[2] from ends")] = 1
    query = "select count(*) from (select user from placed group by user having count(*) < 3)"
    (short,) = single_row(database, query)
    return part, [f"Users with fewer than 3 interactions, in train only: {short:,}."] * (short > 0)


def by_time(database: Any, rows: int, validation: float, test: float) -> Parts:
    part = np.zeros(rows, dtype=np.int8)
    for share, number in ((validation + test, 1), (test, 2)):
        cut = min(round(rows * (1 - share)), rows - 1)
        if share:
            (first,) = single_row(
                database,
                "select min(rowid) from placed where timestamp >= "
                f"(select timestamp from placed where rowid = {cut})",
            )
            part[first:] = number
    if not validation:
        part[part == 1] = 0
    return part, []


def random_ratio(database: Any, rows: int, validation: float, test: float, seed: int) -> Parts:
    rank = np.random.default_rng(seed).permutation(rows)
    part = np.zeros(rows, dtype=np.int8)
    part[rank < round(rows * (validation + test))] = 1
    part[rank < round(rows * test)] = 2
    return _keep_one(database, part)


def k_fold(database: Any, rows: int, folds: int, fold: int, validation: float, seed: int) -> Parts:
    test = np.random.default_rng(seed).permutation(rows) % folds == fold
    part, notes = _keep_one(database, test.astype(np.int8) * np.int8(2))
    return _with_validation(database, part, notes, validation, seed)


def by_fold(database: Any, rows: int, fold: int, validation: float, seed: int) -> Parts:
    part = np.zeros(rows, dtype=np.int8)
    part[numbers(database, f"select rowid from placed where fold = {int(fold)}")] = 2
    if not part.any():
        found = database.execute("select distinct fold from placed order by 1 limit 20").fetchall()
        folds = ", ".join(str(one) for (one,) in found)
        raise InputError(f"by_fold: no interaction is in fold {fold}; there are {folds}.")
    return _with_validation(database, part, [], validation, seed)


def cold_items(database: Any, rows: int, validation: float, test: float, seed: int) -> Parts:
    # Known items need not occur, so their rows are not 2, 3, ...
    items = numbers(database, "select distinct item from placed order by item")
    items = np.random.default_rng(seed).permutation(items)
    sizes = [max(1, round(len(items) * share)) if share else 0 for share in (test, validation)]
    part = np.zeros(rows, dtype=np.int8)
    for number, chosen in ((2, items[: sizes[0]]), (1, items[sizes[0] : sum(sizes)])):
        with registered(database, "chosen", item=chosen):
            query = "select p.rowid from placed p join chosen using (item)"
            part[numbers(database, query)] = number
    return part, []


def no_split(database: Any, rows: int) -> Parts:
    note = "Nothing was measured: all interactions are in train, none are held out."
    return np.zeros(rows, dtype=np.int8), [note]


def _with_validation(
    database: Any, part: np.ndarray, notes: list[str], validation: float, seed: int
) -> Parts:
    rest = np.flatnonzero(part == 0)
    rest = np.random.default_rng([seed, 1]).permutation(rest)[: round(len(rest) * validation)]
    part[rest] = 1
    part, more = _keep_one(database, part, of=1)
    return part, notes + more


def _keep_one(database: Any, part: np.ndarray, of: int | None = None) -> Parts:
    """Moves the first interaction of users without a train interaction to train (from `of`)."""
    held = np.flatnonzero(part)
    with registered(database, "held", place=held, part=part[held]):
        movable = f"filter (part = {of})" if of else ""
        first = numbers(
            database,
            f"""
            select first from (
                select p.user, count(*) as n, min(place) {movable} as first
                from placed p join held on p.rowid = place group by p.user
            ) join (select user, count(*) as of from placed group by user) using (user)
            where n = of and first is not null
            """,
        )
    part[first] = 0
    if not len(first):
        return part, []
    return part, [
        f"Interactions moved back to train so that their users have one there: {len(first):,}."
    ]


PROTOCOLS = {
    "next-item": next_item,
    "time": by_time,
    "random": random_ratio,
    "k-fold": k_fold,
    "fold": by_fold,
    "cold-items": cold_items,
    "none": no_split,
}
