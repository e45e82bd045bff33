"""A hash of the queries of a part, to compare runs by."""

import hashlib

import numpy as np

from kerasrec.evaluation.draw_users import draw_users


def query_fingerprint(split, part, users=None):
    """sha256 of a part's queries: users, histories, truths and the items that are ranked.

    External ids are hashed, not rows: the same query has other rows in a grown vocabulary.

    Args:
        split: `Split`.
        part: "validation" or "test".
        users: How many users are ranked for, as of `evaluate`.
    """
    queries = split.queries(part, draw_users(split, part, users)[0])
    lists = [queries.history, queries.truth]
    if queries.candidates is not None:
        lists.append(queries.candidates)
    ranked = np.zeros(0, "int32") if queries.ranked is None else queries.ranked
    users = _Places(split.train.users.vocabulary, queries.users)
    items = _Places(split.train.items.vocabulary, *(each.items for each in lists), ranked)
    places = users(queries.users)
    order = np.argsort(places)
    arrays = [places[order]]
    for each in lists:
        taken = each.take(order)
        arrays += [taken.indptr, items(taken.items)]
    if len(ranked):
        arrays.append(np.sort(items(ranked)))
    found = hashlib.sha256("\n".join([*users.ids, "", *items.ids]).encode())
    for array in arrays:
        found.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    return found.hexdigest()


def impression_query_fingerprint(part):
    """sha256 of the rows of `Impressions` that predictions are compared with, in external ids.

    It holds users, items, requests, times, labels and weights, and no features: those are how a
    ranker answers.
    """
    found = hashlib.sha256()
    for catalog, rows in ((part.users, part.user), (part.items, part.item)):
        places = _Places(catalog.vocabulary, rows)
        found.update("\n".join(places.ids).encode())
        found.update(np.ascontiguousarray(places(rows), dtype="<i8").tobytes())
    columns = {name: getattr(part, name) for name in ("request", "timestamp", "weight")}
    for name, column in {**columns, **part.labels}.items():
        found.update(f"\n{name} {column is None}\n".encode())
        if column is not None:
            found.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
    return found.hexdigest()


class _Places:
    """Maps rows to positions among the sorted external ids that occur."""

    def __init__(self, vocabulary, *rows):
        present = np.unique(np.concatenate(rows))
        # Objects, for in an array of fixed width every id takes the room of the longest.
        ids = vocabulary.lookup(present)
        order = np.argsort(ids)
        self.ids = ids[order].tolist()
        self._place = np.zeros(len(vocabulary), dtype=np.int64)
        self._place[present[order]] = np.arange(len(present))

    def __call__(self, rows):
        return self._place[rows]
